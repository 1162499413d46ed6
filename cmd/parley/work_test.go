package main

import (
	"errors"
	"testing"
	"time"

	port "parley/platform/kernel/work"
	"parley/platform/work"
	workstore "parley/platform/work/sqlstore"
)

func TestDeadWorkIsListedAndDoneAgainWhenAnOperatorSaysSo(t *testing.T) {
	t.Setenv("PARLEY_DATA_DIR", t.TempDir())
	ctx, at := t.Context(), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	on := func(do func(s *workstore.Store)) {
		t.Helper()
		err := withBase(ctx, true, func(b *base) error {
			if err := b.ready(ctx); err != nil {
				return err
			}
			do(workstore.New(b.db))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var id int64
	on(func(s *workstore.Store) {
		check(s.Add(ctx, []port.Job{{Kind: "tests.job", DueAt: at}}, at))
		claimed, err := s.Claim(ctx, work.ClaimRequest{Kind: "tests.job", Limit: 1, Owner: "me", Now: at, Until: at})
		check(err)
		id = claimed[0].ID
		check(s.Fail(ctx, claimed[0].Fence(), work.Failure{Error: "It broke.", Attempts: 3, Dead: true, DueAt: at}, at))
	})
	check(workDead{Limit: 10}.Run(ctx))
	if err := (workRetry{IDs: []int64{id, id + 1}}).Run(ctx); !errors.Is(err, work.ErrNotDead) {
		t.Errorf("one of two is not there: %v", err)
	}
	states := func(want work.State) {
		t.Helper()
		on(func(s *workstore.Store) {
			counts, err := s.Counts(ctx)
			check(err)
			if len(counts) != 1 || counts[0].State != want {
				t.Errorf("%+v, want %s", counts, want)
			}
		})
	}
	states(work.Dead)
	check(workRetry{IDs: []int64{id}}.Run(ctx))
	states(work.Ready)
}
