package answerer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/modules/chat/internal/adapters/openai"
	"parley/modules/chat/internal/core"
)

// OpenAI implements core.Model through an OpenAI-compatible server.
type OpenAI struct {
	client *openai.Client
	name   string
}

// NewOpenAI returns the answerer that asks client, under the name that requests
// choose it by.
func NewOpenAI(client *openai.Client, name string) OpenAI {
	return OpenAI{client: client, name: name}
}

// Name implements core.Model.
func (o OpenAI) Name() string { return o.name }

// Answer implements core.Model. Follow-up questions are made of the headings
// that were found, without another call.
func (o OpenAI) Answer(ctx context.Context, p core.Prompt, emit func(delta string) error) (core.Completion, error) {
	result, err := o.client.Stream(ctx, request(p), emit)
	out := core.Completion{Text: result.Text, Model: result.Model, Reasoning: result.Reasoning, FinishReason: result.FinishReason}
	if out.Model == "" {
		out.Model = o.name
	}
	if u := result.Usage; u.Reported {
		out.Usage.FreshInput, out.Usage.CachedInput, out.Usage.Output, out.Usage.Reasoning = u.Exclusive()
		out.Usage.Reported, out.Usage.Raw = true, u.Raw
	}
	var failed *openai.Error
	switch {
	case errors.As(err, &failed):
		out.Refused = failed.Unused()
		if out.Text == "" && another(failed.Code) {
			err = fmt.Errorf("%w: %w", core.ErrNoAnswer, err)
		}
		// Both are kept: the sentence for the asker, the cause for the log.
		said := sentence(failed.Code)
		if failed.Status == 0 && failed.Reason != "" { // it gave up in the middle: nobody else knows why
			said += fmt.Sprintf(" It said: “%s”.", strings.TrimSuffix(failed.Reason, "."))
		}
		if failed.Code == openai.CodeContextTooLong {
			err = fmt.Errorf("%w: %w", core.ErrPromptTooLong, err)
		}
		return out, fmt.Errorf("%w (%w)", core.ErrModelFailed.WithMessage(said), err)
	case err != nil:
		return out, err
	case strings.TrimSpace(out.Text) == "":
		said := core.ErrModelFailed.WithMessage("The model ended without an answer; ask again in other words.")
		return out, fmt.Errorf("%w (finish reason %q)", said, result.FinishReason)
	}
	if p.SuggestFollowUps {
		out.FollowUps = quote(p).FollowUps
	}
	return out, nil
}

// request is the prompt as the server's conversation.
func request(p core.Prompt) openai.Request {
	r := openai.Request{Temperature: p.Temperature, Loading: p.Loading}
	add := func(role, content string) {
		if content != "" {
			r.Messages = append(r.Messages, openai.Message{Role: role, Content: content})
		}
	}
	add("system", p.System)
	for _, t := range p.History {
		add("user", t.User)
		add("assistant", t.Bot)
	}
	add("user", p.Rendered)
	return r
}

// another reports whether another model may answer what failed like this. A
// request that is bad, or whose content is refused, stays with its model.
func another(code string) bool {
	switch code {
	case openai.CodeBadRequest, openai.CodeContextTooLong, openai.CodeTooLarge:
		return false
	}
	return true
}

// sentence says to the asker what went wrong with the model. What else the
// server said is for the log: it may name what is not the asker's to know.
func sentence(code string) string {
	switch code {
	case openai.CodeUnauthorized:
		return "The model server refused this server's key; tell an administrator."
	case openai.CodeModelNotFound:
		return "The model server does not know this model; ask for another one or tell an administrator."
	case openai.CodeContextTooLong:
		return "The conversation with its sources is longer than the model takes; begin a new thread or ask for fewer sources."
	case openai.CodeRateLimited:
		return "The model server is busy; ask again in a moment."
	case openai.CodeQuotaExceeded:
		return "The quota at the model server is used up; tell an administrator."
	case openai.CodeLoading:
		return "The model is still loading; ask again in a moment."
	case openai.CodeServerError:
		return "The model server failed; ask again in a moment."
	case openai.CodeUnreachable:
		return "The model server can't be reached; ask again in a moment or tell an administrator."
	case openai.CodeTimedOut:
		return "The model took too long to answer; ask again."
	case openai.CodeStreamCut:
		return "The model server broke off in the middle of the answer; ask again."
	case openai.CodeTooLarge:
		return "The model's answer is larger than can be kept."
	case openai.CodeBadRequest:
		return "The model server did not accept the request; tell an administrator."
	case openai.CodeBadResponse:
		return "The model server's answer could not be read; tell an administrator."
	}
	return core.ErrModelFailed.Message
}
