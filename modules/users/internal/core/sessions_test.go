package core_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// counting counts how often who acts is read from the store.
type counting struct {
	core.Store
	reads atomic.Int64
	// before runs in front of each reading.
	before func()
}

// Identity implements core.Store.
func (c *counting) Identity(ctx context.Context, id int64) (core.Identity, error) {
	c.reads.Add(1)
	got, err := c.Store.Identity(ctx, id)
	if c.before != nil {
		c.before()
	}
	return got, err
}

// watched is a house whose store counts, with a user who has signed in.
func watched(t *testing.T) (h *house, store *counting, userID int64, opens func() actor.Actor) {
	h = newHouse(t)
	store = &counting{Store: h.Store}
	parts := h.Deps
	parts.Store = store
	h.Service = core.New(parts)
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	return h, store, u.ID, func() actor.Actor {
		t.Helper()
		who, err := h.Authenticate(h.ctx, pair.Access, "")
		if err != nil {
			t.Error(err)
		}
		return who
	}
}

func TestWhoActsIsReadOnce(t *testing.T) {
	h, store, _, opens := watched(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { opens() })
	}
	wg.Wait()
	if n := store.reads.Load(); n != 1 {
		t.Errorf("%d readings for 50 requests at once", n)
	}
	opens()
	h.clock.Advance(time.Minute)
	opens()
	opens()
	if n := store.reads.Load(); n != 2 {
		t.Errorf("%d readings after a minute, not 2", n)
	}
}

func TestAKeyIsReadOnce(t *testing.T) {
	h, store, id, _ := watched(t)
	u, err := h.Store.User(h.ctx, h.org.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := h.makeKey(as(u), core.NewKey{})
	for range 3 {
		if _, err := h.Authenticate(h.ctx, "", secret); err != nil {
			t.Fatal(err)
		}
	}
	if n := store.reads.Load(); n != 1 {
		t.Errorf("%d readings", n)
	}
}

func TestAReadingThatAChangeOvertakesIsNotKept(t *testing.T) {
	h, store, id, opens := watched(t)
	store.before = func() { // between the reading and the keeping of it
		store.before = nil
		if _, err := h.EditUser(h.ctx, as(h.admin), id, core.UserChange{IsStaff: to(true)}); err != nil {
			t.Error(err)
		}
	}
	opens()
	if who := opens(); who.Level != actor.ApplicationAdmin {
		t.Errorf("the level is %v", who.Level)
	}
}

// A grant within another module's unit of work is committed later than it is
// made, by code that knows nothing of what is kept here.
func TestNothingIsKeptOfAUserWhomAnOpenUnitChanges(t *testing.T) {
	h, store, id, opens := watched(t)
	opens()
	before := store.reads.Load()
	err := h.db.Do(h.ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := h.Grant(ctx, as(h.admin), actor.Team, 7, []int64{id}, actor.Member); err != nil {
			return err
		}
		if who, err := h.Actor(ctx, h.org.ID, id); err != nil || who.Holds(actor.Team, 7) != actor.Member {
			t.Errorf("within the unit: %+v, %v", who, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if who := opens(); who.Holds(actor.Team, 7) != actor.Member {
		t.Errorf("holds %v", who.Grants)
	}
	opens()
	if n := store.reads.Load() - before; n != 2 { // during the unit and after it
		t.Errorf("%d readings, not 2", n)
	}
	told, ok := h.last(2)[0].(users.AccessChanged)
	if role, is := h.last(1)[0].(users.RoleChanged); !ok || told.UserID != id || !is || role.UserID != id {
		t.Fatalf("the event is %+v", told)
	}
}

func TestAfterAUnitThatIsRolledBackAUserIsKeptAgain(t *testing.T) {
	h, store, id, opens := watched(t)
	boom := errors.New("boom")
	err := h.db.Do(h.ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := h.Grant(ctx, as(h.admin), actor.Team, 7, []int64{id}, actor.Member); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if who := opens(); who.Holds(actor.Team, 7) != actor.NoRole {
		t.Errorf("holds %v", who.Grants)
	}
	before := store.reads.Load()
	opens()
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("%d more readings", n)
	}
}

func TestTwoProcessesSeeEachOthersChangesByEvent(t *testing.T) {
	h, _, id, opens := watched(t)
	other := core.New(h.Deps)
	opens()
	if _, err := other.EditUser(h.ctx, as(h.admin), id, core.UserChange{IsStaff: to(true)}); err != nil {
		t.Fatal(err)
	}
	if who := opens(); who.Level != actor.User {
		t.Errorf("without the event the level is %v: is anything kept at all?", who.Level)
	}
	h.Forget(id)
	if who := opens(); who.Level != actor.ApplicationAdmin {
		t.Errorf("after the event the level is %v", who.Level)
	}
}
