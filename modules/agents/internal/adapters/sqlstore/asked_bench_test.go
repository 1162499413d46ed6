package sqlstore_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkAsked notes questions of sixteen users to the agent that they asked
// before, as a batch of a consumer does. The users are of no database.
func BenchmarkAsked(b *testing.B) {
	dbtest.EachBench(b, []migrate.Set{sqlstore.Migrations()}, func(b *testing.B, db *sqldb.DB) {
		unit := sqldb.NewUnit(db, &dbtest.Outbox{}, clock.System{})
		s := core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Projects: open{}, Directory: crowd{}, Addresses: free{}, Clock: clock.System{}})
		agentName, project := "Guide", int64(1)
		a, err := s.CreateAgent(b.Context(), actor.Actor{UserID: 1, OrganizationID: 1, Email: "admin@x", Level: actor.GlobalAdmin}, core.Settings{Name: &agentName, ProjectID: &project})
		if err != nil {
			b.Fatal(err)
		}
		questions := make([]core.Question, 16)
		used := func() int64 {
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
				b.Fatal(err)
			}
			return u.Utime.Nano() + u.Stime.Nano()
		}
		before := used()
		b.ReportAllocs()
		for b.Loop() {
			for i := range questions {
				questions[i] = core.Question{OrganizationID: 1, UserID: int64(i + 1), AgentID: a.ID, AskedOn: time.Now()}
			}
			if err := unit.Do(b.Context(), func(ctx context.Context, _ uow.Tx) error { return s.Asked(ctx, questions...) }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(used()-before)/1000/float64(b.N), "own-µs/op")
	})
}
