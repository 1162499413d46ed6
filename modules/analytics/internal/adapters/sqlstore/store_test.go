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
			// Each list costs its question and, if it has names, those of all rows.
			for _, who := range []actor.Actor{actor.System(1), part} {
				f, p := core.Filter{}, core.Period{Days: core.MaxDays, Zone: "America/St_Johns"}
				for name, c := range map[string]struct {
					ask  func(ctx context.Context) (rows int, err error)
					want int64
				}{
					"periods": {func(ctx context.Context) (int, error) {
						list, err := service.ByPeriod(ctx, who, p, f, core.Weekly, true)
						return len(list), err
					}, 1},
					"engagement": {func(ctx context.Context) (int, error) {
						list, err := service.UserEngagement(ctx, who, p, f)
						return len(list), err
					}, 1},
					"sources": {func(ctx context.Context) (int, error) {
						list, err := service.BySegment(ctx, who, p, f, core.ByQuerySource, core.ByTokens, 1000)
						return len(list), err
					}, 1},
					"projects": {func(ctx context.Context) (int, error) {
						list, err := service.BySegment(ctx, who, p, f, core.ByProject, core.ByQueries, 1000)
						return len(list), err
					}, 2},
					"users": {func(ctx context.Context) (int, error) {
						list, err := service.Leaderboard(ctx, who, p, f, core.User, core.ByQueries, 1000)
						return len(list), err
					}, 2},
				} {
					ctx, n := sqldb.CountQueries(context.Background())
					rows, err := c.ask(ctx)
					if err != nil {
						t.Fatal(err)
					}
					if rows > 0 && n.Load() > c.want {
						t.Errorf("%s: %d statements for %d rows", name, n.Load(), rows)
					}
				}
			}
			if err := service.Record(context.Background(), many(now, 2000)...); err != nil {
				t.Fatal(err)
			}
		}
	})
}
