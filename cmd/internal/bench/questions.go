package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"
)

// QuestionRequest renders the n-th question for one of the two operations of
// an agent: response or response/stream.
func (w *World) QuestionRequest(n int, operation string) []byte {
	body := fmt.Appendf(nil, `{"user_query":%q}`, Question(n))
	return Request("POST", fmt.Sprintf("/api/agent/%d/%s", w.agent, operation), w.Addr, w.Asker, body)
}

// Cites asks once and checks that the answer has what it is measured for. It
// answers how many questions that took.
func (w *World) Cites(ctx context.Context) (int, error) {
	c, err := Dial(ctx, w.Addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	body, err := c.Do(w.QuestionRequest(1, "response"))
	if err != nil {
		return 0, err
	}
	var run struct {
		Data struct{ References []struct{ Title string } }
	}
	if err := json.Unmarshal(body, &run); err != nil {
		return 0, fmt.Errorf("reading an answer: %w", err)
	}
	if len(run.Data.References) == 0 {
		return 0, fmt.Errorf("an answer has no references, so it would cost too little: %s", body)
	}
	return 1, nil
}

// Ask has n clients ask plain questions for d.
func (w *World) Ask(ctx context.Context, n int, d time.Duration) (Result, error) {
	var next atomic.Int64
	return Load(ctx, n, d, func(ctx context.Context) (func() error, func(), error) {
		c, err := Dial(ctx, w.Addr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			_, err := c.Do(w.QuestionRequest(int(next.Add(1)*37), "response"))
			return err
		}, c.Close, nil
	})
}

// Drain waits until no consumer is behind and analytics knows of all runs of the
// world. Analytics is asked last: a question reads what has come since the one
// before it, and would be counted as a part of the runs.
func (s *Server) Drain(ctx context.Context, w *World, runs int) error {
	if err := s.CaughtUp(ctx); err != nil {
		return err
	}
	err := Poll(ctx, "waiting for analytics", func(ctx context.Context) (bool, error) {
		known, err := w.Queries(ctx)
		if err == nil && known > runs {
			err = fmt.Errorf("analytics counts %d runs of %d", known, runs)
		}
		return known == runs, err
	})
	if err != nil {
		return err
	}
	return s.CaughtUp(ctx)
}

// CaughtUp waits until no consumer is behind.
func (s *Server) CaughtUp(ctx context.Context) error {
	return Poll(ctx, "waiting for the consumers", func(ctx context.Context) (bool, error) {
		behind, err := s.Behind(ctx)
		return behind == 0, err
	})
}
