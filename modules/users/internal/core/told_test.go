package core_test

import (
	"errors"
	"slices"
	"testing"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
)

// Whoever hears of a change sees it: an open stream is looked at in that moment.
func TestAChangeOfRightsOrCredentialsIsToldOnceItIsThere(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	signedIn := func() string {
		pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
		if err != nil {
			t.Fatal(err)
		}
		return pair.Access
	}
	secret, key, err := h.CreateKey(h.ctx, as(u), core.NewKey{Name: "k", Scope: actor.Scope{Kind: actor.ScopeAll}})
	if err != nil {
		t.Fatal(err)
	}
	var told []int64
	var seen func()
	h.OnChange(func(ids ...int64) {
		told = append(told, ids...)
		seen()
	})
	no, yes := false, true
	for _, c := range []struct {
		name   string
		change func() error
		void   bool // the access token
		key    bool // is void
	}{
		{"a role", func() error {
			_, err := h.Grant(h.ctx, as(h.admin), actor.Team, 4, []int64{u.ID}, actor.Member)
			return err
		}, false, false},
		{"a role that is taken", func() error { _, err := h.Revoke(h.ctx, as(h.admin), actor.Team, 4, []int64{u.ID}); return err }, false, false},
		{"a key that is revoked", func() error { _, err := h.DeleteKey(h.ctx, as(u), key.ID); return err }, false, true},
		{"a suspension", func() error {
			_, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{IsActive: &no})
			return err
		}, true, true},
		{"its end", func() error {
			_, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{IsActive: &yes})
			return err
		}, true, true},
		{"another process", func() error { h.Forget(u.ID); return nil }, false, true},
		{"a deletion", func() error { _, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{u.ID}); return err }, true, true},
	} {
		token := ""
		if seen = func() {}; c.name != "its end" {
			token = signedIn()
		}
		told = nil
		seen = func() {
			for credentials, void := range map[[2]string]bool{{token, ""}: c.void, {"", secret}: c.key} {
				if _, err := h.Authenticate(h.ctx, credentials[0], credentials[1]); errors.Is(err, core.ErrCredentials) != void {
					t.Errorf("%s: who heard of it saw %v with %v", c.name, err, credentials)
				}
			}
		}
		if err := c.change(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !slices.Contains(told, u.ID) {
			t.Errorf("%s was told of %v", c.name, told)
		}
	}
}
