package openai

import (
	"encoding/json"
	"strconv"
	"strings"

	fastjson "github.com/go-json-experiment/json"
)

// Usage is what the server says that a call used, in tokens. CachedPrompt is a
// part of Prompt, and Reasoning of Completion.
type Usage struct {
	Prompt, CachedPrompt, Completion, Reasoning int64
	// Raw is the server's own record, for what is not understood here.
	Raw json.RawMessage
	// Reported is false when the server said nothing; all else is zero then.
	Reported bool
}

// Exclusive divides the tokens so that no token is in two parts. None is
// negative, whatever the server claims.
func (u Usage) Exclusive() (fresh, cached, output, reasoning int64) {
	cached = min(u.CachedPrompt, u.Prompt)
	reasoning = min(u.Reasoning, u.Completion)
	return u.Prompt - cached, cached, u.Completion - reasoning, reasoning
}

// maxRawUsage bounds what is kept of the server's record, in bytes.
const maxRawUsage = 8 << 10

// mostTokens is more than any call uses. A greater count is a mistake.
const mostTokens = 1e9

// count is a number of tokens as servers write it. What is no number is not
// given; what can't be one is refused.
type count struct {
	n       int64
	given   bool
	refused bool
}

// UnmarshalJSON implements json.Unmarshaler. It takes anything.
func (c *count) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	c.refused = n < 0 || n > mostTokens // beyond a float it is infinite
	if err == nil && n >= 0 && n <= mostTokens {
		c.n, c.given = int64(n), true
	}
	return nil
}

// details are parts of a count. Another shape has none.
type details struct{ cached, reasoning count }

// UnmarshalJSON implements json.Unmarshaler. It takes anything.
func (d *details) UnmarshalJSON(data []byte) error {
	var w struct {
		Cached    count `json:"cached_tokens"`
		Reasoning count `json:"reasoning_tokens"`
	}
	if fastjson.Unmarshal(data, &w, likeStandard) == nil {
		d.cached, d.reasoning = w.Cached, w.Reasoning
	}
	return nil
}

// wireUsage is what servers tell of the tokens.
type wireUsage struct {
	Prompt     count `json:"prompt_tokens"`
	Completion count `json:"completion_tokens"`
	// CacheHit is how DeepSeek names the cached part, and CacheRead how proxies
	// in front of Anthropic do.
	CacheHit          count   `json:"prompt_cache_hit_tokens"`
	CacheRead         count   `json:"cache_read_input_tokens"`
	PromptDetails     details `json:"prompt_tokens_details"`
	CompletionDetails details `json:"completion_tokens_details"`
}

func (w *wireUsage) read(raw []byte) error {
	if w.usually(raw) {
		return nil
	}
	*w = wireUsage{}
	return fastjson.Unmarshal(raw, w, likeStandard)
}

// usually reads the usage that most servers tell of. When it is another, w may be
// half read.
func (w *wireUsage) usually(raw []byte) bool {
	u := usual{data: raw}
	ok := u.object(func(name []byte) (field, bool) {
		switch string(name) {
		case "prompt_tokens":
			return fieldPrompt, u.count(&w.Prompt)
		case "completion_tokens":
			return fieldCompletion, u.count(&w.Completion)
		case "prompt_cache_hit_tokens":
			return fieldCacheHit, u.count(&w.CacheHit)
		case "prompt_tokens_details":
			return fieldPromptDetails, u.details(&w.PromptDetails)
		case "completion_tokens_details":
			return fieldCompletionDetails, u.details(&w.CompletionDetails)
		case "total_tokens", "prompt_cache_miss_tokens":
			return 0, u.value(deepest)
		}
		return 0, false
	})
	return ok && u.space() == len(raw)
}

func (u *usual) details(d *details) bool {
	return u.null() || u.object(func(name []byte) (field, bool) {
		switch string(name) {
		case "cached_tokens":
			return fieldCached, u.count(&d.cached)
		case "reasoning_tokens":
			return fieldReasoning, u.count(&d.reasoning)
		case "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "text_tokens", "image_tokens":
			return 0, u.value(deepest)
		}
		return 0, false
	})
}

// count reads a number of tokens that can be one.
func (u *usual) count(c *count) bool {
	const longest = 9 // digits
	from := u.space()
	if !u.value(1) {
		return false
	}
	digits := u.data[from:u.at]
	for _, d := range digits {
		if d < '0' || d > '9' {
			return false
		}
		c.n = 10*c.n + int64(d-'0')
	}
	c.given = true
	return len(digits) <= longest
}

// parseUsage returns false for null, for what is no usage, and for counts that
// can't be: they are estimated then. An odd detail loses only itself.
func parseUsage(raw json.RawMessage) (Usage, bool) {
	var w wireUsage
	switch {
	case len(raw) == 0, w.read(raw) != nil, w.Prompt.refused, w.Completion.refused,
		!w.Prompt.given, w.Prompt.n == 0 && w.Completion.n == 0:
		return Usage{}, false
	}
	u := Usage{
		Prompt:       w.Prompt.n,
		CachedPrompt: max(w.PromptDetails.cached.n, w.CacheHit.n, w.CacheRead.n),
		Completion:   w.Completion.n,
		Reasoning:    w.CompletionDetails.reasoning.n,
		Reported:     true,
	}
	if len(raw) <= maxRawUsage {
		u.Raw = append(json.RawMessage(nil), raw...)
	}
	return u, true
}
