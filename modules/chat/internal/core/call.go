package core

import (
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"parley/modules/chat"
	"parley/platform/kernel/apperr"
)

// converse asks the model. When it fails before its first piece, the model that
// stands in for it is asked, and no model twice.
func (x *execution) converse() (*said, error) {
	for tried := 1; ; tried++ {
		said, err := x.askFitting()
		if err == nil || x.ctx.Err() != nil || x.reply.Text != "" || !errors.Is(err, ErrNoAnswer) && !errors.Is(err, ErrPromptTooLong) {
			return said, err
		}
		next, there := x.Models.named(x.offer.Fallback)
		if !there || tried == len(x.Models) || x.isJudge() { // whose verdict it is matters
			return said, err
		}
		x.Log.WarnContext(x.ctx, "a model failed and another answers", "run", x.run.RunID, "model", x.offer.Model.Name(), "fallback", x.offer.Fallback, "error", err)
		x.stream.status(StepModel, fmt.Sprintf("%s did not answer; %s is asked in its place.", x.offer.Model.Name(), x.offer.Fallback))
		x.offer = next
		x.assemble()
		if err := x.beginAgain(); err != nil {
			return said, err
		}
	}
}

// beginAgain stores which model is asked now, for the case that this process
// dies while it answers.
func (x *execution) beginAgain() error {
	x.run.Model, x.run.EstimatedPrompt = x.offer.Model.Name(), x.promptTokens
	return <-x.stream.begin(x.beginning())
}

// askFitting asks one model, with less and less of the conversation and the
// passages while it says that the prompt is too long.
func (x *execution) askFitting() (*said, error) {
	refused := int64(0)
	for {
		said, err := x.call()
		if err == nil {
			x.learned.took(x.offer, x.promptTokens, refused)
		}
		refused = x.promptTokens
		if !errors.Is(err, ErrPromptTooLong) || x.reply.Text != "" || x.ctx.Err() != nil || !x.shorten() {
			return said, err
		}
	}
}

// call asks the model once.
func (x *execution) call() (*said, error) {
	done := x.think("model_call", "Asked the model")
	said := x.listen()
	loading := &loading{tell: func() { x.stream.status(StepModel, loadingWords) }}
	x.prompt.Loading = loading.begin
	x.calling, x.reply = true, Completion{}
	began, first := x.Clock.Now(), time.Time{}
	back := func() {}
	if !x.offer.Offline { // whose work is that of this process
		back = x.work.outside()
	}
	var err error
	x.reply, err = x.offer.Model.Answer(x.ctx, x.prompt, func(piece string) error {
		loading.end()
		if first.IsZero() {
			first = x.Clock.Now()
		}
		return said.add(piece)
	})
	back()
	loading.end()
	if closed := said.close(); err == nil {
		err = closed
	}
	x.written, x.reply.Text = tokensOf(x.reply.Text), x.stream.text()
	row := x.metered()
	x.calls, x.calling = append(x.calls, row), false
	x.Meter.Called(ModelCall{
		Model:      x.offer.Model.Name(),
		Failed:     err != nil && x.ctx.Err() == nil,
		Began:      !first.IsZero(),
		FirstPiece: first.Sub(began),
		Whole:      x.Clock.Now().Sub(began),
		Usage:      row.Usage,
	})
	done(x.answered(err), map[string]any{
		"model": x.offer.Model.Name(), "answered_by": x.reply.Model, "usage": row.Usage, "failed": err != nil, "finish_reason": x.reply.FinishReason,
	})
	if x.reply.Reasoning != "" {
		x.think("reasoning", "What the model thought")(x.reply.Reasoning, nil)
	}
	return said, err
}

// loadingWords tell the asker why nothing comes.
const loadingWords = "The model is loading …"

// loading tells once that the model takes long, and no more once it answers.
type loading struct {
	mu   sync.Mutex
	tell func()
}

func (l *loading) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tell != nil {
		l.tell()
		l.tell = nil
	}
}

func (l *loading) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell = nil
}

// shorten drops exchanges or passages of a prompt that the model did not take;
// false when there are none.
func (x *execution) shorten() bool {
	turns, passages := len(x.prompt.History), len(x.prompt.Passages)
	if turns+passages == 0 {
		return false
	}
	done := x.think("history", "Shortened the prompt")
	x.use(x.draft.halved(turns, passages))
	history, kept := len(x.prompt.History), len(x.prompt.Passages)
	done(fmt.Sprintf("The prompt was longer than the model takes. Left out are %s.", leftOut(turns-history, turns, passages-kept, passages)), map[string]any{
		"dropped": turns - history, "history": history, "dropped_passages": passages - kept, "passages": kept, "estimated_tokens": x.promptTokens,
	})
	return true
}

// answered says what came of the model call.
func (x *execution) answered(err error) string {
	said := fmt.Sprintf("%s answered with %d characters.", x.offer.Model.Name(), utf8.RuneCountInString(x.reply.Text))
	if err != nil && x.reply.Text == "" {
		said = fmt.Sprintf("%s did not answer.", x.offer.Model.Name())
	}
	var failed *apperr.Error
	switch cut := finishWords(x.reply.FinishReason); {
	case cut != "":
		said += " " + cut
	case errors.As(err, &failed):
		said += " " + failed.Message
	}
	return said
}

// metered is the ledger row of the model call. What the provider does not tell
// is estimated. A call that the provider did not take used nothing.
func (x *execution) metered() Metered {
	u := x.reply.Usage
	row := Metered{Raw: u.Raw, Usage: chat.Usage{
		Purpose: x.run.purpose(), Model: x.offer.Model.Name(), FreshInput: u.FreshInput, CachedInput: u.CachedInput,
		Output: u.Output, Reasoning: u.Reasoning, UsageSource: "provider",
	}}
	if !u.Reported {
		row.UsageSource = "estimated"
		if !x.reply.Refused {
			row.FreshInput, row.CachedInput = x.promptTokens, 0
			row.Output, row.Reasoning = max(x.written, tokensOf(x.reply.Text)), tokensOf(x.reply.Reasoning)
		}
	}
	x.offer.charge(&row.Usage)
	return row
}
