package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// streamsCmd measures streamed answers of a model that sends its first token
// at once: how long the first one takes, how late tokens are when many are
// streamed, and what followers cost who see nothing.
type streamsCmd struct {
	options `embed:""`
	Streams int `default:"640" help:"Streams at once, after the few that measure the first token."`
	Speed   int `default:"40" help:"Tokens a second of each stream."`
	Idle    int `default:"500" help:"Followers of a run whose model says nothing."`
}

// Run measures on each database.
func (c streamsCmd) Run(ctx context.Context) error {
	return c.each(ctx, []string{"sqlite", "postgres"}, func(ctx context.Context, s *system) ([]report, error) {
		var all []report
		for _, measure := range []func(ctx context.Context, s *system) (report, error){c.first, c.many, c.idle} {
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

// first has few clients ask streamed questions of 40 tokens.
func (c streamsCmd) first(ctx context.Context, s *system) (report, error) {
	var w watched
	s.stub.set(c.interval(), 40)
	stop := w.askers(ctx, s.world, c.Connections)
	waited := sleep(ctx, c.WarmUp+c.Duration)
	if err := errors.Join(waited, stop()); err != nil {
		return report{}, err
	}
	p50, p99 := percentiles(w.first)
	return report{Scenario: fmt.Sprintf("first token, %d streams at once", c.Connections), Lines: []line{
		{"streams", float64(len(w.first)), ""}, {"first token p50", p50, "ms"}, {"first token p99", p99, "ms"},
	}}, nil
}

// many has as many clients as there shall be streams follow one endless
// stream each.
func (c streamsCmd) many(ctx context.Context, s *system) (report, error) {
	var w watched
	s.stub.set(c.interval(), endless)
	stop := w.askers(ctx, s.world, c.Streams)
	if err := sleep(ctx, 2*c.WarmUp); err != nil { // all have begun that can
		return report{}, errors.Join(err, stop())
	}
	lines, err := c.spent(ctx, s, func() error {
		w.count(true)
		defer w.count(false)
		return sleep(ctx, c.Duration)
	})
	s.stub.set(0, 0) // which ends them, and those that still wait
	if err := errors.Join(err, stop()); err != nil {
		return report{}, err
	}
	late50, late99 := percentiles(w.late)
	first50, first99 := percentiles(w.first)
	seconds := c.Duration.Seconds()
	return report{Scenario: fmt.Sprintf("%d streams of %d tokens a second", c.Streams, c.Speed), Lines: append([]line{
		{"streams that brought tokens", float64(len(w.streams)), ""},
		{"tokens delivered", float64(w.tokens) / seconds, "a second"},
		{"of those that were asked for", 100 * float64(w.tokens) / seconds / float64(c.Streams*c.Speed), "%"},
		{"events delivered", float64(w.events) / seconds, "a second"},
		{"an event later than its first token p50", late50, "ms"},
		{"an event later than its first token p99", late99, "ms"},
		{"first token p50", first50, "ms"},
		{"first token p99", first99, "ms"},
	}, lines...)}, nil
}

// idle compares an open run that nobody follows with the same run and its
// followers, while the model says nothing.
func (c streamsCmd) idle(ctx context.Context, s *system) (report, error) {
	ctx, cancel := context.WithCancel(ctx)
	s.stub.set(silence, endless)
	var busy sync.WaitGroup
	defer busy.Wait()
	defer cancel()
	defer s.stub.set(0, 0)

	id := make(chan int64, 1)
	asker := func(event []byte) {
		var start struct {
			ID int64 `json:"agent_response_id"`
		}
		if json.Unmarshal(event, &start) == nil && start.ID != 0 {
			id <- start.ID
		}
	}
	failed := make(chan error, c.Idle+1)
	follow := func(req []byte, seen func([]byte)) {
		busy.Go(func() {
			if err := s.world.follow(ctx, req, seen); ctx.Err() == nil {
				failed <- errors.Join(errors.New("a stream of an open run ended"), err)
			}
		})
	}
	follow(s.world.questionRequest(1, "response/stream"), asker)
	var run int64
	select {
	case run = <-id:
	case err := <-failed:
		return report{}, err
	}
	if err := s.caughtUp(ctx); err != nil { // with the runs of what was measured before
		return report{}, err
	}
	alone, err := c.spent(ctx, s, func() error { return sleep(ctx, c.Duration/2) })
	if err != nil {
		return report{}, err
	}
	for range c.Idle {
		path := fmt.Sprintf("/api/agent-response/%d/events?starting_after=0", run)
		follow(request("GET", path, s.world.addr, s.world.asker, nil), func([]byte) {})
	}
	if err := sleep(ctx, c.WarmUp); err != nil {
		return report{}, err
	}
	followed, err := c.spent(ctx, s, func() error { return sleep(ctx, c.Duration) })
	select {
	case failure := <-failed:
		err = errors.Join(err, failure)
	default:
	}
	lines := make([]line, 0, 2*len(alone))
	for i := range alone {
		alone[i].Name, followed[i].Name = "without followers: "+alone[i].Name, "with followers: "+followed[i].Name
		lines = append(lines, alone[i], followed[i])
	}
	return report{Scenario: fmt.Sprintf("%d idle followers of an open run", c.Idle), Lines: lines}, err
}

// spent is what the server and its database use during work, by the second.
func (c streamsCmd) spent(ctx context.Context, s *system, work func() error) ([]line, error) {
	pid := s.server.cmd.Process.Pid
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
	lines := []line{
		{"CPU of the server", ms(after.process-before.process) / seconds, "ms a second"},
		{"CPU of the load and the model", ms(after.load-before.load) / seconds, "ms a second"},
	}
	if s.cluster != nil {
		used := after.counters.minus(before.counters)
		lines = append(lines,
			line{"CPU of the database", ms(after.database-before.database) / seconds, "ms a second"},
			line{"statements", float64(used.Statements) / seconds, "a second"},
			line{"commits", float64(used.Commits) / seconds, "a second"},
			line{"writing transactions", float64(used.Writes) / seconds, "a second"})
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
