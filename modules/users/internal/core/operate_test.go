package core_test

import (
	"errors"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
)

func TestAPasswordThatAnOperatorResetsEndsAllSessions(t *testing.T) {
	h := newHouse(t)
	before, err := h.SignIn(h.ctx, "admin@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := h.ResetPassword(h.ctx, "ADMIN@example.com", "another password")
	if err != nil || u.ID != h.admin.ID {
		t.Fatalf("user %d, %v", u.ID, err)
	}
	if e, ok := h.last(1)[0].(users.AccessChanged); !ok || e.UserID != h.admin.ID || e.What != "session" {
		t.Errorf("published %+v", h.last(1))
	}
	if _, err := h.Refresh(h.ctx, before.Access, core.Attempt{}); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("an older session goes on: %v", err)
	}
	if _, err := h.SignIn(h.ctx, "admin@example.com", "password", core.Attempt{}); !errors.Is(err, core.ErrSignIn) {
		t.Errorf("the old password opens: %v", err)
	}
	if _, err := h.SignIn(h.ctx, "admin@example.com", "another password", core.Attempt{}); err != nil {
		t.Errorf("the new password does not open: %v", err)
	}
	if _, err := h.ResetPassword(h.ctx, "nobody@example.com", "another password"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("an unknown address: %v", err)
	}
	if _, err := h.ResetPassword(h.ctx, "admin@example.com", "short"); !errors.Is(err, core.ErrPassword) {
		t.Errorf("a short password: %v", err)
	}
}

func TestAnOperatorLowersAUserButNotTheLastGlobalAdmin(t *testing.T) {
	h := newHouse(t)
	if _, _, err := h.Demote(h.ctx, h.admin.Email, actor.User); !errors.Is(err, core.ErrLastAdmin) {
		t.Errorf("the last global admin: %v", err)
	}
	other := h.user("other@example.com", func(n *core.NewUser) { n.IsSuperuser = true })
	for _, step := range []struct{ to, want actor.Level }{{actor.ApplicationAdmin, actor.ApplicationAdmin}, {actor.User, actor.User}, {actor.ApplicationAdmin, actor.User}} {
		if _, after, err := h.Demote(h.ctx, other.Email, step.to); err != nil || after.Level() != step.want {
			t.Errorf("lowered to %s: %s, %v", step.to, after.Level(), err)
		}
	}
}
