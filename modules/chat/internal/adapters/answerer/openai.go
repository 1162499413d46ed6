package answerer

import (
	"context"
	"errors"
	"fmt"

	"parley/modules/chat/internal/adapters/openai"
	"parley/modules/chat/internal/core"
)

// OpenAI implements core.Model through an OpenAI-compatible server.
type OpenAI struct {
	client *openai.Client
	model  string
}

// NewOpenAI returns the answerer that asks client; model is its default.
func NewOpenAI(client *openai.Client, model string) OpenAI {
	return OpenAI{client: client, model: model}
}

// Name implements core.Model.
func (o OpenAI) Name() string { return o.model }

// Answer implements core.Model.
func (o OpenAI) Answer(ctx context.Context, p core.Prompt, emit func(delta string) error) (core.Completion, error) {
	request := openai.Request{Model: p.Model, Temperature: p.Temperature, Messages: []openai.Message{{Role: "system", Content: p.System}}}
	for _, t := range p.History {
		request.Messages = append(request.Messages, openai.Message{Role: "user", Content: t.User}, openai.Message{Role: "assistant", Content: t.Bot})
	}
	request.Messages = append(request.Messages, openai.Message{Role: "user", Content: p.Question})
	result, err := o.client.Stream(ctx, request, emit)
	out := core.Completion{Text: result.Text, Model: result.Model}
	if out.Model == "" {
		out.Model = o.model
	}
	if result.Usage.Reported {
		out.Usage.FreshInput, out.Usage.CachedInput, out.Usage.Output, out.Usage.Reasoning = result.Usage.Exclusive()
		out.Usage.Reported, out.Usage.Raw = true, result.Usage.Raw
	}
	var failed *openai.Error
	if errors.As(err, &failed) {
		// Both are kept: the sentence for the asker, the cause for the log.
		return out, fmt.Errorf("%w: %w", core.ErrModelFailed.Saying(sentences[failed.Code]), err)
	}
	return out, err
}

// sentences say to the asker what went wrong with the model. What else the
// server said is for the log: it may name what is not the asker's to know.
var sentences = map[string]string{
	"unauthorized":       "The model server refused this server's key; tell an administrator.",
	"model_not_found":    "The model server does not know this model.",
	"context_too_long":   "The conversation is longer than the model takes; begin a new thread.",
	"bad_request":        "The model server did not accept the request.",
	"rate_limited":       "The model server is busy; ask again in a moment.",
	"quota_exceeded":     "The quota at the model server is used up; tell an administrator.",
	"server_error":       "The model server failed; ask again in a moment.",
	"unreachable":        "The model server can't be reached; tell an administrator.",
	"timed_out":          "The model took too long to answer; ask again.",
	"stream_cut":         "The model server broke off in the middle of the answer; ask again.",
	"response_too_large": "The model's answer is larger than can be kept.",
	"bad_response":       "The model server's answer could not be read.",
}
