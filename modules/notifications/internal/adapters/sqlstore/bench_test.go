package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// benchInboxes runs bench over an inbox of 10 and one of 100,000, half of it read.
func benchInboxes(b *testing.B, bench func(b *testing.B, db *sqldb.DB, s *core.Service)) {
	for _, size := range []int{10, 100_000} {
		for name, open := range map[string]func() *sqldb.DB{
			"sqlite": func() *sqldb.DB { return dbtest.SQLite(b, sqlstore.Migrations()) }, "postgres": func() *sqldb.DB { return dbtest.Postgres(b, sqlstore.Migrations()) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				db := open()
				store := fill(b, db, size)
				unit := sqldb.NewUnit(db, nowhere{}, clock.System{})
				bench(b, db, core.New(core.Deps{Unit: unit, Store: store, Clock: clock.System{}}))
			})
		}
	}
}

// BenchmarkInbox is a page of ten of an inbox, with the counts, as the API reads it.
func BenchmarkInbox(b *testing.B) {
	yes, no := true, false
	for name, isRead := range map[string]*bool{"all": nil, "read": &yes, "unread": &no} {
		b.Run(name, func(b *testing.B) {
			benchInboxes(b, func(b *testing.B, _ *sqldb.DB, s *core.Service) {
				for b.Loop() {
					found, err := s.Inbox(b.Context(), actor.Actor{UserID: 7, OrganizationID: 1}, isRead, page.Request{Size: 10})
					if err != nil || len(found.Items) < 5 {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkReadAll reads a whole inbox, and measures how long a notification to
// somebody else waits meanwhile.
func BenchmarkReadAll(b *testing.B) {
	benchInboxes(b, func(b *testing.B, db *sqldb.DB, s *core.Service) {
		ctx := context.Background()
		var waits []time.Duration
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			if _, err := db.ExecContext(ctx, "UPDATE notifications_inbox SET is_read = FALSE"); err != nil {
				b.Fatal(err)
			}
			if _, err := db.ExecContext(ctx, "DELETE FROM notifications_reads"); err != nil {
				b.Fatal(err)
			}
			if _, err := db.ExecContext(ctx, "UPDATE notifications_counters SET unread = total, read_through = 0"); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			done := make(chan error, 1)
			go func() {
				_, err := s.ReadAll(ctx, actor.Actor{UserID: 7, OrganizationID: 1})
				done <- err
			}()
			for i, reading := 0, true; reading; i++ {
				select {
				case err := <-done:
					if err != nil {
						b.Fatal(err)
					}
					reading = false
				default:
					began := time.Now()
					if _, err := s.Store.Add(ctx, []core.Notification{{UserID: 8, OrganizationID: 1, Cause: fmt.Sprint(n, " ", i)}}); err != nil {
						b.Fatal(err)
					}
					waits = append(waits, time.Since(began))
				}
			}
		}
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "others-p99-µs")
		b.ReportMetric(float64(waits[len(waits)-1].Microseconds()), "others-max-µs")
	})
}

type nowhere struct{}

// Append implements sqldb.Outbox.
func (nowhere) Append(context.Context, []event.Envelope) error { return nil }

// Committed implements sqldb.Outbox.
func (nowhere) Committed() {}
