package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"parley/cmd/internal/bench"
)

// idleCmd measures what streams cost that are open while nothing happens, each
// time on a server that has done nothing else.
type idleCmd struct {
	options `embed:""`
	Streams int `default:"2000" help:"Open streams: followers of one run, then a run each."`
}

// Run measures on each database.
func (c idleCmd) Run(ctx context.Context) error {
	for _, measure := range []func(ctx context.Context, s *system) (report, error){c.followers, c.runs} {
		err := c.each(ctx, []string{"sqlite", "postgres"}, func(ctx context.Context, s *system) ([]report, error) {
			r, err := measure(ctx, s)
			r.Database = s.kind
			return []report{r}, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// opened are streams of runs whose model says nothing after its first token.
type opened struct {
	cancel context.CancelFunc
	stub   *bench.Stub
	world  *bench.World
	busy   sync.WaitGroup
	failed chan error
}

// silent answers the context of the streams, which ends when they are closed.
func (s *system) silent(ctx context.Context, most int) (context.Context, *opened) {
	s.Stub.SetPace(bench.Silence, bench.Endless)
	ctx, cancel := context.WithCancel(ctx)
	return ctx, &opened{cancel: cancel, stub: s.Stub, world: s.World, failed: make(chan error, most)}
}

// follow opens one more until ctx ends; seen gets its events.
func (o *opened) follow(ctx context.Context, req []byte, seen func(event []byte)) {
	o.busy.Go(func() {
		if err := o.world.Follow(ctx, req, seen); ctx.Err() == nil {
			o.failed <- errors.Join(errors.New("a stream of an open run ended"), err)
		}
	})
}

// broken is why a stream has ended that should not have, or nil.
func (o *opened) broken() error {
	select {
	case err := <-o.failed:
		return err
	default:
		return nil
	}
}

func (o *opened) close() {
	o.stub.SetPace(0, 0)
	o.cancel()
	o.busy.Wait()
}

// followers compares an open run that nobody follows with the same run and its
// followers, while the model says nothing.
func (c idleCmd) followers(ctx context.Context, s *system) (report, error) {
	ctx, o := s.silent(ctx, c.Streams+1)
	defer o.close()
	id := make(chan int64, 1)
	o.follow(ctx, s.World.QuestionRequest(1, "response/stream"), func(event []byte) {
		var start struct {
			ID int64 `json:"agent_response_id"`
		}
		if json.Unmarshal(event, &start) == nil && start.ID != 0 {
			id <- start.ID
		}
	})
	var run int64
	select {
	case run = <-id:
	case err := <-o.failed:
		return report{}, err
	}
	path := fmt.Sprintf("/api/agent-response/%d/events?starting_after=0", run)
	return c.opening(ctx, s, o, fmt.Sprintf("%d idle followers of an open run", c.Streams), func(int) []byte {
		return bench.Request("GET", path, s.World.Addr, s.World.Asker, nil)
	})
}

// runs compares no open run with many, each with a stream of its own, while
// their models say nothing. Those beyond the places of a process wait.
func (c idleCmd) runs(ctx context.Context, s *system) (report, error) {
	ctx, o := s.silent(ctx, c.Streams)
	defer o.close()
	return c.opening(ctx, s, o, fmt.Sprintf("%d open runs whose models hang, a stream each", c.Streams), func(n int) []byte {
		return s.World.QuestionRequest(n, "response/stream")
	})
}

// opensAtOnce is how many streams are being opened at a time.
const opensAtOnce = 64

// opening measures before and after the streams are opened.
func (c idleCmd) opening(ctx context.Context, s *system, o *opened, scenario string, req func(n int) []byte) (report, error) {
	if err := s.Server.CaughtUp(ctx); err != nil { // with the runs of what was measured before
		return report{}, err
	}
	before, err := s.spent(ctx, func() error { return sleep(ctx, c.Duration/2) })
	if err != nil {
		return report{}, err
	}
	// Not all in one moment, which nobody's clients do.
	begun := make(chan struct{}, opensAtOnce)
	for n := range c.Streams + opensAtOnce {
		if n >= opensAtOnce {
			select {
			case <-begun:
			case err := <-o.failed:
				return report{}, err
			}
		}
		if n < c.Streams {
			var first sync.Once
			o.follow(ctx, req(n), func([]byte) { first.Do(func() { begun <- struct{}{} }) })
		}
	}
	if err := errors.Join(s.Server.CaughtUp(ctx), sleep(ctx, c.WarmUp)); err != nil {
		return report{}, err
	}
	after, err := s.spent(ctx, func() error { return sleep(ctx, c.Duration) })
	lines := make([]bench.Line, 0, 2*len(before))
	for i := range before {
		before[i].Name, after[i].Name = "without: "+before[i].Name, "with: "+after[i].Name
		lines = append(lines, before[i], after[i])
	}
	return report{Scenario: scenario, Lines: lines}, errors.Join(err, o.broken())
}
