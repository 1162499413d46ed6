package sqlstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/modules/analytics"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
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

// heard keeps what was published.
type heard struct{ all []event.Event }

// Publish implements uow.Tx.
func (h *heard) Publish(facts ...event.Event) { h.all = append(h.all, facts...) }

func TestABudgetThatIsSetWhileTheFirstFactsOfAMonthAreCountedIsToldOf(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		now, ctx := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC), t.Context()
		service := core.New(sqlstore.New(db), clock.NewFixed(now)).ChangeBy(unit)
		set := func(at time.Time, tokens int64) error {
			_, err := core.New(sqlstore.New(db), clock.NewFixed(at)).ChangeBy(unit).SetBudget(ctx, actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}, tokens, 80)
			return err
		}
		if err := set(now.AddDate(0, -1, 0), 100); err != nil {
			t.Fatal(err)
		}
		told, changed := &heard{}, make(chan error, 1)
		err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
			facts := []core.Fact{{Origin: "run/1", OrganizationID: 1, Model: "m", OccurredOn: now, Measures: core.Measures{PromptTokens: 1000}}}
			if err := service.Record(ctx, facts...); err != nil {
				return err
			}
			if err := service.Spent(ctx, told, facts); err != nil {
				return err
			}
			go func() { changed <- set(now, 500) }()
			return untilOneWaits(ctx, db, changed)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-changed; err != nil {
			t.Fatal(err)
		}
		if err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return service.BudgetSet(ctx, told, 1) }); err != nil {
			t.Fatal(err)
		}
		up := func(tokens int64) event.Event {
			return analytics.BudgetUsedUp{OrganizationID: 1, Period: "2026-05", Tokens: tokens, Used: 1000}
		}
		if want := []event.Event{up(100), up(500)}; !slices.Equal(told.all, want) {
			t.Errorf("told %+v, not %+v", told.all, want)
		}
	})
}

// untilOneWaits waits until another transaction waits for that of ctx, or what
// it does is done. On SQLite nobody else can have one.
func untilOneWaits(ctx context.Context, db *sqldb.DB, done chan error) error {
	if !db.Postgres() {
		return nil
	}
	for {
		var waiting int
		if err := db.On(ctx).NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))").Scan(ctx, &waiting); err != nil {
			return err
		}
		if waiting > 0 || len(done) > 0 {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}
