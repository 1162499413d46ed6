package sqlstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	kernel "parley/platform/kernel/work"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	"parley/platform/work/sqlstore"
)

// A unit that ends a job may wait for another one of its process, and one that
// cancels jobs for any: so whoever has several jobs waits for none of them.
func TestARunnerWaitsForNoUnitThatHasAJob(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	store, now := sqlstore.New(db), time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(keys ...string) {
		t.Helper()
		for _, key := range keys {
			check(store.Add(ctx, []kernel.Job{{Kind: "a", Key: key, Payload: "{}", DueAt: now}}, now))
		}
	}
	claim := func(n int) (keys []string, claimed []work.Stored) {
		t.Helper()
		claimed, err := store.Claim(ctx, work.ClaimRequest{Kind: "a", Limit: n, Owner: "me", Now: now, Until: now.Add(time.Minute)})
		check(err)
		for _, c := range claimed {
			keys = append(keys, c.Key)
		}
		return keys, claimed
	}
	put("a", "b")
	_, running := claim(2)
	ids := []int64{running[0].ID, running[1].ID}
	renew := func() (leases []time.Time) {
		t.Helper()
		held, err := store.Renew(ctx, "me", ids, now.Add(2*time.Minute))
		check(err)
		slices.SortFunc(held, func(a, b work.Stored) int { return int(a.ID - b.ID) })
		for _, h := range held {
			leases = append(leases, h.LeasedUntil.UTC())
		}
		return leases
	}
	check(db.Within(ctx, func(unit context.Context) error {
		check(store.Hold(unit, running[0].Fence(), now.Add(time.Hour), nil))
		if got, want := renew(), []time.Time{now.Add(time.Minute), now.Add(2 * time.Minute)}; !slices.Equal(got, want) {
			t.Errorf("the leases are %v, not %v", got, want)
		}
		return nil
	}))
	if got := renew(); len(got) != 2 {
		t.Errorf("the leases are %v", got)
	}
	put("c", "d")
	check(db.Within(ctx, func(unit context.Context) error {
		_, err := store.Cancel(unit, "a", []string{"c"}, now)
		check(err)
		if got, _ := claim(2); !slices.Equal(got, []string{"d"}) {
			t.Errorf("claimed %v", got)
		}
		return nil
	}))
	if got, _ := claim(2); len(got) > 0 {
		t.Errorf("claimed %v, which was cancelled", got)
	}
}
