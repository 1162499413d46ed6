package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkKeys stores questions with keys, eight in a commit.
//
//	go test ./modules/chat/internal/adapters/sqlstore -run '^$' -bench Keys -benchtime 1000x
func BenchmarkKeys(b *testing.B) {
	dbtest.EachBench(b, []migrate.Set{sqlstore.Migrations()}, func(b *testing.B, db *sqldb.DB) {
		store, unit, asked := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{}), 0
		b.ReportAllocs()
		for b.Loop() {
			batch := core.Batch{Now: time.Now()}
			for range 8 {
				asked++
				key := fmt.Sprint("key ", asked)
				p := asking(key, core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"})
				p.Run.IdempotencyKey = &key
				batch.Accepts = append(batch.Accepts, p)
			}
			err := unit.Do(b.Context(), func(ctx context.Context, _ uow.Tx) error {
				_, err := store.Write(ctx, batch)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
