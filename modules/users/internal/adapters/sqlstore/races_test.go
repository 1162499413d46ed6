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
		foreign := admin
		foreign.OrganizationID = other.ID
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
