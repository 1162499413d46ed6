package actor_test

import (
	"testing"

	"parley/platform/kernel/actor"
)

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
