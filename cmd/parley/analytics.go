package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/modules/analytics/analyticsfx"
	"parley/modules/chat/chatfx"
)

type analyticsCmd struct {
	Check   analyticsCheck   `cmd:"" help:"Recount all figures from their facts and from the ledger of chat. Exits with 1 when something differs."`
	Rebuild analyticsRebuild `cmd:"" help:"Recount all figures from their facts, and make anew what differs. The server may run."`
}

type analyticsCheck struct{}

// errFigures ends a check that found something.
var errFigures = errors.New("figures differ from what they are made of; " +
	"parley analytics rebuild makes segments anew, and parley events dead shows events that were not counted")

// Run compares segments with facts, and facts with the ledger.
func (analyticsCheck) Run(ctx context.Context) error {
	var books analyticsfx.Books
	var ledger chatfx.Ledger
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		return checkFigures(ctx, books, ledger)
	}, &books, &ledger)
}

func checkFigures(ctx context.Context, books analyticsfx.Books, ledger chatfx.Ledger) error {
	counted, err := books.Organizations(ctx)
	if err != nil {
		return err
	}
	asked, err := ledger.Organizations(ctx)
	if err != nil {
		return err
	}
	wrong := false
	for _, org := range slices.Compact(slices.Sorted(slices.Values(append(counted, asked...)))) {
		found := 0
		segments, err := books.Check(ctx, org, func(d analyticsfx.Difference) { found++; tellDifference(d) })
		if err != nil {
			return err
		}
		quarters, differing, err := againstLedger(ctx, books, ledger, org)
		if err != nil {
			return err
		}
		for _, d := range differing {
			fmt.Printf("organization %d, quarter of an hour from %s: %s\n", org, d.begin.Format(time.RFC3339), d)
		}
		fmt.Printf("organization %d: %d segments, %d of them differ from their facts; %d quarters of an hour, %d of them differ from the ledger\n",
			org, segments, found, quarters, len(differing))
		wrong = wrong || found+len(differing) > 0
	}
	if wrong {
		return errFigures
	}
	return nil
}

func tellDifference(d analyticsfx.Difference) {
	fmt.Printf("organization %d, segment from %s until %s: it is not the sum of its facts\n", d.OrganizationID, d.From.Format(time.RFC3339),
		d.Until.Format(time.RFC3339))
}

// difference is a quarter of an hour whose facts are not what the ledger has.
type difference struct {
	begin         time.Time
	facts, ledger string
}

// String says what both have.
func (d difference) String() string {
	return fmt.Sprintf("facts have %s, the ledger has %s", d.facts, d.ledger)
}

const (
	// A run may have ended a moment ago, and its event be under way.
	underWay       = 2 * time.Second
	ledgerAttempts = 3
)

// againstLedger compares the facts of an organization with the ledger, by quarter
// of an hour. What differs only for a moment is no difference.
func againstLedger(ctx context.Context, books analyticsfx.Books, ledger chatfx.Ledger, org int64) (quarters int, differing []difference, err error) {
	before := map[string]bool{}
	for attempt := range ledgerAttempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return 0, nil, ctx.Err()
			case <-time.After(underWay):
			}
		}
		var found []difference
		if quarters, found, err = compareOnce(ctx, books, ledger, org); err != nil {
			return 0, nil, err
		}
		differing = found
		if attempt > 0 {
			differing = slices.DeleteFunc(found, func(d difference) bool { return !before[d.begin.String()] })
		}
		if len(differing) == 0 {
			break
		}
		clear(before)
		for _, d := range differing {
			before[d.begin.String()] = true
		}
	}
	return quarters, differing, nil
}

func compareOnce(ctx context.Context, books analyticsfx.Books, ledger chatfx.Ledger, org int64) (int, []difference, error) {
	from, until := time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	asked, err := ledger.Sums(ctx, org, from, until)
	if err != nil {
		return 0, nil, err
	}
	counted, err := books.Quarters(ctx, org, from, until)
	if err != nil {
		return 0, nil, err
	}
	const nothing = "nothing"
	both := map[time.Time]difference{}
	for _, q := range counted {
		both[q.Begin] = difference{
			begin: q.Begin, ledger: nothing,
			facts: fmt.Sprintf("%d runs, %d + %d tokens, cost %s", q.Runs, q.PromptTokens, q.CompletionTokens, q.Cost),
		}
	}
	for _, q := range asked {
		d, known := both[q.Quarter]
		if !known {
			d = difference{begin: q.Quarter, facts: nothing}
		}
		d.ledger = fmt.Sprintf("%d runs, %d + %d tokens, cost %s", q.Runs, q.PromptTokens, q.CompletionTokens, q.Cost)
		both[q.Quarter] = d
	}
	var differing []difference
	for _, d := range both {
		if d.facts != d.ledger {
			differing = append(differing, d)
		}
	}
	slices.SortFunc(differing, func(a, b difference) int { return a.begin.Compare(b.begin) })
	return len(both), differing, nil
}

type analyticsRebuild struct{}

// Run makes anew what differs.
func (analyticsRebuild) Run(ctx context.Context) error {
	var books analyticsfx.Books
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		orgs, err := books.Organizations(ctx)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			found := 0
			segments, err := books.Rebuild(ctx, org, func(d analyticsfx.Difference) { found++; tellDifference(d) })
			if err != nil {
				return err
			}
			fmt.Printf("organization %d: %d segments are the sums of their facts; %d were made anew\n", org, segments, found)
		}
		return nil
	}, &books)
}
