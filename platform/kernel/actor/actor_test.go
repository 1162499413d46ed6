package actor_test

import (
	"testing"

	"parley/platform/kernel/actor"
)

func TestLevelsAndRolesAreReadByTheirNames(t *testing.T) {
	for name, want := range map[string]struct {
		level actor.Level
		said  string
	}{
		"user": {actor.User, "a user"}, "application_admin": {actor.ApplicationAdmin, "an application admin"}, "global_admin": {actor.GlobalAdmin, "a global admin"},
	} {
		if got, ok := actor.ParseLevel(name); !ok || got != want.level || got.String() != name || got.Said() != want.said {
			t.Errorf("%q is the level %v, %v, said as %q", name, got, ok, got.Said())
		}
	}
	for name, want := range map[string]struct {
		role actor.Role
		said string
	}{"member": {actor.Member, "a member"}, "admin": {actor.Admin, "an admin"}} {
		if got, ok := actor.ParseRole(name); !ok || got != want.role || got.String() != name || got.Said() != want.said {
			t.Errorf("%q is the role %v, %v, said as %q", name, got, ok, got.Said())
		}
	}
	for _, name := range []string{"", "User", "owner", "globaladmin"} {
		if got, ok := actor.ParseLevel(name); ok || got != actor.User {
			t.Errorf("%q is the level %v", name, got)
		}
		if got, ok := actor.ParseRole(name); ok || got != actor.NoRole || got.Said() != "" {
			t.Errorf("%q is the role %v", name, got)
		}
	}
}

func TestEverybodyWhoActsHasANameOfTheirOwn(t *testing.T) {
	for want, a := range map[string]actor.Actor{
		"jo@example.com": {UserID: 7, OrganizationID: 1, Email: "jo@example.com"},
		"service-user-8": {UserID: 8, OrganizationID: 1},
		"service-user-9": {UserID: 9, OrganizationID: 1, Level: actor.GlobalAdmin},
		"System":         actor.System(1),
	} {
		if got := a.Name(); got != want {
			t.Errorf("%+v is called %q", a, got)
		}
	}
}
