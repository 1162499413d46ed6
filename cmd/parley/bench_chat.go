package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"parley/cmd/internal/bench"
)

type benchChat struct {
	DatabaseURL string        `help:"An empty database of PostgreSQL; a fresh one of SQLite when not given."`
	Passages    int           `default:"1000" help:"About how many passages the agent's corpus has."`
	Connections int           `default:"16" help:"Clients at once."`
	Duration    time.Duration `default:"10s" help:"Length of each measurement."`
	WarmUp      time.Duration `default:"2s" help:"Load before the first measurement."`
	JSON        bool          `help:"Print JSON."`
}

// Run measures this program as a server of its own, with its usual settings,
// against a model that answers at once.
func (b benchChat) Run(ctx context.Context) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	site, err := bench.NewSite()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	if err := site.Start(ctx, self, b.DatabaseURL, b.Passages); err != nil {
		return err
	}
	chat := bench.Chat{Connections: b.Connections, Duration: b.Duration, WarmUp: b.WarmUp}
	lines, err := chat.Measure(ctx, site)
	if err != nil {
		return err
	}
	if b.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(lines)
	}
	database := "SQLite"
	if b.DatabaseURL != "" {
		database = "PostgreSQL"
	}
	return bench.Show(os.Stdout, fmt.Sprintf("questions about %d passages on %s", b.Passages, database), lines)
}
