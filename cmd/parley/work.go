package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"parley/platform/kernel/uow"
	"parley/platform/work"
)

type workCmd struct {
	Dead  workDead  `cmd:"" help:"List the jobs that failed too often, with their errors."`
	Retry workRetry `cmd:"" help:"Do dead jobs again."`
}

type workDead struct {
	Limit int `default:"50" help:"At most so many."`
}

// Run lists jobs whose last attempt failed, with their errors.
func (w workDead) Run(ctx context.Context) error {
	var q *work.Queue
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		dead, err := q.Dead(ctx, w.Limit)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "ID\tKIND\tKEY\tORGANIZATION\tATTEMPTS\tERROR")
		for _, d := range dead {
			first, _, _ := strings.Cut(d.Error, "\n")
			fmt.Fprintf(out, "%d\t%s\t%s\t%d\t%d\t%s\n", d.ID, d.Kind, d.Key, d.Tenant, d.Attempts, first)
		}
		return out.Flush()
	}, &q)
}

type workRetry struct {
	IDs []int64 `arg:"" name:"id" help:"As listed by dead."`
}

// Run makes dead jobs ready again, all or none.
func (w workRetry) Run(ctx context.Context) error {
	var q *work.Queue
	var unit uow.Unit
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return q.Retry(ctx, w.IDs...) })
		if err != nil {
			return err
		}
		fmt.Println("The jobs are ready again; the running server does them.")
		return nil
	}, &q, &unit)
}
