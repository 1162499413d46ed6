package sqlstore_test

import (
	"context"
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

// What the intake pays for budgets: nothing while no organization has one that
// the facts are of, and one statement otherwise.
func TestABudgetCostsTheIntakeOneStatementAndNoneCostsNothing(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		service := core.New(sqlstore.New(db), clock.NewFixed(now)).ChangeBy(unit)
		facts := many(now, 100)
		cost := func() (n int64) {
			t.Helper()
			err := unit.Do(context.Background(), func(ctx context.Context, tx uow.Tx) error {
				ctx, count := sqldb.CountQueries(ctx)
				err := service.Spent(ctx, tx, facts)
				n = count.Load()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		chief := func(org int64) actor.Actor {
			return actor.Actor{UserID: 1, OrganizationID: org, Level: actor.GlobalAdmin}
		}
		set := func(org int64) {
			t.Helper()
			if _, err := service.SetBudget(context.Background(), chief(org), core.MaxBudget, 80); err != nil {
				t.Fatal(err)
			}
			service.ForgetBudgets()
		}
		for _, want := range []int64{1, 0, 0} { // which budgets there are is read once
			if n := cost(); n != want {
				t.Errorf("without a budget: %d statements, not %d", n, want)
			}
		}
		set(2)
		cost()
		if n := cost(); n != 0 {
			t.Errorf("with a budget of another organization: %d statements", n)
		}
		set(1)
		cost()
		if n := cost(); n != 1 {
			t.Errorf("with a budget: %d statements", n)
		}
	})
}
