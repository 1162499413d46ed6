package coretest

import (
	"context"
	"errors"
	"fmt"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// held claims what must be free.
func (f fixture) held(address, holder string) {
	f.t.Helper()
	if err := f.Claim(f.ctx, address, holder); err != nil {
		f.t.Errorf("%s for %s: %v", address, holder, err)
	}
}

// taken claims what another one has.
func (f fixture) taken(address, holder string) {
	f.t.Helper()
	f.ErrorIs(f.Claim(f.ctx, address, holder), core.ErrEmailTaken)
}

func (f fixture) release(holders ...string) {
	f.t.Helper()
	if err := f.Release(f.ctx, holders); err != nil {
		f.t.Fatal(err)
	}
}

func claiming(f fixture, _ uow.Unit) {
	f.held("Guide@example.com", "agent/1")
	f.held("gUIDE@example.com", "agent/1") // its own again
	f.taken("guide@EXAMPLE.com", "agent/2")
	f.held("other@example.com", "agent/2")
	f.taken("other@example.com", "agent/1")
	f.taken("guide@example.com", "agent/3") // it was not lost over that
	f.held("third@example.com", "agent/1")
	f.held("guide@example.com", "agent/3") // free, because a holder has one
	f.taken("third@example.com", "agent/3")
}

func releasing(f fixture, _ uow.Unit) {
	for i := range 4 {
		f.held(fmt.Sprintf("a%d@example.com", i), fmt.Sprintf("agent/%d", i))
	}
	f.release()
	f.release("agent/0", "agent/2", "agent/99")
	f.release("agent/0")
	f.held("a0@example.com", "agent/9")
	f.held("a2@example.com", "agent/8")
	f.taken("a1@example.com", "agent/7")
	f.taken("a3@example.com", "agent/7")
}

func claimsOfUnits(f fixture, unit uow.Unit) {
	boom := errors.New("boom")
	f.held("old@example.com", "agent/1")
	err := unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.held("new@example.com", "agent/1")
		in.release("agent/1")
		in.user("jo@example.com")
		return boom
	})
	f.ErrorIs(err, boom)
	f.taken("old@example.com", "agent/2")
	f.held("new@example.com", "agent/2")
	f.held("jo@example.com", "agent/3")

	err = unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.taken("old@example.com", "agent/2")
		in.held("other@example.com", "agent/2") // a refusal does not end the unit
		return nil
	})
	f.ErrorIs(err, nil)
	f.taken("other@example.com", "agent/4")
	f.held("new@example.com", "agent/4")
}

func usersAmongHolders(f fixture, _ uow.Unit) {
	f.held("guide@example.com", "agent/1")
	other := f.organization("other.org")
	for _, org := range []int64{f.org.ID, other.ID} {
		_, err := f.AddUser(f.ctx, users.User{OrganizationID: org, Email: "GUIDE@example.com", DateJoined: now})
		f.ErrorIs(err, core.ErrEmailTaken)
	}
	admins := storetest.Must[[]users.User](f.t)(f.Users(f.ctx, f.org.ID, []int64{1, 2, 3}))
	f.Equal(0, len(admins)) // nobody is left of the attempts

	a := f.user("a@example.com")
	rename := func(to string) error {
		_, err := f.UpdateUser(f.ctx, f.org.ID, a.ID, func(u *users.User) error { u.Email = to; return nil })
		return err
	}
	f.ErrorIs(rename("Guide@example.com"), core.ErrEmailTaken)
	f.Equal(a, storetest.Must[users.User](f.t)(f.User(f.ctx, f.org.ID, a.ID)))
	f.taken("A@example.com", "agent/1")
	f.taken("guide@example.com", "agent/2") // it was not lost over that

	f.ErrorIs(rename("A@example.com"), nil) // its own
	f.ErrorIs(rename("b@example.com"), nil)
	f.taken("b@example.com", "agent/2")
	f.held("a@example.com", "agent/2")
	f.ErrorIs(rename(""), nil)
	f.held("b@example.com", "agent/3")
	f.release("agent/3")
	f.ErrorIs(rename("b@example.com"), nil)
	f.taken("b@example.com", "agent/3")
	f.release("agent/1")
	f.user("guide@example.com")
}

func addressesOfTheDeleted(f fixture, _ uow.Unit) {
	other := f.organization("other.org")
	address := func(i int) string { return fmt.Sprintf("u%d@example.com", i) }
	var ids []int64
	for i := range 5 {
		ids = append(ids, f.user(address(i)).ID)
	}
	ids = append(ids, f.user("").ID)
	f.held("guide@example.com", "agent/1")
	for org, gone := range map[int64][]int64{other.ID: ids, f.org.ID: ids[2:]} {
		if err := f.DeleteUsers(f.ctx, org, gone); err != nil {
			f.t.Fatal(err)
		}
	}
	for i := range 5 {
		if err := f.Claim(f.ctx, address(i), fmt.Sprintf("agent/%d", 2+i)); (err == nil) != (i >= 2) {
			f.t.Errorf("%s: %v", address(i), err)
		}
	}
	f.taken("guide@example.com", "agent/9")
}
