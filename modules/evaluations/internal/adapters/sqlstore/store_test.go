package sqlstore_test

import (
	"testing"

	"parley/modules/evaluations/internal/adapters/sqlstore"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/coretest"
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
