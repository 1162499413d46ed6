package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"parley/cmd/internal/bench"
)

// bareRunCmd answers questions with nothing but durability: the question is
// stored and committed, the model is asked, and the answer, its ledger row, six
// stream events and one outbox row are committed. Nobody is asked for
// credentials, nothing is searched, and nothing is served over HTTP.
type bareRunCmd struct {
	URL         string `help:"Database of PostgreSQL; SQLite when not given."`
	File        string `help:"Database of SQLite."`
	Model       string `required:"" help:"Base URL of the model."`
	Connections int    `default:"16" help:"Workers."`
}

// bareRun is what the two commits of a run store.
type bareRun struct {
	id               int64
	question, answer string
	began            time.Time
}

// store commits runs. A worker has its own.
type store interface {
	// accept commits the question.
	accept(ctx context.Context, r bareRun) error
	// finish commits the answer and all that belongs to it.
	finish(ctx context.Context, r bareRun) error
}

// eventsOfRun is how many stream events a run has.
const eventsOfRun = 6

// Run works until its input ends.
func (c bareRunCmd) Run(ctx context.Context) error {
	open := c.openSQLite
	if c.URL != "" {
		open = c.openPostgres
	}
	worker, end, err := open(ctx)
	if err != nil {
		return err
	}
	defer end()
	transport := &http.Transport{MaxIdleConnsPerHost: c.Connections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	model := &http.Client{Transport: transport}
	var ids atomic.Int64
	return obey(ctx, os.Stdin, os.Stdout, func(ctx context.Context, d time.Duration) (bench.Result, error) {
		return bench.Load(ctx, c.Connections, d, func(ctx context.Context) (func() error, func(), error) {
			s, end, err := worker(ctx)
			return func() error {
				r := bareRun{id: ids.Add(1), began: time.Now().UTC()}
				r.question = bench.Question(int(r.id))
				if err := s.accept(ctx, r); err != nil {
					return fmt.Errorf("storing the question: %w", err)
				}
				if r.answer, err = ask(ctx, model, c.Model, r.question); err != nil {
					return err
				}
				if err := s.finish(ctx, r); err != nil {
					return fmt.Errorf("storing the answer: %w", err)
				}
				return nil
			}, end, err
		})
	})
}

// ask asks the model as the server does, and cuts the text out of the stream.
func ask(ctx context.Context, client *http.Client, base, question string) (string, error) {
	body, err := json.Marshal(map[string]any{"model": "stub", "stream": true, "messages": []map[string]string{{"role": "user", "content": question}}})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("asking the model: %w", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, bench.MaxAnswer))
	if err != nil {
		return "", fmt.Errorf("reading the model's answer: %w", err)
	}
	return bench.Contents(raw), nil
}
