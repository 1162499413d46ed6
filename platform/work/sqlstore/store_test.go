package sqlstore_test

import (
	"testing"

	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	"parley/platform/work/sqlstore"
	"parley/platform/work/worktest"
)

func TestStore(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		worktest.TestStore(t, func(t *testing.T) (work.Store, uow.Unit) {
			db, unit := open(t)
			return sqlstore.New(db), unit
		})
	})
}
