package bus

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func eachBench(b *testing.B, run func(b *testing.B, r *rig)) {
	sets := []migrate.Set{Migrations()}
	b.Run("sqlite", func(b *testing.B) { run(b, newRig(b, dbtest.SQLite(b, sets...))) })
	b.Run("postgres", func(b *testing.B) { run(b, newRig(b, dbtest.Postgres(b, sets...))) })
}

func benchBus(b *testing.B, r *rig, consumers ...Consumer) *Bus {
	b.Helper()
	bus, err := New(Config{DB: r.db, Outbox: r.outbox, Unit: r.unit, Consumers: consumers, Clock: r.clock, Log: r.log})
	if err != nil {
		b.Fatal(err)
	}
	if err := bus.Start(r.ctx()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.stop(bus) })
	r.drain(bus)
	return bus
}

// BenchmarkLatency is the time from the return of the commit to the entry of
// the handler, at 200 events a second.
func BenchmarkLatency(b *testing.B) {
	eachBench(b, func(b *testing.B, r *rig) {
		var mu sync.Mutex
		var took []time.Duration
		committed := make([]atomic.Int64, b.N)
		start := time.Now()
		entered := make(chan struct{}, b.N)
		benchBus(b, r, Consumer{Name: "bench.one", Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			now := time.Since(start)
			at := committed[h.N].Load()
			for at == 0 { // entered before the publisher could look at its watch
				at = committed[h.N].Load()
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, max(now-time.Duration(at), 0))
			entered <- struct{}{}
			return nil
		})}})
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		b.ResetTimer()
		for i := range b.N {
			<-tick.C
			r.publish(happened{Key: "a", N: i})
			committed[i].Store(int64(time.Since(start)))
		}
		for range b.N {
			<-entered
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	})
}

// BenchmarkThroughput publishes from eight goroutines, a row and an event per
// commit, and ends when every effect is there.
func BenchmarkThroughput(b *testing.B) {
	for _, c := range []struct {
		consumers, concurrency int
		many                   bool
	}{{1, 1, false}, {1, 8, false}, {3, 1, false}, {3, 1, true}} {
		b.Run(fmt.Sprintf("consumers=%d,keys=%d,many=%v", c.consumers, c.concurrency, c.many), func(b *testing.B) {
			eachBench(b, func(b *testing.B, r *rig) {
				var list []Consumer
				for i := range c.consumers {
					one := r.recorder(fmt.Sprintf("bench.c%d", i))
					if c.many {
						one = r.bulkRecorder(one.Name)
					}
					one.Concurrency = c.concurrency
					list = append(list, one)
				}
				bus := benchBus(b, r, list...)
				sent := &statements{}
				r.db.AddQueryHook(sent)
				b.ResetTimer()
				start := time.Now()
				publishAll(b, r, 8)
				published := time.Since(start)
				r.drain(bus)
				b.ReportMetric(float64(b.N)/published.Seconds(), "commits/s")
				b.ReportMetric(float64(b.N*c.consumers)/time.Since(start).Seconds(), "effects/s")
				// What the publishers send: BEGIN, two inserts, COMMIT.
				b.ReportMetric(float64(sent.n.Load())/float64(b.N)-4, "statements/event")
				b.ReportMetric(0, "ns/op")
			})
		})
	}
}

// publishAll commits b.N events and rows from several goroutines.
func publishAll(b *testing.B, r *rig, goroutines int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				err := r.unit.Do(context.Background(), func(ctx context.Context, tx uow.Tx) error {
					tx.Publish(happened{Key: fmt.Sprint(n % 50), N: n})
					_, err := r.db.On(ctx).NewRaw("INSERT INTO tests_sources (n) VALUES (?)", n).Exec(ctx)
					return err
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// statements counts what bun sends.
type statements struct{ n atomic.Int64 }

func (s *statements) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	s.n.Add(1)
	return ctx
}
func (*statements) AfterQuery(context.Context, *bun.QueryEvent) {}

// BenchmarkIdle counts the statements of a bus with eight consumers and
// nothing to do. The listener's ping, one in five seconds, is included.
func BenchmarkIdle(b *testing.B) {
	const span = 10 * time.Second
	idle := func(b *testing.B, db *sqldb.DB) {
		r := newRig(b, db)
		var list []Consumer
		for i := range 8 {
			list = append(list, r.recorder(fmt.Sprintf("bench.c%d", i)))
		}
		benchBus(b, r, list...)
		count := &statements{}
		db.AddQueryHook(count)
		for range b.N {
			time.Sleep(span)
		}
		b.ReportMetric(float64(count.n.Load())/float64(b.N)/span.Seconds(), "statements/s")
	}
	b.Run("sqlite", func(b *testing.B) { idle(b, dbtest.SQLite(b, Migrations())) })
	b.Run("postgres", func(b *testing.B) { idle(b, dbtest.Postgres(b, Migrations())) })
}
