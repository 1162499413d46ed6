package work_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	"parley/platform/work/sqlstore"
)

// bench is one process on the machine's clock.
type bench struct {
	*testing.B
	db    *sqldb.DB
	unit  uow.Unit
	store *sqlstore.Store
	queue *work.Queue
}

func eachBench(b *testing.B, run func(b bench)) {
	dbtest.EachBench(b, []migrate.Set{sqlstore.Migrations()}, func(b *testing.B, db *sqldb.DB) {
		if _, err := db.ExecContext(b.Context(), "CREATE TABLE tests_rows (n BIGINT NOT NULL)"); err != nil {
			b.Fatal(err)
		}
		store := sqlstore.New(db)
		run(bench{b, db, sqldb.NewUnit(db, bus.NewOutbox(db), clock.System{}), store, work.NewQueue(store, nil, clock.System{})})
	})
}

// put stores a row and, with it, a job for each tenant.
func (b bench) put(row int, tenants ...int64) {
	err := b.unit.Do(context.WithoutCancel(b.Context()), func(ctx context.Context, _ uow.Tx) error {
		if _, err := b.db.On(ctx).NewRaw("INSERT INTO tests_rows (n) VALUES (?)", row).Exec(ctx); err != nil || len(tenants) == 0 {
			return err
		}
		jobs := make([]kernel.Job, len(tenants))
		for i, t := range tenants {
			jobs[i] = kernel.Job{Kind: kind, Tenant: t, Payload: fmt.Sprint(row)}
		}
		return b.queue.Put(ctx, jobs...)
	})
	if err != nil {
		b.Error(err)
	}
}

// serve starts a runner with the times of production.
func (b bench) serve(k kernel.Kind) {
	r, err := work.NewRunner(work.Config{Queue: b.queue, Kinds: []kernel.Kind{k}, Owner: id.New(), Log: discard})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := r.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	})
}

func (b bench) quantiles(took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPut commits a row with and without a job, from eight goroutines.
func BenchmarkPut(b *testing.B) {
	for name, tenants := range map[string][]int64{"row": nil, "row+job": {1}} {
		b.Run(name, func(b *testing.B) {
			eachBench(b, func(b bench) {
				var next atomic.Int64
				var group sync.WaitGroup
				b.ResetTimer()
				for range 8 {
					group.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							b.put(int(n), tenants...)
						}
					})
				}
				group.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
				b.ReportMetric(0, "ns/op")
			})
		})
	}
}

// BenchmarkLatency is the time from the return of the commit to the entry of
// the handler, at 100 jobs a second.
func BenchmarkLatency(b *testing.B) {
	eachBench(b, func(b bench) {
		committed := make([]atomic.Int64, b.N)
		start := time.Now()
		took := make(chan time.Duration, b.N)
		k := doing(4, func(_ context.Context, c kernel.Claim) error {
			entered := time.Since(start)
			var n int
			if _, err := fmt.Sscan(c.Job().Payload, &n); err != nil {
				return err
			}
			at := committed[n].Load()
			for at == 0 { // entered before the caller could look at its watch
				at = committed[n].Load()
			}
			took <- max(entered-time.Duration(at), 0)
			return nil
		})
		b.serve(k)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := range b.N {
			<-tick.C
			b.put(i, 1)
			committed[i].Store(int64(time.Since(start)))
		}
		all := make([]time.Duration, b.N)
		for i := range all {
			all[i] = <-took
		}
		b.quantiles(all)
	})
}

// BenchmarkFairness is how long one job of a tenant takes from its commit to
// its end while another tenant has 400 before it, with ten places and jobs of
// 40 ms: in the order of arrival it would be 1.7 s.
func BenchmarkFairness(b *testing.B) {
	eachBench(b, func(b bench) {
		ended := make(chan time.Time, b.N)
		b.serve(doing(10, func(_ context.Context, c kernel.Claim) error {
			time.Sleep(40 * time.Millisecond)
			if c.Job().Tenant == 2 {
				ended <- time.Now()
			}
			return nil
		}))
		var all []time.Duration
		for i := range b.N {
			b.put(i, make([]int64, 400)...)
			time.Sleep(100 * time.Millisecond)
			b.put(i, 2)
			at := time.Now()
			all = append(all, (<-ended).Sub(at))
			for counts, err := b.store.Counts(b.Context()); len(counts) > 0; counts, err = b.store.Counts(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		b.quantiles(all)
	})
}

// BenchmarkClaim claims and finishes jobs one by one, by the number of tenants
// that wait, each with ten jobs.
func BenchmarkClaim(b *testing.B) {
	for _, tenants := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint("tenants=", tenants), func(b *testing.B) {
			eachBench(b, func(b bench) {
				all := make([]int64, tenants)
				for i := range all {
					all[i] = int64(i)
				}
				for i := range 10 {
					b.put(i, all...)
				}
				if b.db.Postgres() {
					if _, err := b.db.ExecContext(b.Context(), "ANALYZE work_jobs"); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					at := clock.System{}.Now()
					claimed, err := b.store.Claim(b.Context(), work.ClaimRequest{Kind: kind, Limit: 1, Owner: "me", Now: at, Until: at.Add(time.Minute)})
					if err != nil || len(claimed) != 1 {
						b.Fatal(claimed, err)
					}
					if err := b.store.Return(b.Context(), []work.Fence{claimed[0].Fence()}, at); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
