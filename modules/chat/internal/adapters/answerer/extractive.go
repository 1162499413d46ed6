// Package answerer has the two ways to answer a prompt: by quoting the
// passages, without any model, and through an OpenAI-compatible server.
package answerer

import (
	"context"
	"strings"

	"parley/modules/chat/internal/core"
	"parley/modules/chat/internal/core/extractive"
)

// Extractive implements core.Model by quoting the sentences that answer. It
// uses no network and reports no usage, which is then estimated.
type Extractive struct{}

// NewExtractive returns the answerer that needs no model.
func NewExtractive() Extractive { return Extractive{} }

// Name implements core.Model.
func (Extractive) Name() string { return "extractive" }

// Answer implements core.Model. The text comes quote by quote.
func (e Extractive) Answer(ctx context.Context, p core.Prompt, emit func(delta string) error) (core.Completion, error) {
	answer := quote(p)
	out := core.Completion{Model: e.Name(), FollowUps: answer.FollowUps, FinishReason: core.FinishStop}
	for _, q := range answer.Quotes {
		out.Quotes = append(out.Quotes, core.Quote{Number: q.Number, At: q.Start})
	}
	for _, piece := range strings.SplitAfter(answer.Text, "] ") {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if err := emit(piece); err != nil {
			return out, err
		}
		out.Text += piece
	}
	return out, nil
}

// quote answers a prompt from its passages.
func quote(p core.Prompt) extractive.Answer {
	request := extractive.Request{
		Question:    p.Original,
		Query:       p.SearchQuery,
		Searched:    p.Weights.Searched,
		Frequencies: p.Weights.Frequencies,
		FollowUps:   p.SuggestFollowUps,
	}
	for i, passage := range p.Passages {
		request.Passages = append(
			request.Passages,
			extractive.Passage{Number: i + 1, Title: passage.Title, Text: passage.Text, Score: passage.Score, Sections: passage.Sections},
		)
	}
	return request.Answer()
}
