package coretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// counted changes users at random and holds each count to the list itself.
func counted(f fixture, unit uow.Unit) {
	rng := rand.New(rand.NewPCG(3, 4))
	other := f.organization("other.org")
	var there []users.User
	for i := range 60 {
		switch n := rng.IntN(6); {
		case n < 3 || len(there) == 0:
			there = append(there, f.user(fmt.Sprintf("u%d@example.com", i), func(u *users.User) {
				u.IsActive = rng.IntN(3) > 0
				if rng.IntN(4) == 0 {
					u.OrganizationID = other.ID
				}
			}))
		case n == 3:
			u := &there[rng.IntN(len(there))]
			*u = storetest.Must[users.User](f.t)(f.UpdateUser(f.ctx, u.OrganizationID, u.ID, func(u *users.User) error {
				u.IsActive = !u.IsActive
				return nil
			}))
		case n == 4:
			at := rng.IntN(len(there))
			if err := f.DeleteUsers(f.ctx, there[at].OrganizationID, []int64{there[at].ID, 4711}); err != nil {
				f.t.Fatal(err)
			}
			there = append(there[:at], there[at+1:]...)
		case n == 5: // and all of it in vain
			failed := errors.New("no")
			f.ErrorIs(unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
				in := f
				in.ctx = ctx
				in.user(fmt.Sprintf("v%d@example.com", i))
				if err := f.DeleteUsers(ctx, there[0].OrganizationID, []int64{there[0].ID}); err != nil {
					return err
				}
				return failed
			}), failed)
		}
		for _, org := range []int64{f.org.ID, other.ID} {
			on, off := true, false
			for _, active := range []*bool{nil, &on, &off} {
				found := storetest.Must[page.Of[users.User]](f.t)(f.UsersPage(f.ctx, org, core.Filter{IsActive: active}, page.Request{Size: 100}))
				f.Equal(int64(len(found.Items)), found.Count)
				behind := storetest.Must[page.Of[users.User]](f.t)(f.UsersPage(f.ctx, org, core.Filter{IsActive: active}, page.Request{Size: 100, Number: 7}))
				f.Equal(found.Count, behind.Count)
			}
		}
	}
}
