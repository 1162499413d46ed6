package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkIndexWords takes the words of 250 answers of forty words into the index.
func BenchmarkIndexWords(b *testing.B) {
	each := func(name string, open func(testing.TB) *sqldb.DB) {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
			do := func(f func(ctx context.Context) error) {
				if err := unit.Do(b.Context(), func(ctx context.Context, _ uow.Tx) error { return f(ctx) }); err != nil {
					b.Fatal(err)
				}
			}
			r := rand.New(rand.NewPCG(1, 2))
			n := 0
			for b.Loop() {
				b.StopTimer()
				batch := core.Batch{Now: time.Now()}
				for range 250 {
					words := make([]string, 50)
					for k := range words {
						words[k] = fmt.Sprintf("%c%c%c%c", 'a'+r.IntN(20), 'a'+r.IntN(5), 'k'+r.IntN(10), 'a'+r.IntN(5))
					}
					n++
					a := asking(fmt.Sprint(n), core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"})
					a.Content.Question = strings.Join(words, " ")
					batch.Accepts = append(batch.Accepts, a)
				}
				do(func(ctx context.Context) error {
					_, err := store.Write(ctx, batch)
					return err
				})
				do(func(ctx context.Context) error {
					_, err := db.On(ctx).NewRaw("INSERT INTO chat_unindexed SELECT id, agent_id FROM chat_runs WHERE state <> 'completed'").Exec(ctx)
					return err
				})
				do(func(ctx context.Context) error {
					_, err := db.On(ctx).NewRaw("UPDATE chat_runs SET state = 'completed' WHERE state <> 'completed'").Exec(ctx)
					return err
				})
				b.StartTimer()
				do(func(ctx context.Context) error {
					_, err := store.IndexWords(ctx, 250)
					return err
				})
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/answer")
		})
	}
	each("sqlite", func(b testing.TB) *sqldb.DB { return dbtest.SQLite(b, sqlstore.Migrations()) })
	each("postgres", func(b testing.TB) *sqldb.DB { return dbtest.Postgres(b, sqlstore.Migrations()) })
}
