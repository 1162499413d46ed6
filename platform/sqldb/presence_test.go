package sqldb_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/id"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAProcessIsSeenAsLongAsItLives(t *testing.T) {
	db := dbtest.Postgres(t)
	ctx := context.Background()
	mine, other := sqldb.NewPresence(db, id.New(), discard), sqldb.NewPresence(db, id.New(), discard)
	for _, p := range []*sqldb.Presence{mine, other} {
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := mine.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	never := id.New()
	dead := func(want ...string) {
		t.Helper()
		got, err := mine.Dead(ctx, []string{mine.ID(), other.ID(), never})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	dead(never)
	if err := other.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	// The server notices the end of a connection a moment later.
	for range 1000 {
		if got, err := mine.Dead(ctx, []string{other.ID()}); err != nil || len(got) == 1 {
			break
		}
	}
	dead(other.ID(), never)
}

func TestOnSQLiteEverybodyElseIsDead(t *testing.T) {
	ctx := context.Background()
	p := sqldb.NewPresence(dbtest.SQLite(t), "me", discard)
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := p.Dead(ctx, []string{"me", "you"})
	if err != nil || len(got) != 1 || got[0] != "you" {
		t.Errorf("dead are %v, %v", got, err)
	}
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestNobodyIsDeadRightAfterAllConnectionsBroke(t *testing.T) {
	db := dbtest.Postgres(t)
	ctx := t.Context()
	p := sqldb.NewPresence(db, id.New(), discard)
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	never := id.New()
	if got, err := p.Dead(ctx, []string{never}); err != nil || len(got) != 1 {
		t.Fatalf("dead are %v, %v", got, err)
	}
	if err := p.Break(ctx); err != nil {
		t.Fatal(err)
	}
	if err := p.Look(ctx); err != nil {
		t.Fatal(err)
	}
	for range sqldb.PresenceDoubt {
		if got, err := p.Dead(ctx, []string{never}); err != nil || len(got) != 0 {
			t.Errorf("dead are %v, %v", got, err)
		}
		if err := p.Look(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := p.Dead(ctx, []string{never}); err != nil || len(got) != 1 {
		t.Errorf("dead are %v, %v", got, err)
	}
}
