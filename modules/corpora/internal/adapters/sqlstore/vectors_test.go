package sqlstore_test

import (
	"context"
	"testing"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/sqldb/dbtest"
)

// Who shows a new text of a document has its passages, and puts the job of its
// vectors, for which it waits while a unit holds that job: so the unit that
// stores vectors must not hold the job while it waits for passages.
func TestWhoWaitsForPassagesDoesNotHoldTheJobOfTheirVectors(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	d, err := store.AddDocument(t.Context(), core.Document{OrganizationID: 1, CorpusID: 1, Name: "a", Tags: []string{}, Step: core.Pending})
	if err != nil {
		t.Fatal(err)
	}
	d.Step = core.Completed
	if _, err := store.Finish(t.Context(), d, []core.Indexed{{Number: 1, Text: "a"}}, held); err != nil {
		t.Fatal(err)
	}
	bare, err := store.Unembedded(t.Context(), 1, d.ID, "m", 0, 1)
	if err != nil || len(bare) != 1 {
		t.Fatal(bare, err)
	}
	const job = 7 // a lock in its place
	done := make(chan error, 1)
	err = db.Within(t.Context(), func(ctx context.Context) error {
		if _, err := db.On(ctx).NewRaw("UPDATE corpora_passages SET is_live = FALSE WHERE document_id = ?", d.ID).Exec(ctx); err != nil {
			return err
		}
		go func() {
			done <- store.AddVectors(t.Context(), 1, "m", []ranking.Vector{{Passage: bare[0].ID, Values: []int8{1}}}, func(ctx context.Context) error {
				_, err := db.On(ctx).NewRaw("SELECT pg_advisory_xact_lock(?)", job).Exec(ctx)
				return err
			})
		}()
		for waits := 0; waits == 0; {
			if err := db.On(ctx).NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))").Scan(ctx, &waits); err != nil {
				return err
			}
		}
		var free bool
		err := db.On(ctx).NewRaw("SELECT pg_try_advisory_xact_lock(?)", job).Scan(ctx, &free)
		if err == nil && !free {
			t.Error("the two wait for each other")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
