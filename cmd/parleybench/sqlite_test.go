package main

import (
	"context"
	"testing"
	"time"

	"parley/cmd/internal/bench"
)

func TestTheServerCountsTheStatementsAndCommitsOfARunOnSQLite(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and loads a server; -short leaves it out")
	}
	o := options{Connections: 16, Passages: 100}
	_, err := o.on(t.Context(), "sqlite", func(ctx context.Context, s *system) ([]report, error) {
		asked, err := s.World.Cites(ctx)
		if err != nil {
			return nil, err
		}
		f, err := s.measure(ctx, s.Server.PID(), "", func() (bench.Result, error) {
			r, err := s.World.Ask(ctx, o.Connections, time.Second)
			asked += r.Count
			return r, err
		}, func() error { return s.Server.Drain(ctx, s.World, asked) })
		if err != nil {
			return nil, err
		}
		t.Logf("%d runs: %.1f statements and %.2f commits each", f.Requests, f.Statements, f.Commits)
		if f.Requests == 0 || f.Statements == 0 || f.Commits == 0 || f.Statements < f.Commits {
			t.Errorf("the costs of a run are %+v", f)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
