package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"parley/cmd/internal/gate"
)

// failedCases is the exit code of a gate that did not pass.
const failedCases = 100

type gateCmd struct {
	Agent     int64         `required:"" help:"Id of the agent."`
	Dataset   int64         `required:"" help:"Id of the dataset."`
	Name      string        `default:"parley evaluate" help:"Name of the evaluation."`
	Metrics   []string      `help:"Names of metrics, separated by commas; the usual ones when not given."`
	Judge     string        `help:"The model that judges, for the metric judge." placeholder:"MODEL"`
	Threshold *float64      `help:"What the mean of answer_correctness (or of the first metric, without it) must reach, 0 to 1. Without it and without a baseline no query may fail."`
	Baseline  *int64        `help:"Id of an earlier evaluation: no query that passed there may fail here." placeholder:"EVALUATION"`
	Format    string        `enum:"table,json" default:"table" help:"table or json."`
	JUnit     string        `name:"junit" help:"Write JUnit's XML to this file, too." type:"path" placeholder:"FILE"`
	Timeout   time.Duration `default:"1h" help:"The evaluation is cancelled after this time."`
	Server    `embed:""`
}

// exitCode is an error that the program ends with.
type exitCode struct {
	error
	code int
}

// ExitCode is what the program ends with.
func (e exitCode) ExitCode() int { return e.code }

// Run puts the dataset to the agent and says whether it passed.
func (g gateCmd) Run(ctx context.Context) error {
	if g.Threshold != nil && (*g.Threshold < 0 || *g.Threshold > 1) {
		return errors.New("--threshold is from 0 to 1")
	}
	ctx, done := context.WithTimeoutCause(ctx, g.Timeout, fmt.Errorf("it takes longer than %s, which is its --timeout", g.Timeout))
	defer done()
	report, err := gate.Run(ctx, gate.Options{
		URL: g.URL, APIKey: g.APIKey, Agent: g.Agent, Dataset: g.Dataset, Name: g.Name, Metrics: g.Metrics, JudgeModel: g.Judge,
		Threshold: g.Threshold, Baseline: g.Baseline, Poll: 500 * time.Millisecond, Progress: os.Stderr,
	})
	if err != nil {
		return err
	}
	if g.JUnit != "" {
		if err := writeFile(g.JUnit, report.JUnit); err != nil {
			return err
		}
	}
	show := report.Table
	if g.Format == "json" {
		show = report.JSON
	}
	if err := show(os.Stdout); err != nil {
		return err
	}
	if !report.Passed {
		return exitCode{errors.New(report.Why), failedCases}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
