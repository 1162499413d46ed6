package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.uber.org/fx"

	"parley/modules/corpora/corporafx"
	"parley/platform/config"
	"parley/platform/work"
)

type benchCmd struct {
	Chat      benchChat      `cmd:"" help:"Measure questions against a model that answers at once, in a database of its own."`
	Retrieval benchRetrieval `cmd:"" help:"Measure retrieval on a judged collection, in a database of its own."`
}

type benchRetrieval struct {
	Dir     string `arg:"" type:"existingdir" help:"Has docs.jsonl, queries.jsonl and qrels*.tsv."`
	Ranking string `type:"path" help:"Write the ranking to this file, in TREC's form."`
}

// measure indexes and asks in a temporary data directory, with the settings of
// this environment but for its database.
func (r benchRetrieval) measure(ctx context.Context, c config.Config) (err error) {
	if c.DataDir, err = os.MkdirTemp("", "parley-bench-"); err != nil {
		return fmt.Errorf("making a data directory: %w", err)
	}
	defer os.RemoveAll(c.DataDir)
	c.DatabaseURL = ""
	c.LogLevel = max(c.LogLevel, config.Level(slog.LevelWarn))
	b, err := open(ctx, c, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.ready(ctx); err != nil {
		return err
	}
	var bench corporafx.Bench
	app, err := b.app(profileAll, fx.Populate(&bench), fx.Invoke(func(*work.Runner) {}))
	if err != nil {
		return err
	}
	if err := app.Start(ctx); err != nil {
		return fmt.Errorf("starting the indexer: %w", err)
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, app.Stop(stop))
	}()
	if r.Ranking == "" {
		return bench.Retrieval(ctx, os.DirFS(r.Dir), os.Stdout, nil)
	}
	f, err := os.Create(r.Ranking)
	if err != nil {
		return fmt.Errorf("making the file of the ranking: %w", err)
	}
	buffered := bufio.NewWriter(f)
	return errors.Join(bench.Retrieval(ctx, os.DirFS(r.Dir), os.Stdout, buffered), buffered.Flush(), f.Close())
}

// Run measures the retrieval of a judged collection, with the settings of a server.
func (r benchRetrieval) Run(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	return r.measure(ctx, c)
}
