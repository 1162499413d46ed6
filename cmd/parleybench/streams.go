package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/cmd/internal/bench"
)

// streamsCmd measures streamed answers of a model that sends its first token
// at once: how long the first one takes, and how late tokens are when many are
// streamed.
type streamsCmd struct {
	options `embed:""`
	Streams int `default:"640" help:"Streams at once, after the few that measure the first token."`
	Speed   int `default:"40" help:"Tokens a second of each stream."`
}

// Run measures on each database.
func (c streamsCmd) Run(ctx context.Context) error {
	return c.each(ctx, []string{"sqlite", "postgres"}, func(ctx context.Context, s *system) ([]report, error) {
		var all []report
		for _, measure := range []func(ctx context.Context, s *system) (report, error){c.first, c.many} {
			r, err := measure(ctx, s)
			if err != nil {
				return nil, err
			}
			r.Database = s.kind
			all = append(all, r)
		}
		return all, nil
	})
}

func (c streamsCmd) interval() time.Duration { return time.Second / time.Duration(c.Speed) }

// first has few clients ask streamed questions of 40 tokens. What is asked of a
// fresh server before it is warm is told apart.
func (c streamsCmd) first(ctx context.Context, s *system) (report, error) {
	var w bench.Watched
	s.Stub.SetPace(c.interval(), 40)
	stop := w.Askers(ctx, s.World, c.Connections)
	waited := sleep(ctx, c.WarmUp)
	cold := w.Begun()
	waited = errors.Join(waited, sleep(ctx, c.Duration))
	if err := errors.Join(waited, stop()); err != nil {
		return report{}, err
	}
	cold50, cold99 := bench.Percentiles(w.First[:cold])
	p50, p99 := bench.Percentiles(w.First[cold:])
	return report{Scenario: fmt.Sprintf("first token, %d streams at once", c.Connections), Lines: []bench.Line{
		bench.Figure("streams", float64(len(w.First)-cold), ""),
		bench.Figure("first token p50", p50, "ms"),
		bench.Figure("first token p99", p99, "ms"),
		bench.Figure("streams of the warm-up", float64(cold), ""),
		bench.Figure("their first token p50", cold50, "ms"),
		bench.Figure("their first token p99", cold99, "ms"),
	}}, nil
}

// many has as many clients as there shall be streams follow one bench.Endless
// stream each.
func (c streamsCmd) many(ctx context.Context, s *system) (report, error) {
	var w bench.Watched
	s.Stub.SetPace(c.interval(), bench.Endless)
	stop := w.Askers(ctx, s.World, c.Streams)
	if err := sleep(ctx, 2*c.WarmUp); err != nil { // all have begun that can
		return report{}, errors.Join(err, stop())
	}
	lines, err := s.spent(ctx, func() error {
		w.Count(true)
		defer w.Count(false)
		return sleep(ctx, c.Duration)
	})
	s.Stub.SetPace(0, 0) // which ends them, and those that still wait
	if err := errors.Join(err, stop()); err != nil {
		return report{}, err
	}
	late50, late99 := bench.Percentiles(w.Late)
	first50, first99 := bench.Percentiles(w.First)
	seconds := c.Duration.Seconds()
	return report{Scenario: fmt.Sprintf("%d streams of %d tokens a second", c.Streams, c.Speed), Lines: append([]bench.Line{
		bench.Figure("streams that brought tokens", float64(len(w.Streams)), ""),
		bench.Figure("tokens delivered", float64(w.Tokens)/seconds, "a second"),
		bench.Figure("of those that were asked for", 100*float64(w.Tokens)/seconds/float64(c.Streams*c.Speed), "%"),
		bench.Figure("events delivered", float64(w.Events)/seconds, "a second"),
		bench.Figure("an event later than its first token p50", late50, "ms"),
		bench.Figure("an event later than its first token p99", late99, "ms"),
		bench.Figure("first token p50", first50, "ms"),
		bench.Figure("first token p99", first99, "ms"),
	}, lines...)}, nil
}

// spent is what the server and its database use during work, by the second.
func (s *system) spent(ctx context.Context, work func() error) ([]bench.Line, error) {
	pid := s.Server.PID()
	before, err := s.usage(ctx, pid, s.database)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := work(); err != nil {
		return nil, err
	}
	after, err := s.usage(ctx, pid, s.database)
	seconds := time.Since(began).Seconds()
	lines := []bench.Line{
		bench.Figure("CPU of the server", bench.Millis(after.process-before.process)/seconds, "ms a second"),
		bench.Figure("CPU of the load and the model", bench.Millis(after.load-before.load)/seconds, "ms a second"),
	}
	memory, failed := bench.Memory(pid)
	lines, err = append(lines, bench.Figure("memory of the server", float64(memory)/1e6, "MB")), errors.Join(err, failed)
	if s.cluster != nil {
		used := after.counters.minus(before.counters)
		lines = append(lines,
			bench.Figure("CPU of the database", bench.Millis(after.database-before.database)/seconds, "ms a second"),
			bench.Figure("statements", float64(used.Statements)/seconds, "a second"),
			bench.Figure("commits", float64(used.Commits)/seconds, "a second"),
			bench.Figure("writing transactions", float64(used.Writes)/seconds, "a second"))
	}
	return lines, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
