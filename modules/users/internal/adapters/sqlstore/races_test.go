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
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// atOnce runs do n times at once and answers the outcomes.
func atOnce(n int, do func(i int) error) []error {
	outcomes := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { outcomes[i] = do(i) })
	}
	wg.Wait()
	return outcomes
}

// onlyOne answers which of the outcomes is not the refusal.
func onlyOne(t *testing.T, outcomes []error, refusal error) int {
	t.Helper()
	winner := -1
	for i, err := range outcomes {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			t.Errorf("both %d and %d worked", winner, i)
		case !errors.Is(err, refusal):
			t.Errorf("%d: %v", i, err)
		}
	}
	if winner < 0 {
		t.Fatal("none worked")
	}
	return winner
}

func TestOfAHundredAtOnceOneGetsTheAddress(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p, ctx := newPeople(t, db, unit), t.Context()
		other, err := p.store.AddOrganization(ctx, users.Organization{OrgName: "Other", Domain: "other.org", Audit: audit.New(audit.System, clock.System{}.Now())})
		if err != nil {
			t.Fatal(err)
		}
		admin := as(p.add(t, 1, true)[0])
		foreign := actor.System(other.ID)
		movers := p.add(t, 100, false)
		claim := func(address string, i int) error {
			return unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return p.Claim(ctx, address, fmt.Sprintf("agent/%d", i)) })
		}
		create := func(address string, i int) error {
			by := admin
			if i%4 == 0 {
				by = foreign
			}
			_, err := p.CreateUser(ctx, by, core.NewUser{Email: address})
			return err
		}
		move := func(address string, i int) error {
			_, err := p.EditUser(ctx, admin, movers[i].ID, core.UserChange{Email: &address})
			return err
		}
		for name, do := range map[string]func(address string, i int) error{"created": create, "moved": move} {
			for round := range 5 {
				cases := []string{fmt.Sprintf("%s%d@example.com", name, round), fmt.Sprintf("%s%d@EXAMPLE.com", name, round)}
				winner := onlyOne(t, atOnce(100, func(i int) error {
					address := cases[i/2%2]
					if i%2 == 0 {
						return do(address, i)
					}
					return claim(address, i)
				}), core.ErrEmailTaken)
				count := 0
				for _, org := range []int64{p.org.ID, other.ID} {
					found, err := p.store.UsersPage(ctx, org, core.Filter{Text: cases[0]}, page.Request{})
					if err != nil {
						t.Fatal(err)
					}
					count += len(found.Items)
				}
				if want := 1 - winner%2; count != want {
					t.Errorf("%d won, and %d users have the address", winner, count)
				}
				if err := claim(cases[0], 999); !errors.Is(err, core.ErrEmailTaken) {
					t.Errorf("later: %v", err)
				}
			}
		}
	})
}

func TestTwoWhoSwapAddressesAreBothRefused(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p, ctx := newPeople(t, db, unit), t.Context()
		for round := range 20 {
			addresses := []string{fmt.Sprintf("a%d@example.com", round), fmt.Sprintf("b%d@example.com", round)}
			claim := func(i int, address string) error {
				return unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
					return p.Claim(ctx, address, fmt.Sprintf("agent/%d-%d", round, i))
				})
			}
			for i, address := range addresses {
				if err := claim(i, address); err != nil {
					t.Fatal(err)
				}
			}
			for _, err := range atOnce(2, func(i int) error { return claim(i, addresses[1-i]) }) {
				if !errors.Is(err, core.ErrEmailTaken) {
					t.Errorf("round %d: %v", round, err)
				}
			}
		}
	})
}

// Whoever comes second is not what they were when they asked.
func TestOfTwoAdminsWhoTakeEachOthersRightsOneSucceeds(t *testing.T) {
	on, off := true, false
	edit := func(c core.UserChange) func(ctx context.Context, p people, who actor.Actor, other users.User) error {
		return func(ctx context.Context, p people, who actor.Actor, other users.User) error {
			_, err := p.EditUser(ctx, who, other.ID, c)
			return err
		}
	}
	for name, c := range map[string]struct {
		take    func(ctx context.Context, p people, who actor.Actor, other users.User) error
		refused error
	}{
		"by demoting":   {edit(core.UserChange{IsStaff: &off}), core.ErrNotAdmin},
		"by suspending": {edit(core.UserChange{IsActive: &off}), core.ErrCredentials},
		"by deleting": {func(ctx context.Context, p people, who actor.Actor, other users.User) error {
			_, err := p.DeleteUsers(ctx, who, []int64{other.ID})
			return err
		}, core.ErrCredentials},
		"by taking the role": {func(ctx context.Context, p people, who actor.Actor, other users.User) error {
			rows, err := p.Store.Permissions(ctx, p.org.ID, actor.Organization, []int64{p.org.ID}, []int64{other.ID})
			if err != nil {
				return err
			}
			_, err = p.DeletePermission(ctx, who, rows[0].ID) // the other one's stands until we take it
			return err
		}, core.ErrNoPermission},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
				db, unit := open(t)
				p, ctx := newPeople(t, db, unit), t.Context()
				for round := range 10 {
					var admins []users.User
					for i := range 2 {
						u, err := p.CreateUser(ctx, actor.System(p.org.ID), core.NewUser{Email: fmt.Sprintf("a%d-%d@example.com", round, i), IsStaff: &on})
						if err != nil {
							t.Fatal(err)
						}
						admins = append(admins, u)
					}
					onlyOne(t, atOnce(2, func(i int) error { return c.take(ctx, p, as(admins[i]), admins[1-i]) }), c.refused)
				}
			})
		})
	}
}

func TestAKeyIsNotMadeForAUserWhoIsBeingDeleted(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p, ctx := newPeople(t, db, unit), t.Context()
		admin := as(p.add(t, 1, true)[0])
		for round := range 20 {
			robot, err := p.CreateUser(ctx, admin, core.NewUser{})
			if err != nil {
				t.Fatal(err)
			}
			var key core.APIKey
			outcomes := atOnce(2, func(i int) (err error) {
				if i == 0 {
					_, err = p.DeleteUsers(ctx, admin, []int64{robot.ID})
					return err
				}
				_, key, err = p.CreateKey(ctx, admin, core.NewKey{Name: "k", UserID: robot.ID, Scope: actor.Scope{Kind: actor.ScopeAll}})
				return err
			})
			if outcomes[0] != nil || (outcomes[1] != nil && !errors.Is(outcomes[1], core.ErrNotFound)) {
				t.Fatalf("round %d: %v", round, outcomes)
			}
			// A key that came first went with its user.
			if left, err := p.store.KeysPage(ctx, p.org.ID, robot.ID, page.Request{}); err != nil || left.Count != 0 {
				t.Errorf("round %d: %d keys are left, %v; %+v", round, left.Count, err, key)
			}
		}
	})
}

// Who acts is read again in the statement that reads whom they act on.
func TestReadingTheCallerAgainCostsNoStatement(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		p := newPeople(t, db, unit)
		admin, jo := as(p.add(t, 1, true)[0]), p.add(t, 1, false)[0]
		rename := func(id int64) func(context.Context) error {
			return func(ctx context.Context) error {
				name := "Jo"
				_, err := p.EditUser(ctx, admin, id, core.UserChange{FirstName: core.Name{Sent: true, Value: &name}})
				return err
			}
		}
		var lock int64
		if db.Postgres() {
			lock = 1
		}
		for _, c := range []struct {
			what string
			do   func(context.Context) error
			want int64
		}{
			{"another's name", rename(jo.ID), 5},
			{"one's own name", rename(admin.UserID), 5},
			{"a key", func(ctx context.Context) error {
				_, _, err := p.CreateKey(ctx, admin, core.NewKey{Name: "k", Scope: actor.Scope{Kind: actor.ScopeAll}})
				return err
			}, 6},
			{"a deletion", func(ctx context.Context) error {
				_, err := p.DeleteUsers(ctx, admin, []int64{jo.ID})
				return err
			}, 10},
		} {
			ctx, count := sqldb.CountQueries(t.Context())
			if err := c.do(ctx); err != nil {
				t.Fatal(err)
			}
			if got := count.Load(); got != c.want+lock {
				t.Errorf("%s costs %d statements, not %d", c.what, got, c.want+lock)
			}
		}
	})
}
