package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"parley/cmd/internal/bench"
)

// options are what every scenario takes.
type options struct {
	Database    string        `enum:"sqlite,postgres,both" default:"both" help:"What the server runs on: ${enum}."`
	DatabaseURL string        `help:"PostgreSQL server to make databases on; a private one with the default settings when not given."`
	Parley      string        `type:"existingfile" help:"Server to measure; built from this module when not given."`
	Duration    time.Duration `default:"10s" help:"Length of each measurement."`
	WarmUp      time.Duration `default:"2s" help:"Load before the first measurement."`
	Rounds      int           `default:"3" help:"Measurements of the limit and of the server, in turns."`
	Connections int           `default:"16" help:"Clients at once."`
	Passages    int           `default:"300" help:"About how many passages the agent's corpus has."`
	JSON        bool          `help:"Print JSON."`
}

// each measures on each database that was asked for, and prints what comes out.
func (o options) each(ctx context.Context, databases []string, measure func(ctx context.Context, s *system) ([]report, error)) error {
	var all []report
	for _, kind := range databases {
		if o.Database != "both" && o.Database != kind {
			continue
		}
		reports, err := o.on(ctx, kind, measure)
		if err != nil {
			return fmt.Errorf("on %s: %w", kind, err)
		}
		all = append(all, reports...)
	}
	return show(os.Stdout, all, o.JSON)
}

func (o options) on(ctx context.Context, kind string, measure func(ctx context.Context, s *system) ([]report, error)) (_ []report, err error) {
	s := &system{kind: kind}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	if err := s.start(ctx, o); err != nil {
		return nil, err
	}
	return measure(ctx, s)
}

// inTurns measures the limit and the server, one after the other, once to warm
// up and then in as many rounds as were asked for.
func (o options) inTurns(bare, ours func(d time.Duration) (figures, error)) ([]round, error) {
	var rounds []round
	for n := range o.Rounds + 1 {
		d := o.Duration
		if n == 0 {
			d = o.WarmUp
		}
		b, err := bare(d)
		if err != nil {
			return nil, err
		}
		us, err := ours(d)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			rounds = append(rounds, newRound(b, us))
		}
	}
	return rounds, nil
}

// system is a running server with all it needs, on one kind of database.
type system struct {
	*bench.Site
	kind        string
	cluster     *cluster // nil on SQLite
	database    string   // the server's, on PostgreSQL
	databaseURL string
	after       []func() error // what is undone when the server has ended
}

func (s *system) start(ctx context.Context, o options) (err error) {
	if s.Site, err = bench.NewSite(); err != nil {
		return err
	}
	program := o.Parley
	if program == "" {
		if program, err = bench.Build(ctx, s.Dir); err != nil {
			return err
		}
	}
	if s.kind == "postgres" {
		if s.cluster, err = openCluster(ctx, o.DatabaseURL); err != nil {
			return err
		}
		if s.database, s.databaseURL, err = s.cluster.create(ctx); err != nil {
			return err
		}
	}
	return s.Start(ctx, program, s.databaseURL, o.Passages)
}

// Close ends everything and removes the data.
func (s *system) Close(ctx context.Context) error {
	var errs []error
	if s.Site != nil {
		errs = append(errs, s.Site.Close())
	}
	for _, undo := range s.after {
		errs = append(errs, undo())
	}
	if s.cluster != nil {
		errs = append(errs, s.cluster.Close(ctx))
	}
	return errors.Join(errs...)
}

// usage is what the processes have used since they began.
type usage struct {
	process, database, load time.Duration
	counters
}

// usage reads what the process pid and its database have used. The load is
// this process, the model stub included. On SQLite the server itself counts
// statements and commits; nobody counts those of a limit.
func (s *system) usage(ctx context.Context, pid int, database string) (u usage, err error) {
	if u.process, err = bench.CPU(pid); err != nil {
		return u, err
	}
	self, err := bench.ReadProcess(os.Getpid())
	if err != nil {
		return u, err
	}
	u.load = self.Own
	if s.cluster == nil {
		if pid == s.Server.PID() {
			u.counters, err = s.counted(ctx)
		}
		return u, err
	}
	if s.cluster.postmaster != 0 {
		if u.database, err = bench.CPU(s.cluster.postmaster); err != nil {
			return u, err
		}
	}
	u.counters, err = s.cluster.count(ctx, database)
	return u, err
}

// counted are what the server has counted; zero for a version that does not.
func (s *system) counted(ctx context.Context) (counters, error) {
	statements, commits, err := s.Server.Counted(ctx)
	if errors.Is(err, bench.ErrNoMetric) {
		return counters{}, nil
	}
	return counters{Statements: int64(statements), Commits: int64(commits)}, err
}

// measure runs work and answers what it cost, each figure by request. The work
// of a server is over when drain says so.
func (s *system) measure(ctx context.Context, pid int, database string, work func() (bench.Result, error), drain func() error) (figures, error) {
	before, err := s.usage(ctx, pid, database)
	if err != nil {
		return figures{}, err
	}
	r, err := work()
	if err != nil {
		return figures{}, err
	}
	drained := time.Now()
	if drain != nil {
		if err := drain(); err != nil {
			return figures{}, err
		}
	}
	lag := time.Since(drained)
	after, err := s.usage(ctx, pid, database)
	if err != nil {
		return figures{}, err
	}
	return newFigures(r, before, after, lag), nil
}
