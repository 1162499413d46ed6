package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"parley/cmd/internal/bench"
	"parley/platform/sqldb/pgserver"
)

// A plain run, with credentials, rights, retrieval, citations and all that its
// consumers do, by 16 clients on PostgreSQL. Before the journal and batches of
// events it took 87 statements and 9 commits.
func TestWhatARunCostsOnPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and loads a server; -short leaves it out")
	}
	if !pgserver.Has("pg_stat_statements") {
		const reason = "PostgreSQL is not here, or comes without pg_stat_statements, so its statements can't be counted"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	const statements, commits = 30, 4
	o := options{Connections: 16, Passages: 100}
	_, err := o.on(t.Context(), "postgres", func(ctx context.Context, s *system) ([]report, error) {
		if !s.cluster.counting {
			return nil, errors.New("statements are not counted")
		}
		asked, err := s.World.Cites(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.Server.Drain(ctx, s.World, asked); err != nil {
			return nil, err
		}
		if err := quiet(ctx, t, s); err != nil {
			return nil, err
		}
		f, err := s.measure(ctx, s.Server.PID(), s.database, func() (bench.Result, error) {
			r, err := s.World.Ask(ctx, o.Connections, 3*time.Second)
			asked += r.Count
			return r, err
		}, func() error { return s.Server.Drain(ctx, s.World, asked) })
		if err != nil {
			return nil, err
		}
		t.Logf("%d runs: %.1f statements, of which %.1f only read, and %.2f commits each", f.Requests, f.Statements, f.Reads, f.Commits)
		if f.Requests < 16 || f.Statements == 0 || f.Commits == 0 {
			t.Errorf("too little was measured: %+v", f)
		}
		if f.Statements > statements || f.Commits > commits {
			t.Errorf("a run takes %.1f statements and %.2f commits; at most %d and %d are meant to be needed", f.Statements, f.Commits, statements, commits)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quiet counts what a server takes that has nothing to do. Before one look
// served all kinds of work it took 12.6 statements a second.
func quiet(ctx context.Context, t *testing.T, s *system) error {
	t.Helper()
	const most, span = 8, 10 * time.Second
	before, err := s.cluster.count(ctx, s.database)
	if err != nil {
		return err
	}
	began := time.Now()
	time.Sleep(span)
	after, err := s.cluster.count(ctx, s.database)
	if err != nil {
		return err
	}
	n := float64(after.minus(before).Statements) / time.Since(began).Seconds()
	t.Logf("%.1f statements a second with nothing to do", n)
	if n > most {
		t.Errorf("a server with nothing to do takes %.1f statements a second; at most %d are meant to be needed", n, most)
	}
	return nil
}
