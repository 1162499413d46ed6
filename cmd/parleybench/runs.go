package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"parley/cmd/internal/bench"
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
	asked, err := s.World.Cites(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"bare-run", "--model", s.Stub.URL, "--connections", fmt.Sprint(c.Connections), "--file", filepath.Join(s.Dir, "bare.db")}
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
		return s.measure(ctx, limit.cmd.Process.Pid, bareDatabase, func() (bench.Result, error) { return limit.run(d) }, nil)
	}, func(d time.Duration) (figures, error) {
		return s.measure(ctx, s.Server.PID(), s.database, func() (bench.Result, error) {
			r, err := s.World.Ask(ctx, c.Connections, d)
			asked += r.Count
			return r, err
		}, func() error { return s.Server.Drain(ctx, s.World, asked) })
	})
	if err != nil {
		return nil, err
	}
	return []report{newReport("runs", s.kind, rounds)}, nil
}
