package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"parley/cmd/internal/bench"
)

// figures are one measurement. Costs are by request.
type figures struct {
	Requests int     `json:"requests"`
	Rate     float64 `json:"per_second"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	// CPU is that of the measured process, DatabaseCPU that of PostgreSQL, and
	// LoadCPU that of the load with the model stub, which is no part of a cost.
	CPU         float64 `json:"cpu_ms"`
	DatabaseCPU float64 `json:"database_cpu_ms"`
	LoadCPU     float64 `json:"load_cpu_ms"`
	// The counters are PostgreSQL's. On SQLite the server counts its statements
	// and commits; what nobody counts is 0.
	Statements float64 `json:"statements"`
	Reads      float64 `json:"reads"`
	Commits    float64 `json:"commits"`
	Writes     float64 `json:"writing_transactions"`
	// Drain is how many seconds the consumers needed after the load.
	Drain float64 `json:"drain_s"`
}

func newFigures(r bench.Result, before, after usage, lag time.Duration) figures {
	n := float64(max(r.Count, 1))
	used := after.counters.minus(before.counters)
	return figures{
		Requests: r.Count, Rate: r.Rate(), P50: bench.Millis(r.P50), P99: bench.Millis(r.P99),
		CPU: bench.Millis(after.process-before.process) / n, DatabaseCPU: bench.Millis(after.database-before.database) / n,
		LoadCPU:    bench.Millis(after.load-before.load) / n,
		Statements: float64(used.Statements) / n, Reads: float64(used.Reads) / n, Commits: float64(used.Commits) / n, Writes: float64(used.Writes) / n,
		Drain: lag.Seconds(),
	}
}

// round is the server and its limit, measured one after the other.
type round struct {
	Bare  figures `json:"bare"`
	Ours  figures `json:"ours"`
	Ratio float64 `json:"ratio"`
}

func newRound(bare, ours figures) round { return round{bare, ours, ours.Rate / bare.Rate} }

// report is one scenario on one database.
type report struct {
	Scenario string  `json:"scenario"`
	Database string  `json:"database"`
	Rounds   []round `json:"rounds,omitempty"`
	// Ratio is the median of the rounds, and CPURatio that of the CPU time of
	// the limit by that of the server, databases included: on a busy machine it
	// varies less.
	Ratio    float64 `json:"ratio,omitempty"`
	CPURatio float64 `json:"cpu_ratio,omitempty"`
	// Lines are what a scenario without a limit found.
	Lines []bench.Line `json:"figures,omitempty"`
}

func newReport(scenario, database string, rounds []round) report {
	var ratios, cpu []float64
	for _, r := range rounds {
		ratios = append(ratios, r.Ratio)
		if ours := r.Ours.CPU + r.Ours.DatabaseCPU; ours > 0 { // it may be less than what the kernel counts in
			cpu = append(cpu, (r.Bare.CPU+r.Bare.DatabaseCPU)/ours)
		}
	}
	return report{Scenario: scenario, Database: database, Rounds: rounds, Ratio: bench.Median(ratios), CPURatio: bench.Median(cpu)}
}

// show prints reports as tables, or as one JSON value.
func show(w io.Writer, reports []report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(reports)
	}
	for _, r := range reports {
		if err := r.print(w); err != nil {
			return err
		}
	}
	return nil
}

func (r report) print(w io.Writer) error {
	if err := bench.Show(w, r.Scenario+" on "+r.Database, r.Lines); err != nil || len(r.Rounds) == 0 {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\ta second\tp50 ms\tp99 ms\tCPU ms\t+ database\tstatements\treads\tcommits\twrites\tdrain s\t(load CPU)\t")
	for _, one := range r.Rounds {
		row(t, "bare", one.Bare, r.Database)
		row(t, "ours", one.Ours, r.Database)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var all []string
	for _, one := range r.Rounds {
		all = append(all, fmt.Sprintf("%.3f", one.Ratio))
	}
	_, err := fmt.Fprintf(w, "ours / bare: %.3f, the median of %s; CPU of bare / ours: %.3f\n", r.Ratio, strings.Join(all, ", "), r.CPURatio)
	return err
}

func row(t *tabwriter.Writer, name string, f figures, database string) {
	counted := func(v float64) string {
		if database != "postgres" && v == 0 {
			return "-"
		}
		return bench.Number(v)
	}
	fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, bench.Number(f.Rate), bench.Number(f.P50), bench.Number(f.P99),
		bench.Number(f.CPU), counted(f.DatabaseCPU),
		counted(f.Statements), counted(f.Reads), counted(f.Commits), counted(f.Writes), bench.Number(f.Drain), bench.Number(f.LoadCPU))
}
