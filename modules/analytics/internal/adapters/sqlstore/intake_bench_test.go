package sqlstore_test

import (
	"context"
	"flag"
	"slices"
	"syscall"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

var (
	intakeFacts = flag.Int("intake-facts", 1_000_000, "facts that BenchmarkIntake takes in")
	sealRuns    = flag.Int("seal-runs", 20_000, "runs of the year that BenchmarkSeal seals")
)

// BenchmarkIntake takes a million facts in, as a consumer that is behind does: 128
// events in a transaction.
func BenchmarkIntake(b *testing.B) {
	dbtest.EachBench(b, []migrate.Set{sqlstore.Migrations()}, func(b *testing.B, db *sqldb.DB) {
		unit := sqldb.NewUnit(db, nil, clock.System{})
		service := core.New(sqlstore.New(db), clock.NewFixed(yearEnd))
		y := newYear(10_000_000)
		const atOnce = 300 // of 128 runs
		for b.Loop() {
			var all []core.Fact
			for quarter := core.QuarterOf(yearEnd); len(all) < *intakeFacts; quarter++ {
				all = append(all, y.facts(quarter)...)
			}
			began, spent := time.Now(), cpu()
			for part := range slices.Chunk(all, atOnce) {
				err := unit.Do(context.Background(), func(ctx context.Context, _ uow.Tx) error { return service.Record(ctx, part...) })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(all))/time.Since(began).Seconds(), "facts/s")
			b.ReportMetric(float64((cpu()-spent).Microseconds())/float64(len(all)), "cpu-µs/fact")
		}
	})
}

// BenchmarkSeal seals a year, as the first sealing after an upgrade does.
func BenchmarkSeal(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			for b.Loop() {
				db := open(b, sqlstore.Migrations())
				service := core.New(sqlstore.New(db), clock.NewFixed(yearEnd))
				y, last, n := newYear(*sealRuns), core.QuarterOf(yearEnd), 0
				var part []core.Fact
				for quarter := last - 365*96; quarter <= last; quarter++ {
					if part = append(part, y.facts(quarter)...); len(part) > 2000 || quarter == last {
						if err := service.Record(ctx, part...); err != nil {
							b.Fatal(err)
						}
						n, part = n+len(part), nil
					}
				}
				began, spent := time.Now(), cpu()
				if err := sqlstore.New(db).Seal(ctx, 1, yearEnd); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "s")
				b.ReportMetric((cpu() - spent).Seconds(), "cpu-s")
				b.ReportMetric(float64(n), "facts")
			}
		})
	}
}

// cpu is what this process has used. It tells more than the clock where others
// work on the machine, but leaves out what PostgreSQL does.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
