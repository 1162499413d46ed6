package consumer_test

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/consumer"
	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkCommitToStream publishes 200 facts a second, about 50 users who all
// follow their inboxes, and measures the time from the return of each commit
// until the notification is in the stream. With "elsewhere" the streams are in
// another process, with a bus of its own, than the one that publishes.
func BenchmarkCommitToStream(b *testing.B) {
	sets := []migrate.Set{bus.Migrations(), sqlstore.Migrations()}
	b.Run("sqlite", func(b *testing.B) { commitToStream(b, dbtest.SQLite(b, sets...), false) })
	b.Run("postgres", func(b *testing.B) { commitToStream(b, dbtest.Postgres(b, sets...), false) })
	b.Run("postgres,elsewhere", func(b *testing.B) { commitToStream(b, dbtest.Postgres(b, sets...), true) })
}

const followed = 50

type process struct {
	service *core.Service
	unit    uow.Unit
	bus     *bus.Bus
}

func startProcess(b *testing.B, db *sqldb.DB) process {
	b.Helper()
	people := &directory{}
	for i := range int64(followed + 1) {
		people.people = append(people.people, users.User{ID: i + 1, OrganizationID: 1, Email: "a@example.com", IsActive: true})
	}
	a := actors{directory: people}
	outbox := bus.NewOutbox(db)
	p := process{unit: sqldb.NewUnit(db, outbox, clock.System{})}
	p.service = core.New(core.Deps{Unit: p.unit, Store: sqlstore.New(db), Users: people, Actors: a, Roles: a, Clock: clock.System{}})
	p.service.Decided(everything())
	var err error
	p.bus, err = bus.New(bus.Config{DB: db, Outbox: outbox, Unit: p.unit, Consumers: consumer.Consumers(p.service), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if err := p.bus.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := p.bus.Stop(ctx); err != nil {
			b.Error(err)
		}
	})
	return p
}

func commitToStream(b *testing.B, db *sqldb.DB, elsewhere bool) {
	publisher := startProcess(b, db)
	follower := publisher
	if elsewhere {
		follower = startProcess(b, db)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	committed := make([]atomic.Int64, b.N)
	start := time.Now()
	var mu sync.Mutex
	var took []time.Duration
	var reading sync.WaitGroup
	seen := make(chan struct{}, b.N)
	for i := range int64(followed) {
		st, err := follower.service.Follow(ctx, actor.Actor{UserID: i + 2, OrganizationID: 1}, nil)
		if err != nil {
			b.Fatal(err)
		}
		reading.Go(func() {
			defer st.Close()
			for {
				told, err := st.Next(ctx)
				if err != nil {
					return
				}
				now := time.Since(start)
				if told.Notification == nil {
					continue
				}
				n, err := strconv.Atoi(strings.TrimPrefix(*told.Notification.Link, "/api/team/"))
				if err != nil {
					b.Error(err)
					return
				}
				at := committed[n].Load()
				for at == 0 { // seen before the publisher could look at its watch
					at = committed[n].Load()
				}
				mu.Lock()
				took = append(took, max(now-time.Duration(at), 0))
				mu.Unlock()
				seen <- struct{}{}
			}
		})
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		err := publisher.unit.Do(ctx, func(_ context.Context, tx uow.Tx) error {
			tx.Publish(users.RoleChanged{UserID: int64(i%followed) + 2, OrganizationID: 1, ResourceType: "team", ResourceID: int64(i), Role: "member", ChangedBy: 1})
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		committed[i].Store(int64(time.Since(start)))
	}
	for range b.N {
		<-seen
	}
	b.StopTimer()
	cancel()
	reading.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(0, "ns/op")
}
