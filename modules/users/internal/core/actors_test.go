package core_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
)

func TestAStoredUserIsWhoTheirCredentialsWouldSay(t *testing.T) {
	h, store, id, opens := watched(t)
	if _, err := h.Grant(h.ctx, as(h.admin), actor.Team, 7, []int64{id}, actor.Admin); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Grant(h.ctx, as(h.admin), actor.Project, 8, []int64{id}, actor.Member); err != nil {
		t.Fatal(err)
	}
	want := opens()
	want.Session = ""
	before := store.reads.Load()
	got, err := h.Actor(h.ctx, h.org.ID, id)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("%d readings of a user who is kept", n)
	}
	on, err := h.ActorsOn(h.ctx, h.org.ID, []int64{id, 4711}, users.On{Resource: actor.Project, ID: 8}, users.On{Resource: actor.Team, ID: 9})
	want.Grants = []actor.Grant{{Resource: actor.Project, ID: 8, Role: actor.Member}}
	if diff := cmp.Diff(map[int64]actor.Actor{id: want}, on); diff != "" || err != nil {
		t.Errorf("on a project: %v %s", err, diff)
	}
	h.Forget(id)
	if _, err := h.Actor(h.ctx, h.org.ID, id); err != nil || store.reads.Load() != before+1 {
		t.Errorf("forgotten: %v, read %d times", err, store.reads.Load()-before)
	}
}

func TestNobodyIsWhoIsSuspendedDeletedOrElsewhere(t *testing.T) {
	h, _, id, _ := watched(t)
	if _, err := h.Actor(h.ctx, h.org.ID+1, id); !errors.Is(err, users.ErrNotFound) {
		t.Errorf("in another organization: %v", err)
	}
	if _, err := h.EditUser(h.ctx, as(h.admin), id, core.UserChange{IsActive: to(false)}); err != nil {
		t.Fatal(err)
	}
	on, err := h.ActorsOn(h.ctx, h.org.ID, []int64{id})
	if _, suspended := h.Actor(h.ctx, h.org.ID, id); !errors.Is(suspended, users.ErrSuspended) || len(on) > 0 || err != nil {
		t.Errorf("suspended: %v, %v, %v", suspended, on, err)
	}
	if _, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{id}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Actor(h.ctx, h.org.ID, id); !errors.Is(err, users.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

func TestTheLevelOfASuspendedUserIsKnown(t *testing.T) {
	h, _, id, _ := watched(t)
	is := func(org int64, want actor.Level, wantErr error) {
		t.Helper()
		if got, err := h.Level(h.ctx, org, id); got != want || !errors.Is(err, wantErr) {
			t.Errorf("got %v, %v", got, err)
		}
	}
	is(h.org.ID, actor.User, nil)
	is(h.org.ID+1, actor.User, users.ErrNotFound)
	if _, err := h.EditUser(h.ctx, as(h.admin), id, core.UserChange{IsActive: to(false), IsSuperuser: to(true)}); err != nil {
		t.Fatal(err)
	}
	is(h.org.ID, actor.GlobalAdmin, nil)
	ids, err := h.GlobalAdminIDs(h.ctx, h.org.ID)
	if diff := cmp.Diff([]int64{h.admin.ID, id}, ids); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{id}); err != nil {
		t.Fatal(err)
	}
	is(h.org.ID, actor.User, users.ErrNotFound)
}

// verifying counts how often a token is verified.
type verifying struct {
	core.Tokens
	times atomic.Int64
}

// Read implements core.Tokens.
func (v *verifying) Read(p core.Purpose, token string, now time.Time) (core.Session, error) {
	v.times.Add(1)
	return v.Tokens.Read(p, token, now)
}

func TestATokenIsVerifiedOnceAndStillEndsOnTime(t *testing.T) {
	h := newHouse(t)
	parts, tokens := h.Deps, &verifying{Tokens: h.Tokens}
	parts.Tokens = tokens
	h.Service = core.New(parts)
	pair, err := h.SignIn(h.ctx, h.admin.Email, "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	open := func() error {
		_, err := h.Authenticate(h.ctx, pair.Access, "")
		return err
	}
	h.clock.Advance(pair.ExpiresOn.Sub(h.clock.Now()) - time.Second)
	if err := errors.Join(open(), open(), open()); err != nil || tokens.times.Load() != 1 {
		t.Errorf("verified %d times: %v", tokens.times.Load(), err)
	}
	if _, err := h.Authenticate(h.ctx, pair.Refresh, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("the other token opens the platform: %v", err)
	}
	h.clock.Advance(time.Second)
	if err := open(); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("an expired token: %v", err)
	}
}

func TestAVerifiedTokenEndsWithItsSession(t *testing.T) {
	h := newHouse(t)
	pair, err := h.SignIn(h.ctx, h.admin.Email, "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	who, err := h.Authenticate(h.ctx, pair.Access, "")
	if err != nil {
		t.Fatal(err)
	}
	who.Session = "another one"
	if _, err := h.ChangePassword(h.ctx, who, "password", "new password", core.Attempt{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, pair.Access, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("after the password was changed elsewhere: %v", err)
	}
}

func TestARevokedKeyOpensNothingAndIsAskedForOnce(t *testing.T) {
	h, store, id, _ := watched(t)
	u, err := h.Store.User(h.ctx, h.org.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	secret, key := h.makeKey(as(u), core.NewKey{})
	if _, err := h.Authenticate(h.ctx, "", secret); err != nil {
		t.Fatal(err)
	}
	other := core.New(h.Deps) // another process, whose event has not come
	if _, err := other.DeleteKey(h.ctx, as(u), key.ID); err != nil {
		t.Fatal(err)
	}
	h.Forget(id)
	before := store.reads.Load()
	for range 5 {
		if _, err := h.Authenticate(h.ctx, "", secret); !errors.Is(err, core.ErrCredentials) {
			t.Errorf("a revoked key: %v", err)
		}
	}
	if n := store.reads.Load() - before; n > 2 {
		t.Errorf("%d readings for a key that is not there", n)
	}
}
