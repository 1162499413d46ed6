package sqlstore_test

import (
	"testing"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/notifications/internal/core/coretest"
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
