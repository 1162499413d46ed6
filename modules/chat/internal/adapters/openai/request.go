package openai

import (
	"strings"
	"sync"
)

// Message is one turn: role system, user or assistant.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Request is one call. Model may be empty; Temperature nil and MaxTokens 0
// leave it to the server.
type Request struct {
	Model       string
	Messages    []Message
	Temperature *float64
	MaxTokens   int
}

// wireRequest is what is sent.
type wireRequest struct {
	Model               string         `json:"model"`
	Messages            []Message      `json:"messages"`
	Stream              bool           `json:"stream"`
	StreamOptions       *streamOptions `json:"stream_options,omitempty"`
	Temperature         *float64       `json:"temperature,omitempty"`
	MaxTokens           int            `json:"max_tokens,omitempty"`
	MaxCompletionTokens int            `json:"max_completion_tokens,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// refusal is an optional parameter that a server does not take for a model.
type refusal uint8

const (
	noStreamOptions refusal = 1 << iota
	noMaxTokens             // wants max_completion_tokens
	noTemperature
)

// refusals remembers them by model, so that they cost one attempt only once.
type refusals struct {
	mu    sync.Mutex
	model map[string]refusal
}

func (r *refusals) of(model string) refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.model[model]
}

func (r *refusals) add(model string, what refusal) {
	const mostModels = 1000
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.model == nil || len(r.model) > mostModels {
		r.model = map[string]refusal{}
	}
	r.model[model] |= what
}

func (q Request) wire(not refusal) wireRequest {
	w := wireRequest{Model: q.Model, Messages: q.Messages, Stream: true}
	if not&noStreamOptions == 0 {
		w.StreamOptions = &streamOptions{IncludeUsage: true}
	}
	if not&noTemperature == 0 {
		w.Temperature = q.Temperature
	}
	if not&noMaxTokens == 0 {
		w.MaxTokens = q.MaxTokens
	} else {
		w.MaxCompletionTokens = q.MaxTokens
	}
	return w
}

// refusalIn reads from an error which parameter that was sent is not taken; 0
// if none. Servers name it in a field or only in their sentence.
func refusalIn(err *Error, sent wireRequest) refusal {
	if err.Code != CodeBadRequest {
		return 0
	}
	said := err.param + " " + err.Message
	switch {
	case sent.StreamOptions != nil && strings.Contains(said, "stream_options"):
		return noStreamOptions
	case sent.MaxTokens > 0 && strings.Contains(said, "max_completion_tokens"):
		return noMaxTokens
	case sent.Temperature != nil && strings.Contains(said, "temperature"):
		return noTemperature
	}
	return 0
}
