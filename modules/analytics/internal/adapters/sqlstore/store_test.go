package sqlstore_test

import (
	"context"
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
		service := core.New(sqlstore.New(db), clock.NewFixed(now))
		part := actor.Actor{UserID: 1, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 2, Role: actor.Admin}}}
		for round := range 2 {
			for _, who := range []actor.Actor{actor.System(1), part} {
				ctx, n := sqldb.CountQueries(context.Background())
				if _, err := service.TotalCount(ctx, who, core.Period{}, core.Filter{}); err != nil {
					t.Fatal(err)
				}
				total := n.Swap(0)
				if _, err := service.TokensByDate(ctx, who, core.Period{Days: core.MaxDays, Zone: "Asia/Kathmandu"}, core.Filter{}); err != nil {
					t.Fatal(err)
				}
				if days := n.Load(); total != 2 || days != 1 {
					t.Errorf("round %d: %d and %d statements", round, total, days)
				}
			}
			if err := service.Record(context.Background(), many(now, 2000)...); err != nil {
				t.Fatal(err)
			}
		}
	})
}
