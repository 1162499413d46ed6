package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// A list with names costs one statement more than the figures alone, whether it
// has one row or hundreds.
func TestNamesCostOneStatementHoweverLongTheList(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		ctx, now := context.Background(), time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		service := core.New(sqlstore.New(db), clock.NewFixed(now))
		if err := service.Record(ctx, many(now, 2000)...); err != nil {
			t.Fatal(err)
		}
		for _, k := range []core.Kind{core.User, core.Agent, core.Team, core.Project} {
			var names []core.Name
			for id := range int64(200) {
				names = append(names, core.Name{OrganizationID: 1, Kind: k, EntityID: id, Name: fmt.Sprint(k, id)})
			}
			if err := service.SetNames(ctx, names...); err != nil {
				t.Fatal(err)
			}
		}
		count := func(ask func(ctx context.Context) (rows int, err error)) (rows int, statements int64) {
			t.Helper()
			ctx, n := sqldb.CountQueries(ctx)
			rows, err := ask(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return rows, n.Load()
		}
		part := actor.Actor{UserID: 1, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 2, Role: actor.Admin}}}
		for _, who := range []actor.Actor{actor.System(1), part} {
			segments := func(d core.Dimension, limit int) (int, int64) {
				return count(func(ctx context.Context) (int, error) {
					list, err := service.BySegment(ctx, who, core.Period{}, core.Filter{}, d, core.ByTokens, limit)
					return len(list), err
				})
			}
			_, bare := segments(core.ByModel, 1)
			for _, limit := range []int{2, 1000} {
				if rows, n := segments(core.ByProject, limit); n != bare+1 || rows < 2 {
					t.Errorf("%d projects cost %d statements", rows, n)
				}
				for _, k := range []core.Kind{core.User, core.Agent} {
					rows, n := count(func(ctx context.Context) (int, error) {
						list, err := service.Leaderboard(ctx, who, core.Period{}, core.Filter{}, k, core.ByTokens, limit)
						return len(list), err
					})
					if n != bare+1 || rows < 2 {
						t.Errorf("%d rows of %s cost %d statements", rows, k, n)
					}
				}
			}
		}
	})
}
