package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkDeletingALongThread deletes a thread of a thousand answers of fifty
// events each.
func BenchmarkDeletingALongThread(b *testing.B) {
	dbtest.EachBench(b, []migrate.Set{sqlstore.Migrations()}, func(b *testing.B, db *sqldb.DB) {
		store, unit, ctx := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{}), context.Background()
		do := func(fn func(ctx context.Context) error) {
			b.Helper()
			if err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return fn(ctx) }); err != nil {
				b.Fatal(err)
			}
		}
		for range b.N {
			b.StopTimer()
			now := time.Now().UTC()
			thread, err := store.AddThread(ctx, core.Thread{UserID: 7, Title: "Long", CreatedOn: now, ModifiedOn: now})
			if err != nil {
				b.Fatal(err)
			}
			for range 10 {
				batch := core.Batch{Now: now}
				for range 100 {
					events := make([]core.StreamEvent, 50)
					for i := range events {
						events[i] = core.StreamEvent{Sequence: int64(i + 1), Step: core.StepStream, Delta: "a few words of it "}
					}
					batch.Accepts = append(batch.Accepts, core.Accept{
						Thread: thread, Run: core.Run{RunID: id.New(), UserID: 7, State: core.Completed, CreatedOn: now, ModifiedOn: now, LeaseUntil: now},
						Content: core.Content{Question: "What is it?", Sources: "[]"}, Events: events,
					})
				}
				do(func(ctx context.Context) error { _, err := store.Write(ctx, batch); return err })
			}
			b.StartTimer()
			do(func(ctx context.Context) error {
				_, err := store.DeleteThread(ctx, 7, thread.ID, "jo", now)
				return err
			})
		}
	})
}
