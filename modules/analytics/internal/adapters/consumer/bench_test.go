package consumer_test

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/consumer"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/modules/chat"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkCommitToFigure publishes 200 ended runs a second and measures the
// time from the return of each commit until the fact of the run is committed
// ("effect"), and until the count of queries, as the API answers it, has the run
// ("figure"). The count is asked whenever a consumer has committed, so the time
// of the question is part of it.
func BenchmarkCommitToFigure(b *testing.B) {
	sets := []migrate.Set{bus.Migrations(), sqlstore.Migrations()}
	b.Run("sqlite", func(b *testing.B) { commitToFigure(b, dbtest.SQLite(b, sets...)) })
	b.Run("postgres", func(b *testing.B) { commitToFigure(b, dbtest.Postgres(b, sets...)) })
	b.Run("postgres,busy", func(b *testing.B) {
		db := dbtest.Postgres(b, sets...)
		defer keepBusy(b, db)()
		commitToFigure(b, db)
	})
}

// keepBusy writes in transactions of 50 ms one after the other, as who stores many
// passages does, until stop.
func keepBusy(b *testing.B, db *sqldb.DB) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	store := sqlstore.New(db)
	go func() {
		defer close(ended)
		for n := int64(1); ; n++ {
			select {
			case <-stopped:
				return
			default:
			}
			err := db.Within(context.Background(), func(ctx context.Context) error {
				defer time.Sleep(50 * time.Millisecond)
				return store.AddItem(ctx, core.Item{Kind: core.Document, EntityID: n, OrganizationID: 2})
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	}()
	return func() { close(stopped); <-ended }
}

// watched is the unit of work of the consumer, and its store: it tells of its
// commits, and how many runs they have in all.
type watched struct {
	uow.Unit
	core.Store
	runs      *atomic.Int64
	stored    func(runs int)
	committed chan struct{}
}

func (w watched) AddFacts(ctx context.Context, facts []core.Fact) error {
	for _, f := range facts {
		w.runs.Add(f.Runs)
	}
	return w.Store.AddFacts(ctx, facts)
}

func (w watched) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	err := w.Unit.Do(ctx, fn)
	w.stored(int(w.runs.Load()))
	select {
	case w.committed <- struct{}{}:
	default:
	}
	return err
}

// lateness is how late runs are seen after their commit.
type lateness struct {
	start     time.Time
	committed []atomic.Int64 // since start, by run
	took      []time.Duration
}

func (l *lateness) seen(runs int) {
	now := time.Since(l.start)
	for len(l.took) < min(runs, len(l.committed)) {
		at := l.committed[len(l.took)].Load()
		for at == 0 { // seen before the publisher could look at its watch
			at = l.committed[len(l.took)].Load()
		}
		l.took = append(l.took, max(now-time.Duration(at), 0))
	}
}

func (l *lateness) report(b *testing.B, what string) {
	slices.Sort(l.took)
	b.ReportMetric(float64(l.took[len(l.took)/2].Microseconds()), what+"-p50-µs")
	b.ReportMetric(float64(l.took[len(l.took)*99/100].Microseconds()), what+"-p99-µs")
}

func commitToFigure(b *testing.B, db *sqldb.DB) {
	ctx := context.Background()
	outbox := bus.NewOutbox(db)
	unit := sqldb.NewUnit(db, outbox, clock.System{})
	effect, figure := lateness{start: time.Now(), committed: make([]atomic.Int64, b.N)}, lateness{}
	store := sqlstore.New(db)
	consumed := watched{unit, store, &atomic.Int64{}, func(runs int) { effect.seen(runs - 1) }, make(chan struct{}, 1)}
	service := core.New(consumed, clock.System{})
	events, err := bus.New(bus.Config{DB: db, Outbox: outbox, Unit: consumed, Consumers: consumer.Consumers(service), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if err := events.Start(ctx); err != nil {
		b.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := events.Stop(ctx); err != nil {
			b.Error(err)
		}
	}()
	publish := func(r chat.Run) {
		if err := unit.Do(ctx, func(_ context.Context, tx uow.Tx) error { tx.Publish(chat.RunCompleted{Run: r}); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	// Once an hour is sealed, a question keeps what is not, as it does in a server.
	old := run(1, answer)
	old.AskedOn = clock.System{}.Now().Add(-time.Hour)
	publish(old)
	if err := events.Drain(ctx); err != nil {
		b.Fatal(err)
	}
	if err := store.Seal(ctx, 1, clock.System{}.Now().Add(-30*time.Minute)); err != nil {
		b.Fatal(err)
	}

	figure.start, figure.committed = effect.start, effect.committed
	shown := make(chan error, 1)
	go func() {
		shown <- func() error {
			for len(figure.took) < b.N {
				<-consumed.committed
				all, err := service.TotalCount(ctx, actor.System(1), core.Period{Days: 1}, core.Filter{})
				if err != nil {
					return err
				}
				figure.seen(int(all.Queries) - 1)
			}
			return nil
		}()
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		r := run(int64(i+2), rewriting, answer)
		r.AskedOn = clock.System{}.Now()
		publish(r)
		effect.committed[i].Store(int64(time.Since(effect.start)))
	}
	if err := <-shown; err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	effect.report(b, "effect")
	figure.report(b, "figure")
	b.ReportMetric(0, "ns/op")
}
