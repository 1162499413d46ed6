package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestKeysMadeAtOnceStayWithinTheLimit(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p, ctx := newPeople(t, db, unit), t.Context()
		admin := as(p.add(t, 1, true)[0])
		made, refused := 0, 0
		for i, err := range atOnce(120, func(i int) error {
			_, _, err := p.CreateKey(ctx, admin, core.NewKey{Name: fmt.Sprintf("k%d", i), Scope: actor.Scope{Kind: actor.ScopeAll}})
			return err
		}) {
			switch {
			case err == nil:
				made++
			case errors.Is(err, core.ErrManyKeys):
				refused++
			default:
				t.Errorf("%d: %v", i, err)
			}
		}
		if made != 100 || refused != 20 {
			t.Errorf("%d keys were made and %d refused", made, refused)
		}
		if found, err := p.Keys(ctx, admin, 0, page.Request{}); err != nil || found.Count != 100 {
			t.Errorf("%d keys are there, %v", found.Count, err)
		}
	})
}
