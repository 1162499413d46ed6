package openai

import "encoding/json"

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

// parseUsage returns false for null and for what is no usage.
func parseUsage(raw json.RawMessage) (Usage, bool) {
	var w *struct {
		Prompt     int64 `json:"prompt_tokens"`
		Completion int64 `json:"completion_tokens"`
		// CacheHit is how DeepSeek names the cached part.
		CacheHit      int64 `json:"prompt_cache_hit_tokens"`
		PromptDetails struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		CompletionDetails struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &w) != nil || w == nil || w.Prompt == 0 && w.Completion == 0 {
		return Usage{}, false
	}
	u := Usage{
		Prompt:       max(w.Prompt, 0),
		CachedPrompt: max(w.PromptDetails.Cached, w.CacheHit, 0),
		Completion:   max(w.Completion, 0),
		Reasoning:    max(w.CompletionDetails.Reasoning, 0),
		Reported:     true,
	}
	if len(raw) <= maxRawUsage {
		u.Raw = append(json.RawMessage(nil), raw...)
	}
	return u, true
}
