package sqlstore_test

import (
	"context"
	"fmt"
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

func TestStore(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		coretest.TestStore(t, func(t *testing.T) (core.Store, uow.Unit) {
			db, unit := open(t)
			return sqlstore.New(db), unit
		})
	})
}

func TestAnInboxCostsTheSameStatementsHoweverFullItIs(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		store := sqlstore.New(db)
		service := core.New(core.Deps{Unit: unit, Store: store, Clock: clock.System{}})
		for round := range 2 {
			ctx, n := sqldb.CountQueries(context.Background())
			if _, err := service.Inbox(ctx, actor.Actor{UserID: 7, OrganizationID: 1}, nil, page.Request{Size: page.MaxSize}); err != nil {
				t.Fatal(err)
			}
			if n.Load() != 2 { // the counters, the page
				t.Errorf("round %d: %d statements", round, n.Load())
			}
			var ns []core.Notification
			for i := range 600 {
				ns = append(ns, core.Notification{UserID: 7, OrganizationID: 1, Cause: fmt.Sprint(round, i), CreatedOn: time.Unix(int64(i), 0).UTC()})
			}
			if _, err := store.Add(context.Background(), ns); err != nil {
				t.Fatal(err)
			}
		}
	})
}
