package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

type noHistory struct{}

func (noHistory) BlankPersonal(context.Context, []string) error { return nil }

type people struct {
	*core.Service
	store *sqlstore.Store
	org   users.Organization
}

func newPeople(t *testing.T, db *sqldb.DB, unit uow.Unit) people {
	t.Helper()
	store := sqlstore.New(db)
	p := people{store: store, Service: core.New(core.Deps{Unit: unit, Store: store, History: noHistory{}, Clock: clock.System{}})}
	var err error
	p.org, err = store.AddOrganization(context.Background(), users.Organization{OrgName: "Tech", Domain: "example.com", Audit: audit.New(audit.System, clock.System{}.Now())})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p people) add(t *testing.T, n int, superuser bool) []users.User {
	t.Helper()
	out := make([]users.User, n)
	for i := range out {
		u, err := p.store.AddUser(context.Background(), users.User{OrganizationID: p.org.ID, Email: fmt.Sprintf("u%d-%v@example.com", i, superuser), IsSuperuser: superuser, IsStaff: superuser, IsActive: true, DateJoined: clock.System{}.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.store.SetPassword(context.Background(), u.ID, "hash"); err != nil {
			t.Fatal(err)
		}
		out[i] = u
	}
	return out
}

func as(u users.User) actor.Actor {
	return actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, Level: u.Level()}
}

func TestTwoAdminsDeletingEachOtherLeaveOne(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p := newPeople(t, db, unit)
		for round := range 10 {
			admins := p.add(t, 2, true)
			var wg sync.WaitGroup
			outcomes := make([]error, 2)
			for i := range 2 {
				wg.Go(func() {
					_, outcomes[i] = p.DeleteUsers(context.Background(), as(admins[i]), []int64{admins[1-i].ID})
				})
			}
			wg.Wait()
			left, err := p.store.GlobalAdmins(context.Background(), p.org.ID, 10)
			if err != nil || len(left) != 1 {
				t.Fatalf("round %d: %d admins are left, %v; outcomes %v", round, len(left), err, outcomes)
			}
			for _, err := range outcomes {
				if err != nil && !errors.Is(err, core.ErrCredentials) { // of whoever is gone
					t.Errorf("round %d: %v", round, err)
				}
			}
			if err := p.store.DeleteUsers(context.Background(), p.org.ID, []int64{left[0].ID}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestDeletingCostsTheSameNumberOfStatementsHoweverMany(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p := newPeople(t, db, unit)
		admin := p.add(t, 1, true)[0]
		cost := func(n int) int64 {
			var ids []int64
			for _, u := range p.add(t, n, false) {
				ids = append(ids, u.ID)
			}
			ctx, count := sqldb.CountQueries(context.Background())
			if _, err := p.DeleteUsers(ctx, as(admin), ids); err != nil {
				t.Fatal(err)
			}
			return count.Load()
		}
		if one, many := cost(1), cost(100); one != many || one > 11 {
			t.Errorf("%d statements for one user, %d for a hundred", one, many)
		}
	})
}
