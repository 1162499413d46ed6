package openai

import (
	"encoding/json"
	"testing"
)

// What a server claims to have used is believed as far as it can be.
func TestUsageThatCanNotBeIsNotReported(t *testing.T) {
	for usage, want := range map[string]Usage{
		`{"prompt_tokens":9223372036854775807,"completion_tokens":1}`:            {},
		`{"prompt_tokens":1,"completion_tokens":9223372036854775807}`:            {},
		`{"prompt_tokens":1,"completion_tokens":1e300}`:                          {},
		`{"prompt_tokens":-1,"completion_tokens":1}`:                             {},
		`{"prompt_tokens":1,"completion_tokens":-9223372036854775808}`:           {},
		`{"prompt_tokens":0,"completion_tokens":0}`:                              {},
		`{"prompt_tokens":"many"}`:                                               {},
		`{"prompt_tokens":1000000000,"completion_tokens":1000000000}`:            {Prompt: 1e9, Completion: 1e9, Reported: true},
		`{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":-3}}`:       {Prompt: 5, Reported: true},
		`{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9e18}}`:     {Prompt: 5, Reported: true},
		`{"prompt_tokens":5,"completion_tokens_details":{"reasoning_tokens":7}}`: {Prompt: 5, Reasoning: 7, Reported: true},
	} {
		got, reported := parseUsage(json.RawMessage(usage))
		got.Raw = nil
		if reported != want.Reported || got.Prompt != want.Prompt || got.CachedPrompt != want.CachedPrompt || got.Completion != want.Completion || got.Reasoning != want.Reasoning {
			t.Errorf("%s: %+v, %v", usage, got, reported)
		}
		fresh, cached, output, reasoning := got.Exclusive()
		if min(fresh, cached, output, reasoning) < 0 {
			t.Errorf("%s: a part is negative", usage)
		}
	}
}
