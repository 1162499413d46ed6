package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Chat is how questions are measured.
type Chat struct {
	Connections int           // clients at once
	Duration    time.Duration // of each measurement
	WarmUp      time.Duration // before the first
}

// Measure answers what a question costs of a model that answers at once: to a
// client who is alone, to many at once, and as a stream.
func (c Chat) Measure(ctx context.Context, s *Site) ([]Line, error) {
	runs, err := s.World.Cites(ctx)
	if err != nil {
		return nil, err
	}
	warm, err := s.World.Ask(ctx, c.Connections, c.WarmUp)
	if err != nil {
		return nil, err
	}
	runs += warm.Count
	model, err := s.Stub.answers(ctx, c.Duration/4)
	if err != nil {
		return nil, err
	}
	alone, err := s.World.Ask(ctx, 1, c.Duration)
	if err != nil {
		return nil, err
	}
	runs += alone.Count
	if err := s.Server.Drain(ctx, s.World, runs); err != nil {
		return nil, err
	}
	before, err := s.Server.spent(ctx)
	if err != nil {
		return nil, err
	}
	many, err := s.World.Ask(ctx, c.Connections, c.Duration)
	if err != nil {
		return nil, err
	}
	if err := s.Server.Drain(ctx, s.World, runs+many.Count); err != nil {
		return nil, err
	}
	after, err := s.Server.spent(ctx)
	if err != nil {
		return nil, err
	}
	n := float64(max(many.Count, 1))
	lines := []Line{
		Figure("one client: a run p50", Millis(alone.P50), "ms"),
		Figure("the model's own time p50", Millis(model.P50), "ms"),
		Figure("added latency p50", Millis(alone.P50-model.P50), "ms"),
		Figure("one client: a run p99", Millis(alone.P99), "ms"),
		Figure(fmt.Sprintf("%d clients: runs", c.Connections), many.Rate(), "a second"),
		Figure(fmt.Sprintf("%d clients: a run p50", c.Connections), Millis(many.P50), "ms"),
		Figure(fmt.Sprintf("%d clients: a run p99", c.Connections), Millis(many.P99), "ms"),
		Figure("statements a run, consumers included", (after.statements-before.statements)/n, ""),
		Figure("commits a run, consumers included", (after.commits-before.commits)/n, ""),
		Figure("CPU of the server a run", Millis(after.cpu-before.cpu)/n, "ms"),
	}
	streamed, err := c.streams(ctx, s)
	return append(lines, streamed...), err
}

// The streams that are measured have tokens of this pace.
const (
	streamTokens = 40
	streamPause  = 25 * time.Millisecond
)

// streams measures streamed answers whose first token comes at once.
func (c Chat) streams(ctx context.Context, s *Site) ([]Line, error) {
	s.Stub.SetPace(streamPause, streamTokens)
	defer s.Stub.SetPace(0, 0)
	model, err := s.Stub.answers(ctx, c.Duration/4)
	if err != nil {
		return nil, err
	}
	events := 0
	alone, err := Load(ctx, 1, c.Duration, func(ctx context.Context) (func() error, func(), error) {
		return func() error {
			return s.World.Follow(ctx, s.World.QuestionRequest(events, "response/stream"), func([]byte) { events++ })
		}, func() {}, nil
	})
	if err != nil {
		return nil, err
	}
	var w Watched
	before, err := s.Server.spent(ctx)
	if err != nil {
		return nil, err
	}
	w.Count(true)
	stop := w.Askers(ctx, s.World, c.Connections)
	timer := time.NewTimer(c.Duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	if err := errors.Join(ctx.Err(), stop()); err != nil {
		return nil, err
	}
	after, err := s.Server.spent(ctx)
	if err != nil {
		return nil, err
	}
	p50, p99 := Percentiles(w.First)
	each := float64(events) / float64(max(alone.Count, 1))
	return []Line{
		Figure("a streamed run: events", each, ""),
		Figure("a streamed run: added time an event p50", Millis(alone.P50-model.P50)/max(each, 1), "ms"),
		Figure(fmt.Sprintf("%d streams: first token p50", c.Connections), p50, "ms"),
		Figure(fmt.Sprintf("%d streams: first token p99", c.Connections), p99, "ms"),
		Figure(fmt.Sprintf("%d streams: CPU of the server a piece of text", c.Connections), Millis(after.cpu-before.cpu)/float64(max(w.Events, 1)), "ms"),
	}, nil
}

// answers asks the model itself, for d, as often as one client can.
func (s *Stub) answers(ctx context.Context, d time.Duration) (Result, error) {
	addr := strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/v1")
	prompt := fmt.Appendf(nil, `{"stream":true,"messages":[{"role":"user","content":%q}]}`, strings.Repeat("word ", 800))
	return Load(ctx, 1, d, func(ctx context.Context) (func() error, func(), error) {
		c, err := Dial(ctx, addr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			_, err := c.Do(Request("POST", "/v1/chat/completions", addr, "", prompt))
			return err
		}, c.Close, nil
	})
}

// spent is what a server has done since it began.
type spent struct {
	cpu                 time.Duration
	statements, commits float64
}

func (s *Server) spent(ctx context.Context) (out spent, err error) {
	if out.cpu, err = CPU(s.PID()); err != nil {
		return out, err
	}
	out.statements, out.commits, err = s.Counted(ctx)
	return out, err
}

// Counted answers how many statements and commits the server has counted since
// it began, BEGIN and COMMIT among the statements; ErrNoMetric when it doesn't.
func (s *Server) Counted(ctx context.Context) (statements, commits float64, err error) {
	body, err := get(ctx, "http://"+s.Metrics+"/metrics")
	if err != nil {
		return 0, 0, fmt.Errorf("reading the metrics: %w", err)
	}
	if statements, err = worst(body, "parley_database_statements_total"); err != nil {
		return 0, 0, err
	}
	commits, err = worst(body, "parley_database_commits_total")
	return statements, commits, err
}
