package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/notifications/internal/core/coretest"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestWebhookStore(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		coretest.TestWebhookStore(t, func(t *testing.T) (core.WebhookStore, uow.Unit) {
			db, unit := open(t)
			return sqlstore.NewWebhooks(db), unit
		})
	})
}

var noon = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// fillLog gives webhook 1 a log of n deliveries: most are over, some wait, and
// of those that are ready most are due later. Thirty others have a few each.
func fillLog(t testing.TB, db *sqldb.DB, n int) *sqlstore.Webhooks {
	t.Helper()
	store := sqlstore.NewWebhooks(db)
	if _, err := store.AddWebhook(t.Context(), core.Webhook{OrganizationID: 1, URL: "https://example.com", Secret: []byte("sealed"), Kinds: []string{"chat.run_completed.v1"}, IsEnabled: true}); err != nil {
		t.Fatal(err)
	}
	var ds []core.Delivery
	for i := range n {
		d := core.Delivery{
			WebhookID: 1, OrganizationID: 1, EventID: fmt.Sprint("event ", i), Kind: "chat.run_completed.v1", Subject: fmt.Sprint("thread/", i%500), Body: "{}",
			State: core.DeliveryDelivered, DueOn: noon.Add(time.Duration(i) * time.Second), CreatedOn: noon.Add(time.Duration(i) * time.Second),
		}
		switch i % 10 {
		case 0:
			d.State = core.DeliveryWaiting
		case 1:
			d.State = core.DeliveryReady
		case 2:
			d.WebhookID = 2 + int64(i%30)
		}
		if ds = append(ds, d); len(ds) == 1000 || i == n-1 {
			if _, err := store.AddDeliveries(t.Context(), ds); err != nil {
				t.Fatal(err)
			}
			ds = nil
		}
	}
	if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	return store
}

// However long the log of a webhook is, what is read of it is what is answered,
// by the index that is made for it.
func TestNoStatementOfADeliveryLogReadsAllOfIt(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		store := fillLog(t, db, 20_000)
		var statements []string
		dbtest.Hook(db, func(ctx context.Context, query string) any {
			if strings.Contains(query, "notifications_deliveries") && ctx.Value(asked{}) != nil {
				statements = append(statements, query)
			}
			return nil
		}, func(any) {})
		ctx := context.WithValue(t.Context(), asked{}, true)
		for name, q := range map[string]struct {
			index string
			do    func() error
		}{
			"the list": {"deliveries_webhook", func() error {
				_, err := store.DeliveriesPage(ctx, 3, page.Request{Size: 50, ByCursor: true})
				return err
			}},
			"the claim": {"deliveries_due", func() error {
				found, err := store.DueDeliveries(ctx, 1, noon.Add(15*time.Second), []int64{2, 3}, 4)
				if err == nil && len(found) == 0 {
					t.Error("nothing is due")
				}
				return err
			}},
			"the next of a subject": {"deliveries_lane", func() error { return store.Promote(ctx, 1, "thread/10", noon) }},
			"who is busy": {"deliveries_lane", func() error {
				_, err := store.BusySubjects(ctx, 1, []string{"thread/10", "thread/17"})
				return err
			}},
			"what is known": {"deliveries_event", func() error {
				_, err := store.KnownEvents(ctx, 1, []string{"event 10", "event 18000"})
				return err
			}},
			"what is old": {"deliveries_over", func() error { _, err := store.PruneDeliveries(ctx, noon.Add(20*time.Second), 10); return err }},
		} {
			statements = nil
			if err := q.do(); err != nil {
				t.Fatal(err)
			}
			if len(statements) != 1 {
				t.Errorf("%s: %d statements", name, len(statements))
			}
			for _, s := range statements {
				plan := strings.Join(dbtest.Plan(t, db, db.Postgres(), s), "\n")
				for _, bad := range []string{"Seq Scan on notifications_deliveries", "SCAN d", "SCAN notifications_deliveries", "TEMP B-TREE FOR ORDER BY"} {
					if strings.Contains(plan, bad) {
						t.Errorf("%s: %s\n%s", name, s, plan)
					}
				}
				if !strings.Contains(plan, q.index) {
					t.Errorf("%s does not use index %s: %s\n%s", name, q.index, s, plan)
				}
			}
		}
	})
}

func TestADeliveryLogCostsTheSameStatementsHoweverLongItIs(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		for _, size := range []int{2, 1_000} {
			db, unit := open(t)
			service := core.NewWebhooks(core.WebhookDeps{Unit: unit, Store: fillLog(t, db, size), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
			for want, p := range map[int64]page.Request{2: {Size: 100, ByCursor: true}, 3: {Size: 100}} { // the webhook, the page, its count
				ctx, n := sqldb.CountQueries(t.Context())
				if _, err := service.Deliveries(ctx, actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}, 1, p); err != nil {
					t.Fatal(err)
				}
				if n.Load() != want {
					t.Errorf("of %d: %d statements, not %d", size, n.Load(), want)
				}
			}
		}
	})
}
