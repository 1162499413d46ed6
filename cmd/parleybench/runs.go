package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"
)

// runsCmd measures plain questions: credentials, rights, retrieval and
// citations included, everything stored, all consumers drained.
type runsCmd struct {
	options `embed:""`
}

// Run measures on each database.
func (c runsCmd) Run(ctx context.Context) error {
	return c.each(ctx, []string{"sqlite", "postgres"}, c.measure)
}

func (c runsCmd) measure(ctx context.Context, s *system) (_ []report, err error) {
	asked, err := cites(ctx, s.world)
	if err != nil {
		return nil, err
	}
	args := []string{"bare-run", "--model", s.stub.URL, "--connections", fmt.Sprint(c.Connections), "--file", filepath.Join(s.dir, "bare.db")}
	bareDatabase := ""
	if s.cluster != nil {
		name, url, err := s.cluster.create(ctx)
		if err != nil {
			return nil, err
		}
		bareDatabase, args = name, append(args, "--url", url)
	}
	limit, err := startBare(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, limit.Close()) }()

	rounds, err := c.inTurns(func(d time.Duration) (figures, error) {
		return s.measure(ctx, limit.cmd.Process.Pid, bareDatabase, func() (result, error) { return limit.run(d) }, nil)
	}, func(d time.Duration) (figures, error) {
		return s.measure(ctx, s.server.cmd.Process.Pid, s.database, func() (result, error) {
			r, err := s.world.ask(ctx, c.Connections, d)
			asked += r.Count
			return r, err
		}, func() error { return s.drain(ctx, asked) })
	})
	if err != nil {
		return nil, err
	}
	return []report{newReport("runs", s.kind, rounds)}, nil
}

// cites asks once and checks that the answer has what it is measured for. It
// answers how many questions that took.
func cites(ctx context.Context, w *world) (int, error) {
	c, err := dial(ctx, w.addr)
	if err != nil {
		return 0, err
	}
	defer c.close()
	body, err := c.do(w.questionRequest(1, "response"))
	if err != nil {
		return 0, err
	}
	var run answered[struct{ References []struct{ Title string } }]
	if err := json.Unmarshal(body, &run); err != nil {
		return 0, fmt.Errorf("reading an answer: %w", err)
	}
	if len(run.Data.References) == 0 {
		return 0, fmt.Errorf("an answer has no references, so it would cost too little: %s", body)
	}
	return 1, nil
}

func (w *world) questionRequest(n int, operation string) []byte {
	body := fmt.Appendf(nil, `{"user_query":%q}`, question(n))
	return request("POST", fmt.Sprintf("/api/agent/%d/%s", w.agent, operation), w.addr, w.asker, body)
}

// ask has n clients ask plain questions for d.
func (w *world) ask(ctx context.Context, n int, d time.Duration) (result, error) {
	var next atomic.Int64
	return load(ctx, n, d, func(ctx context.Context) (func() error, func(), error) {
		c, err := dial(ctx, w.addr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			_, err := c.do(w.questionRequest(int(next.Add(1)*37), "response"))
			return err
		}, c.close, nil
	})
}

// drain waits until analytics knows of all runs and no consumer is behind.
func (s *system) drain(ctx context.Context, runs int) error {
	err := poll(ctx, "waiting for analytics", func(ctx context.Context) (bool, error) {
		known, err := s.world.queries(ctx)
		if err == nil && known > runs {
			err = fmt.Errorf("analytics counts %d runs of %d", known, runs)
		}
		return known == runs, err
	})
	if err != nil {
		return err
	}
	return s.caughtUp(ctx)
}

// caughtUp waits until no consumer is behind.
func (s *system) caughtUp(ctx context.Context) error {
	return poll(ctx, "waiting for the consumers", func(ctx context.Context) (bool, error) {
		behind, err := s.server.behind(ctx)
		return behind == 0, err
	})
}
