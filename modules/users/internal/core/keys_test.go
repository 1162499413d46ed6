package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

var whole = actor.Scope{Kind: actor.ScopeAll}

func (h *house) makeKey(who actor.Actor, n core.NewKey) (string, core.APIKey) {
	h.t.Helper()
	if n.Name == "" {
		n.Name = "key"
	}
	if n.Scope.Kind == "" {
		n.Scope = whole
	}
	secret, key, err := h.CreateKey(h.ctx, who, n)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret, key
}

func TestAKeyOpensWhatItsScopeSaysUntilItEnds(t *testing.T) {
	h := newHouse(t)
	end := h.clock.Now().Add(time.Hour)
	scope := actor.Scope{Kind: actor.ScopeRestricted, Groups: map[string]actor.Reach{"chat": actor.Read}}
	secret, key := h.makeKey(as(h.admin), core.NewKey{Scope: scope, ExpiresOn: &end})
	if !strings.HasPrefix(secret, "parley_") || len(secret) != 50 || strings.Contains(key.Hash, secret[7:]) || !strings.HasSuffix(secret, key.Hint) {
		t.Errorf("%q is kept as %+v", secret, key)
	}
	who, err := h.Authenticate(h.ctx, "", secret)
	if err != nil || who.UserID != h.admin.ID || who.KeyID != key.ID || !who.Scope.Allows("chat", true) || who.Scope.Allows("user", true) {
		t.Errorf("acts as %+v, %v", who, err)
	}
	h.clock.Advance(time.Hour)
	if who, err := h.Authenticate(h.ctx, "", secret); !errors.Is(err, core.ErrCredentials) || who.UserID != h.admin.ID {
		t.Errorf("after its end: %+v, %v", who, err)
	}
	for _, forged := range []string{"", "parley_", secret + "x", strings.ToUpper(secret), "x" + secret, strings.Repeat("parley_", 1000)} {
		if _, err := h.Authenticate(h.ctx, "", forged); !errors.Is(err, core.ErrCredentials) {
			t.Errorf("%q: %v", forged, err)
		}
	}
}

func TestARevokedKeyIsVoidOnTheNextRequest(t *testing.T) {
	h := newHouse(t)
	secret, key := h.makeKey(as(h.admin), core.NewKey{})
	other, _ := h.makeKey(as(h.admin), core.NewKey{})
	for _, s := range []string{secret, other} {
		if _, err := h.Authenticate(h.ctx, "", s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.DeleteKey(h.ctx, as(h.admin), key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, "", secret); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("the revoked one: %v", err)
	}
	if _, err := h.Authenticate(h.ctx, "", other); err != nil {
		t.Errorf("the other one: %v", err)
	}
}

func TestKeysOfASuspendedUserAreVoid(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com")
	secret, _ := h.makeKey(as(u), core.NewKey{})
	if _, err := h.Authenticate(h.ctx, "", secret); err != nil {
		t.Fatal(err)
	}
	if _, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{IsActive: to(false)}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, "", secret); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("suspended: %v", err)
	}
	if _, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{u.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, "", secret); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("deleted: %v", err)
	}
}

func TestBesideATokenAKeyOnlyNarrows(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	secret, key := h.makeKey(as(h.admin), core.NewKey{Scope: actor.Scope{Kind: actor.ScopeReadOnly}})
	who, err := h.Authenticate(h.ctx, pair.Access, secret)
	if err != nil || who.UserID != u.ID || who.Level != actor.User || who.KeyID != key.ID || who.Scope.Kind != actor.ScopeReadOnly {
		t.Errorf("acts as %+v, %v", who, err)
	}
	if _, err := h.Authenticate(h.ctx, pair.Access, secret+"x"); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("with a bad key: %v", err)
	}
	if _, err := h.Authenticate(h.ctx, "x", secret); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("with a bad token: %v", err)
	}
	_, boss, err := h.CreateOrganization(h.ctx, "Other", "boss@other.org", "password")
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := h.makeKey(as(boss), core.NewKey{})
	if _, err := h.Authenticate(h.ctx, pair.Access, foreign); !errors.Is(err, core.ErrTwoOrgs) {
		t.Errorf("with another organization's key: %v", err)
	}
}

func TestWhoseKeysAreManagedByWhom(t *testing.T) {
	h := newHouse(t)
	ann, staff, robot := h.user("ann@example.com"), h.user("staff@example.com", application), h.user("")
	boss := h.user("", global) // a service user
	_, stranger, err := h.CreateOrganization(h.ctx, "Other", "boss@other.org", "password")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who  actor.Actor
		user int64
		want error
	}{
		"one's own":                                      {as(ann), ann.ID, nil},
		"a service user's by an admin":                   {as(staff), robot.ID, nil},
		"a service user's by a user":                     {as(ann), robot.ID, core.ErrNotAdmin},
		"a person's by an admin":                         {as(h.admin), ann.ID, core.ErrNotService},
		"a global service user's by a lesser admin":      {as(staff), boss.ID, core.ErrOutranked},
		"a global service user's by a global admin":      {as(h.admin), boss.ID, nil},
		"another organization's service user by anybody": {as(stranger), robot.ID, core.ErrNotFound},
	} {
		secret, key, err := h.CreateKey(h.ctx, c.who, core.NewKey{Name: "k", UserID: c.user, Scope: whole})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := h.Keys(h.ctx, c.who, c.user, page.Request{}); !errors.Is(err, c.want) {
			t.Errorf("%s, listed: %v", name, err)
		}
		if err != nil {
			continue
		}
		if who, err := h.Authenticate(h.ctx, "", secret); err != nil || who.UserID != c.user {
			t.Errorf("%s acts as %+v, %v", name, who, err)
		}
		if _, err := h.DeleteKey(h.ctx, as(stranger), key.ID); !errors.Is(err, core.ErrNoKey) {
			t.Errorf("%s, revoked by a stranger: %v", name, err)
		}
		if c.user != ann.ID {
			if _, err := h.DeleteKey(h.ctx, as(ann), key.ID); !errors.Is(err, core.ErrNoKey) {
				t.Errorf("%s, revoked by another user: %v", name, err)
			}
		}
		if _, err := h.DeleteKey(h.ctx, c.who, key.ID); err != nil {
			t.Errorf("%s, revoked: %v", name, err)
		}
	}
}

// Whoever made a key may keep it, and may be less than its user is then.
func TestAServiceUserWhoRisesLosesTheKeys(t *testing.T) {
	for name, c := range map[string]struct {
		rise func(h *house, robot users.User) error
		lost bool
	}{
		"by a flag": {func(h *house, robot users.User) error {
			_, err := h.EditUser(h.ctx, as(h.admin), robot.ID, core.UserChange{IsSuperuser: to(true)})
			return err
		}, true},
		"by a role": {func(h *house, robot users.User) error {
			_, err := h.EditPermission(h.ctx, as(h.admin), h.roleOf(robot.ID).ID, "global_admin")
			return err
		}, true},
		"not by falling": {func(h *house, robot users.User) error {
			_, err := h.EditUser(h.ctx, as(h.admin), robot.ID, core.UserChange{IsStaff: to(false)})
			return err
		}, false},
		"not by a name": {func(h *house, robot users.User) error {
			_, err := h.EditUser(h.ctx, as(h.admin), robot.ID, core.UserChange{FirstName: named("Robot")})
			return err
		}, false},
	} {
		h := newHouse(t)
		staff, robot, jo := h.user("staff@example.com", application), h.user("", application), h.user("jo@example.com")
		secret, _ := h.makeKey(as(staff), core.NewKey{UserID: robot.ID})
		own, _ := h.makeKey(as(jo), core.NewKey{})
		if _, err := h.Authenticate(h.ctx, "", secret); err != nil {
			t.Fatal(err)
		}
		if err := c.rise(h, robot); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := h.Authenticate(h.ctx, "", secret); errors.Is(err, core.ErrCredentials) != c.lost {
			t.Errorf("%s: the key is %v", name, err)
		}
		told := users.AccessChanged{UserID: robot.ID, OrganizationID: h.org.ID, What: "api_key"}
		if last := h.last(1)[0]; (last == told) != c.lost {
			t.Errorf("%s: told %+v", name, last)
		}
		// A person's keys were made by themselves.
		if _, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{IsStaff: to(true)}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Authenticate(h.ctx, "", own); err != nil {
			t.Errorf("%s: a person's key is %v", name, err)
		}
	}
}

func TestAKeyThatCannotBeIsRefused(t *testing.T) {
	h := newHouse(t)
	end := h.clock.Now().Add(time.Hour)
	later, past := end.Add(time.Second), h.clock.Now()
	secret, _ := h.makeKey(as(h.admin), core.NewKey{ExpiresOn: &end})
	byKey, err := h.Authenticate(h.ctx, "", secret)
	if err != nil {
		t.Fatal(err)
	}
	restricted := func(groups map[string]actor.Reach) actor.Scope {
		return actor.Scope{Kind: actor.ScopeRestricted, Groups: groups}
	}
	for name, c := range map[string]struct {
		who  actor.Actor
		key  core.NewKey
		want error
	}{
		"no name":                         {as(h.admin), core.NewKey{Name: " ", Scope: whole}, core.ErrNoName},
		"restricted to nothing":           {as(h.admin), core.NewKey{Name: "k", Scope: restricted(nil)}, core.ErrGroups},
		"groups of a whole one":           {as(h.admin), core.NewKey{Name: "k", Scope: actor.Scope{Kind: actor.ScopeAll, Groups: map[string]actor.Reach{"chat": actor.Read}}}, core.ErrGroups},
		"a group that is not there":       {as(h.admin), core.NewKey{Name: "k", Scope: restricted(map[string]actor.Reach{"api_key": actor.Write})}, core.ErrGroups},
		"an end in the past":              {as(h.admin), core.NewKey{Name: "k", Scope: whole, ExpiresOn: &past}, core.ErrExpired},
		"one that outlives its maker":     {byKey, core.NewKey{Name: "k", Scope: whole, ExpiresOn: &later}, core.ErrOutlives},
		"one that ends with its maker":    {byKey, core.NewKey{Name: "k", Scope: whole, ExpiresOn: &end}, nil},
		"one that gets its maker's end":   {byKey, core.NewKey{Name: "k", Scope: whole}, nil},
		"one that may outlive no session": {as(h.admin), core.NewKey{Name: "k", Scope: whole, ExpiresOn: &later}, nil},
	} {
		_, key, err := h.CreateKey(h.ctx, c.who, c.key)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && c.who.KeyID != 0 && (key.ExpiresOn == nil || !key.ExpiresOn.Equal(end)) {
			t.Errorf("%s ends %v", name, key.ExpiresOn)
		}
	}
	for range 100 {
		_, _, err = h.CreateKey(h.ctx, as(h.admin), core.NewKey{Name: "k", Scope: whole})
	}
	if !errors.Is(err, core.ErrManyKeys) {
		t.Errorf("too many: %v", err)
	}
}

func TestTheLastUseOfAKeyIsNotedNowAndThen(t *testing.T) {
	h := newHouse(t)
	secret, key := h.makeKey(as(h.admin), core.NewKey{})
	used := func() *time.Time {
		t.Helper()
		if _, err := h.Authenticate(h.ctx, "", secret); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Flush(h.ctx); err != nil {
			t.Fatal(err)
		}
		k, err := h.Store.Key(h.ctx, h.org.ID, key.ID)
		if err != nil {
			t.Fatal(err)
		}
		return k.LastUsedOn
	}
	first := h.clock.Now()
	for range 3 {
		if got := used(); got == nil || !got.Equal(first) {
			t.Fatalf("used %v, not %v", got, first)
		}
		h.clock.Advance(10 * time.Second)
	}
	h.clock.Advance(time.Minute)
	if got, now := used(), h.clock.Now(); !got.Equal(now) {
		t.Errorf("used %v, not %v", got, now)
	}
}
