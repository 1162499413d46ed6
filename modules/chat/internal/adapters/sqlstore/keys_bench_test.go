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
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkKeys stores questions with keys, eight in a commit.
//
//	go test ./modules/chat/internal/adapters/sqlstore -run '^$' -bench Keys -benchtime 1000x
func BenchmarkKeys(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) *sqldb.DB{
		"sqlite":   func(b *testing.B) *sqldb.DB { return dbtest.SQLite(b, sqlstore.Migrations()) },
		"postgres": func(b *testing.B) *sqldb.DB { return dbtest.Postgres(b, sqlstore.Migrations()) },
	} {
		b.Run(name, func(b *testing.B) {
			db := open(b)
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
}
