package openai

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"parley/platform/kernel/clock"
)

// Result is an answer, or with an error as much of it as came.
type Result struct {
	// Text is all that was emitted.
	Text string
	// Model is the one that the server says answered.
	Model string
	// Reasoning is what the model thought before it answered, as far as it
	// tells and at most 64 KiB. None of it is in Text.
	Reasoning string
	// FinishReason is one of the three below; empty when there was none.
	FinishReason string
	Usage        Usage
}

// Why an answer is finished. Any other reason is an error.
const (
	FinishStop     = "stop"
	FinishLength   = "length"         // no more tokens
	FinishFiltered = "content_filter" // the server took the rest away
)

// Stream asks for an answer and hands its pieces to emit, in order and from
// this goroutine, as they come. An error of emit ends the call. A call is
// repeated only while the server has refused it or was not reached, never
// after it may have begun to answer. With an error the Result holds what came
// before it; the error is an *Error, the cause of ctx, or that of emit.
func (c *Client) Stream(ctx context.Context, q Request, emit func(delta string) error) (Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.Overall, errOverall)
	defer cancel()
	if q.Model == "" {
		q.Model = c.config.Model
	}
	if q.MaxTokens == 0 {
		q.MaxTokens = c.config.MaxTokens
	}
	now := clock.System{}.Now // the time that passes, not what tests say it is
	begun := now()
	const mostRefusals = 5
	refused := 0
	for attempt := 1; ; {
		wire := q.wire(c.known | c.refused.of(q.Model))
		result, err := c.once(ctx, wire, q.Loading, emit)
		var e *Error
		if err == nil || !errors.As(err, &e) {
			return result, err
		}
		if what := refusalIn(e, wire); what&^c.refused.of(q.Model) != 0 && refused < mostRefusals {
			refused++
			c.refused.add(q.Model, what)
			continue
		}
		if e.Code == CodeLoading && e.Status != 0 { // nothing was begun: it is asked again until the first byte is due
			q.tellLoading()
			left := c.config.FirstByte - now().Sub(begun)
			if pause := loadingPause(e.RetryAfter); !sleep(ctx, min(pause, left)) || pause >= left {
				if ctx.Err() != nil {
					err = netError(ctx, ctx.Err())
				}
				return result, err
			}
			continue
		}
		again := e.Retryable && (e.Status != 0 || e.unsent)
		if !again || attempt >= c.config.Attempts || e.RetryAfter > c.config.MaxRetryAfter {
			return result, err
		}
		if !sleep(ctx, c.pause(attempt, e.RetryAfter)) {
			return result, netError(ctx, ctx.Err())
		}
		attempt++
	}
}

// pause doubles with each attempt and varies between a half and the whole, so
// that clients don't return together.
func (c *Client) pause(attempt int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	const mostDoublings = 6
	d := c.config.Backoff << min(attempt-1, mostDoublings)
	return d/2 + rand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// loadingPause is how long a server that loads its model is left alone.
func loadingPause(asked time.Duration) time.Duration {
	const usual, longest = time.Second, 10 * time.Second
	return min(cmp.Or(asked, usual), longest)
}

// once makes one attempt. The status of an error that comes after the answer
// began is 0, so that it is not repeated.
func (c *Client) once(ctx context.Context, wire wireRequest, late func(), emit func(string) error) (Result, error) {
	asked, err := wire.encode()
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	first := timers{time.AfterFunc(c.config.FirstByte, func() { cancel(errFirstByte) })}
	if late != nil {
		first = append(first, time.AfterFunc(c.config.Patience, late))
	}
	defer first.Stop()

	resp, err := c.send(ctx, asked)
	if err != nil {
		return Result{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Result{}, c.statusError(resp)
	}
	body := &watched{r: resp.Body, left: c.config.MaxResponse, first: first, idle: c.config.Idle, cancel: cancel}
	a := &answer{client: c, emit: emit, body: body}
	if err = a.read(ctx, resp.Header.Get("Content-Type")); err == nil {
		defer body.rest()
	}
	// What was held back belongs to a broken answer, too.
	if held := a.flush(); err == nil {
		err = held
	}
	a.result.Text, a.result.Reasoning = a.said(), a.reasoning.String()
	if a.result.Model == "" {
		a.result.Model = wire.Model
	}
	return a.result, err
}
