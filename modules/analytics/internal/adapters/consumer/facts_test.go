package consumer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/analytics/internal/core"
	"parley/modules/chat"
	"parley/platform/kernel/money"
)

func TestARunIsOneFactForEachModel(t *testing.T) {
	answer := chat.Usage{Purpose: "answer", Model: "large", FreshInput: 10, CachedInput: 20, Output: 30, Reasoning: 40, CostNano: 99, Cost: "0.0000001"}
	small := chat.Usage{Purpose: "rewrite", Model: "small", FreshInput: 1, Output: 2, CostNano: 5}
	same := chat.Usage{Purpose: "rewrite", Model: "large", FreshInput: 1, CachedInput: 1, Output: 1, CostNano: 1}
	for name, test := range map[string]struct {
		usage []chat.Usage
		want  []core.Fact
	}{
		"no call":                   {nil, []core.Fact{{Origin: "run/7", Measures: core.Measures{Runs: 1}}}},
		"an answer":                 {[]chat.Usage{answer}, []core.Fact{{Origin: "run/7", Model: "large", Measures: core.Measures{Runs: 1, PromptTokens: 30, CompletionTokens: 70, Cost: money.Amount{Nano: 100}}}}},
		"two calls of one model":    {[]chat.Usage{same, answer}, []core.Fact{{Origin: "run/7", Model: "large", Measures: core.Measures{Runs: 1, PromptTokens: 32, CompletionTokens: 71, Cost: money.Amount{Nano: 101}}}}},
		"another model beside that": {[]chat.Usage{small, answer}, []core.Fact{{Origin: "run/7", Model: "large", Measures: core.Measures{Runs: 1, PromptTokens: 30, CompletionTokens: 70, Cost: money.Amount{Nano: 100}}}, {Origin: "run/7/1", Model: "small", Measures: core.Measures{PromptTokens: 1, CompletionTokens: 2, Cost: money.Amount{Nano: 5}}}}},
		"a rewrite without answer":  {[]chat.Usage{small}, []core.Fact{{Origin: "run/7", Measures: core.Measures{Runs: 1}}, {Origin: "run/7/1", Model: "small", Measures: core.Measures{PromptTokens: 1, CompletionTokens: 2, Cost: money.Amount{Nano: 5}}}}},
	} {
		if diff := cmp.Diff(test.want, factsOf(chat.Run{AgentResponseID: 7, Usage: test.usage})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
