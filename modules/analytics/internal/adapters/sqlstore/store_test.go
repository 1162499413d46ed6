package sqlstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/coretest"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func stores(t *testing.T, suite func(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit))) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		suite(t, func(t *testing.T) (core.Store, uow.Unit) {
			db, unit := open(t)
			return sqlstore.New(db), unit
		})
	})
}

func TestStore(t *testing.T)     { stores(t, coretest.TestStore) }
func TestFigures(t *testing.T)   { stores(t, coretest.TestFigures) }
func TestQuestions(t *testing.T) { stores(t, coretest.TestQuestions) }

func TestAFigureCostsTheSameStatementsHoweverMuchItSums(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		store := sqlstore.New(db)
		service := core.New(store, clock.NewFixed(now))
		part := actor.Actor{UserID: 1, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 2, Role: actor.Admin}}}
		count := func() (statements []int64) {
			for _, who := range []actor.Actor{actor.System(1), part} {
				ctx, n := sqldb.CountQueries(context.Background())
				if _, err := service.TotalCount(ctx, who, core.Period{}, core.Filter{}); err != nil {
					t.Fatal(err)
				}
				statements = append(statements, n.Swap(0))
				if _, err := service.ByPeriod(ctx, who, core.Period{Days: core.MaxDays, Zone: "Asia/Kathmandu"}, core.Filter{}, core.Daily, false); err != nil {
					t.Fatal(err)
				}
				statements = append(statements, n.Load())
			}
			return statements
		}
		empty := count()
		if err := service.Record(context.Background(), many(now, 2000)...); err != nil {
			t.Fatal(err)
		}
		if got := count(); !slices.Equal(got, empty) {
			t.Errorf("%d statements without facts, %d with some", empty, got)
		}
		if err := store.Seal(context.Background(), 1, now); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from memory
			// Three more: what cells there are, which segments changed, and the segments.
			for i, n := range count() {
				if n > empty[i]+6 {
					t.Errorf("question %d takes %d statements over segments, %d without", i, n, empty[i])
				}
			}
		}
	})
}
