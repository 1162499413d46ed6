package core_test

import (
	"context"
	"errors"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
)

// flight is a request that a global admin sent while they were one.
type flight struct {
	*house
	who             actor.Actor
	jo, robot       users.User
	onTeam, onRobot users.Permission
	key             core.APIKey
}

func newFlight(t *testing.T) flight {
	t.Helper()
	f := flight{house: newHouse(t).owned()}
	f.who = as(f.user("boss@example.com", global))
	f.jo, f.robot = f.user("jo@example.com"), f.user("")
	var err error
	if f.onTeam, err = f.Assign(f.ctx, f.who, f.jo.ID, actor.Team, 7, "member"); err != nil {
		t.Fatal(err)
	}
	if f.onRobot, err = f.Assign(f.ctx, f.who, f.robot.ID, actor.Organization, 0, "application_admin"); err != nil {
		t.Fatal(err)
	}
	_, f.key = f.makeKey(f.who, core.NewKey{UserID: f.robot.ID})
	return f
}

func TestARequestInFlightDoesNotOutliveTheRightsOfItsCaller(t *testing.T) {
	lost := map[string]func(f flight) error{
		"suspended": func(f flight) error {
			_, err := f.EditUser(f.ctx, actor.System(f.org.ID), f.who.UserID, core.UserChange{IsActive: to(false)})
			return err
		},
		"deleted": func(f flight) error {
			_, err := f.DeleteUsers(f.ctx, actor.System(f.org.ID), []int64{f.who.UserID})
			return err
		},
		"demoted": func(f flight) error {
			_, err := f.EditUser(f.ctx, actor.System(f.org.ID), f.who.UserID, core.UserChange{IsStaff: to(false), IsSuperuser: to(false)})
			return err
		},
	}
	acts := map[string]struct {
		do func(f flight) error
		// demoted is what an ordinary user is told.
		demoted error
	}{
		"editing": {func(f flight) error {
			_, err := f.EditUser(f.ctx, f.who, f.jo.ID, core.UserChange{IsActive: to(false)})
			return err
		}, core.ErrNotAdmin},
		"editing one's own name": {func(f flight) error {
			_, err := f.EditUser(f.ctx, f.who, f.who.UserID, core.UserChange{FirstName: named("Jo")})
			return err
		}, nil},
		"deleting": {func(f flight) error {
			_, err := f.DeleteUsers(f.ctx, f.who, []int64{f.jo.ID})
			return err
		}, core.ErrNotAdmin},
		"creating a user": {func(f flight) error {
			_, err := f.CreateUser(f.ctx, f.who, core.NewUser{Email: "new@example.com"})
			return err
		}, core.ErrNotAdmin},
		"giving a role on the organization": {func(f flight) error {
			_, err := f.Assign(f.ctx, f.who, f.jo.ID, actor.Organization, 0, "application_admin")
			return err
		}, core.ErrMayNot},
		"giving a role on a team": {func(f flight) error {
			_, err := f.Assign(f.ctx, f.who, f.jo.ID, actor.Team, 8, "admin")
			return err
		}, core.ErrNoResource},
		"changing a role on a team": {func(f flight) error {
			_, err := f.EditPermission(f.ctx, f.who, f.onTeam.ID, "admin")
			return err
		}, core.ErrNoPermission},
		"taking a role on the organization away": {func(f flight) error {
			_, err := f.DeletePermission(f.ctx, f.who, f.onRobot.ID)
			return err
		}, core.ErrNoPermission},
		"making a service user's key": {func(f flight) error {
			_, _, err := f.CreateKey(f.ctx, f.who, core.NewKey{Name: "k", UserID: f.robot.ID, Scope: whole})
			return err
		}, core.ErrNotAdmin},
		"making one's own key": {func(f flight) error {
			_, _, err := f.CreateKey(f.ctx, f.who, core.NewKey{Name: "k", Scope: whole})
			return err
		}, nil},
		"revoking a service user's key": {func(f flight) error {
			_, err := f.DeleteKey(f.ctx, f.who, f.key.ID)
			return err
		}, core.ErrNoKey},
		"renaming the organization": {func(f flight) error {
			_, err := f.EditOrganization(f.ctx, f.who, f.org.ID, to("Other"))
			return err
		}, core.ErrNotGlobal},
	}
	for how, lose := range lost {
		for name, act := range acts {
			f := newFlight(t)
			if err := lose(f); err != nil {
				t.Fatal(err)
			}
			want := act.demoted
			if how != "demoted" {
				want = core.ErrCredentials
			}
			before := len(f.db.Published())
			if err := act.do(f); !errors.Is(err, want) {
				t.Errorf("%s by who was %s: %v", name, how, err)
			}
			if after := f.db.Published()[before:]; want != nil && len(after) > 0 {
				t.Errorf("%s by who was %s published %v", name, how, after)
			}
		}
	}
}

// turning is a hasher during whose work something happens.
type turning struct {
	plain
	meanwhile *func()
}

func (h turning) Matches(_ context.Context, hash, p string) (bool, error) {
	if do := *h.meanwhile; do != nil {
		*h.meanwhile = nil
		do()
	}
	return hash == "hash:"+p, nil
}

func TestAPasswordIsNotChangedOverWhatHappenedWhileTheOldOneWasChecked(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(h *house, jo users.User, who actor.Actor) error
		want      error
	}{
		"suspended": {func(h *house, jo users.User, _ actor.Actor) error {
			_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{IsActive: to(false)})
			return err
		}, core.ErrCredentials},
		"deleted": {func(h *house, jo users.User, _ actor.Actor) error {
			_, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{jo.ID})
			return err
		}, core.ErrCredentials},
		"given another address": {func(h *house, jo users.User, _ actor.Actor) error {
			_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{Email: to("jo.lund@example.com")})
			return err
		}, core.ErrCredentials},
		"given another password": {func(h *house, _ users.User, who actor.Actor) error {
			_, err := h.ChangePassword(h.ctx, who, "password", "another one", core.Attempt{})
			return err
		}, core.ErrWrongOld},
		"left alone": {func(*house, users.User, actor.Actor) error { return nil }, nil},
	} {
		h := newHouse(t)
		parts, meanwhile := h.Deps, func() {}
		parts.Hasher = turning{meanwhile: &meanwhile}
		h.Service = core.New(parts)
		jo := h.user("jo@example.com", signing)
		meanwhile = nil
		pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
		if err != nil {
			t.Fatal(err)
		}
		who, err := h.Authenticate(h.ctx, pair.Access, "")
		if err != nil {
			t.Fatal(err)
		}
		meanwhile = func() {
			if err := c.meanwhile(h, jo, who); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := h.ChangePassword(h.ctx, who, "password", "new password", core.Attempt{}); !errors.Is(err, c.want) {
			t.Errorf("of who was %s: %v", name, err)
		}
	}
}
