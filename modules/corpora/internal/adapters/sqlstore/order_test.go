package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// Who reads words anew has passages, and then locks the statistics.
func TestWhoWaitsForPassagesToGoDoesNotHoldTheStatistics(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	c, err := store.AddCorpus(t.Context(), core.Corpus{OrganizationID: 1, OwnerID: 1, Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := store.AddDocument(t.Context(), core.Document{OrganizationID: 1, CorpusID: c.ID, Name: "a", Tags: []string{}, Step: core.Pending})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Stage(t.Context(), d, indexed(1, "lantern"), held); err != nil {
		t.Fatal(err)
	}
	meet(t, db,
		fmt.Sprintf("SELECT id FROM corpora_passages WHERE document_id = %d FOR SHARE", d.ID),
		func() error { _, err := store.Clear(t.Context(), d.ID, held); return err },
		fmt.Sprintf("SELECT 1 FROM corpora_statistics WHERE corpus_id = %d FOR UPDATE", c.ID))
}

// meet begins a unit with a lock, lets another one begin and wait for it, and
// then takes a second lock. Neither may be ended by the database.
func meet(t *testing.T, db *sqldb.DB, first string, other func() error, second string) {
	t.Helper()
	limited, stop := context.WithTimeout(t.Context(), time.Minute) // of a test that hangs
	defer stop()
	done := make(chan error, 1)
	err := db.Within(limited, func(ctx context.Context) error {
		if _, err := db.On(ctx).NewRaw(first).Exec(ctx); err != nil {
			return err
		}
		go func() { done <- other() }()
		for waits := 0; waits == 0; {
			if err := db.On(ctx).NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))").Scan(ctx, &waits); err != nil {
				return err
			}
		}
		_, err := db.On(ctx).NewRaw(second).Exec(ctx)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Who moves a file from one corpus to another locks the lower one first.
func TestCorporaArePassedOnByTheirIDs(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	var ids []int64
	for _, name := range []string{"a", "b"} {
		c, err := store.AddCorpus(t.Context(), core.Corpus{OrganizationID: 1, OwnerID: 1, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	// The first one is stored behind the second one then.
	if _, err := store.UpdateCorpus(t.Context(), 1, ids[0], func(c *core.Corpus) error { c.Name = "z"; return nil }); err != nil {
		t.Fatal(err)
	}
	lock := func(id int64) string {
		return fmt.Sprintf("SELECT 1 FROM corpora_corpora WHERE id = %d FOR UPDATE", id)
	}
	meet(t, db, lock(ids[0]), func() error {
		return db.Within(t.Context(), func(ctx context.Context) error { return store.PassCorpora(ctx, 1, 1, 2) })
	}, lock(ids[1]))
}
