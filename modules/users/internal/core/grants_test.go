package core_test

import (
	"context"
	"errors"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// teams decides about teams: whoever holds a role sees one, whose admins
// administer it; global admins administer all but number 404.
var teams = access.Decider{Resource: actor.Team, May: func(_ context.Context, who actor.Actor, id int64, do access.Action) error {
	role := who.Holds(actor.Team, id)
	switch {
	case id == 404, role == actor.NoRole && !who.IsGlobalAdmin():
		return apperr.New(apperr.NotFound, "projects.team_not_found", "There is no such team.")
	case do != access.View && role != actor.Admin && !who.IsGlobalAdmin():
		return apperr.New(apperr.Forbidden, "projects.not_team_admin", "Only the team's admins do this.")
	}
	return nil
}}

func (h *house) owned() *house {
	h.Decided([]access.Decider{teams})
	return h
}

func on(u users.User, role actor.Role, team int64) actor.Actor {
	who := as(u)
	who.Grants = []actor.Grant{{Resource: actor.Team, ID: team, Role: role}}
	return who
}

func TestWhoGivesRolesOnWhat(t *testing.T) {
	h := newHouse(t).owned()
	ann, bob := h.user("ann@example.com"), h.user("bob@example.com")
	staff, second := h.user("staff@example.com", application), h.user("second@example.com", global)
	cases := map[string]struct {
		who      actor.Actor
		user     int64
		resource actor.Resource
		id       int64
		role     string
		want     error
	}{
		"a team's admin":                            {on(ann, actor.Admin, 7), bob.ID, actor.Team, 7, "member", nil},
		"a team's member":                           {on(ann, actor.Member, 7), bob.ID, actor.Team, 7, "member", core.ErrMayNot},
		"a stranger to the team":                    {as(ann), bob.ID, actor.Team, 7, "member", core.ErrNoResource},
		"a team that is not there":                  {as(h.admin), bob.ID, actor.Team, 404, "member", core.ErrNoResource},
		"a kind that nobody owns":                   {as(h.admin), bob.ID, actor.Agent, 7, "member", core.ErrNoResource},
		"a user who is not there":                   {as(h.admin), 99, actor.Team, 7, "member", core.ErrNotFound},
		"no id":                                     {as(h.admin), bob.ID, actor.Team, 0, "member", core.ErrNeedsID},
		"a role of organizations on a team":         {as(h.admin), bob.ID, actor.Team, 7, "global_admin", core.ErrRole},
		"a role of teams on the organization":       {as(h.admin), bob.ID, actor.Organization, 0, "admin", core.ErrRole},
		"another organization":                      {as(h.admin), bob.ID, actor.Organization, h.org.ID + 1, "user", core.ErrNoResource},
		"an ordinary user on the organization":      {as(ann), bob.ID, actor.Organization, 0, "application_admin", core.ErrMayNot},
		"an application admin makes another":        {as(staff), bob.ID, actor.Organization, h.org.ID, "application_admin", nil},
		"an application admin makes a global admin": {as(staff), bob.ID, actor.Organization, 0, "global_admin", core.ErrOutranked},
		"an application admin and a global admin":   {as(staff), second.ID, actor.Organization, 0, "user", core.ErrOutranked},
		"oneself":                                      {as(staff), staff.ID, actor.Organization, 0, "user", core.ErrOwnFlags},
		"a role there is already":                      {as(h.admin), staff.ID, actor.Organization, 0, "application_admin", core.ErrHasRole},
		"a global admin and another":                   {as(h.admin), second.ID, actor.Organization, 0, "user", core.ErrPeer},
		"a global admin keeps another as they are":     {as(h.admin), second.ID, actor.Organization, 0, "global_admin", core.ErrPeer},
		"a global admin gives another a role on teams": {as(h.admin), second.ID, actor.Team, 7, "member", nil},
	}
	for name, c := range cases {
		p, err := h.Assign(h.ctx, c.who, c.user, c.resource, c.id, c.role)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if _, err := h.DeletePermission(h.ctx, as(h.admin), p.ID); err != nil {
				t.Fatalf("%s, taken back: %v", name, err)
			}
		}
	}
}

// mirrored fails when the flags and the role on the organization differ.
func (h *house) mirrored(id int64) {
	h.t.Helper()
	u, err := h.Store.User(h.ctx, h.org.ID, id)
	if err != nil {
		h.t.Fatal(err)
	}
	rows, err := h.Store.Permissions(h.ctx, h.org.ID, actor.Organization, []int64{h.org.ID}, []int64{id})
	if err != nil {
		h.t.Fatal(err)
	}
	role := "user"
	if len(rows) > 0 {
		role = rows[0].Role
	}
	if role != u.Level().String() {
		h.t.Errorf("the flags say %s and the role %s", u.Level(), role)
	}
}

func TestTheRoleOnTheOrganizationMirrorsTheFlags(t *testing.T) {
	h := newHouse(t).owned()
	u := h.user("jo@example.com")
	h.mirrored(h.admin.ID)
	h.mirrored(u.ID)
	p, err := h.Assign(h.ctx, as(h.admin), u.ID, actor.Organization, 0, "application_admin")
	if err != nil {
		t.Fatal(err)
	}
	h.mirrored(u.ID)
	server := actor.System(h.org.ID) // which may demote global admins
	for _, role := range []string{"global_admin", "user", "application_admin"} {
		if _, err := h.EditPermission(h.ctx, server, p.ID, role); err != nil {
			t.Fatal(err)
		}
		h.mirrored(u.ID)
		if got, _ := h.Store.User(h.ctx, h.org.ID, u.ID); got.Level().String() != role {
			t.Errorf("a %s has the flags of a %s", role, got.Level())
		}
	}
	for _, flags := range []core.UserChange{{IsSuperuser: to(true)}, {IsSuperuser: to(false)}, {IsStaff: to(false)}, {IsStaff: to(true)}} {
		if _, err := h.EditUser(h.ctx, server, u.ID, flags); err != nil {
			t.Fatal(err)
		}
		h.mirrored(u.ID)
	}
	if _, err := h.DeletePermission(h.ctx, as(h.admin), p.ID); err != nil {
		t.Fatal(err)
	}
	h.mirrored(u.ID)
	if got, _ := h.Store.User(h.ctx, h.org.ID, u.ID); got.Level() != actor.User {
		t.Errorf("without a role a %s", got.Level())
	}
	h.mirrored(h.user("new@example.com", application).ID)
}

func TestGlobalAdminsLeaveEachOthersRolesAlone(t *testing.T) {
	h := newHouse(t).owned()
	second := h.user("second@example.com", global)
	p := h.roleOf(second.ID)
	if _, err := h.EditPermission(h.ctx, as(h.admin), p.ID, "user"); !errors.Is(err, core.ErrPeer) {
		t.Errorf("demoting: %v", err)
	}
	if _, err := h.EditPermission(h.ctx, as(h.admin), p.ID, "global_admin"); !errors.Is(err, core.ErrPeer) {
		t.Errorf("leaving as they are: %v", err)
	}
	if _, err := h.DeletePermission(h.ctx, as(h.admin), p.ID); !errors.Is(err, core.ErrPeer) {
		t.Errorf("taking away: %v", err)
	}
	h.mirrored(second.ID)
	jo := h.user("jo@example.com")
	made, err := h.Assign(h.ctx, as(h.admin), jo.ID, actor.Organization, 0, "global_admin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.DeletePermission(h.ctx, as(h.admin), made.ID); !errors.Is(err, core.ErrPeer) {
		t.Errorf("taking back what was given: %v", err)
	}
}

// roleOf is a user's role on the organization.
func (h *house) roleOf(id int64) users.Permission {
	h.t.Helper()
	rows, err := h.Store.Permissions(h.ctx, h.org.ID, actor.Organization, []int64{h.org.ID}, []int64{id})
	if err != nil || len(rows) != 1 {
		h.t.Fatal(rows, err)
	}
	return rows[0]
}

func TestTheLastGlobalAdminKeepsTheRole(t *testing.T) {
	h := newHouse(t).owned()
	p := h.roleOf(h.admin.ID)
	lose := func(want error) {
		t.Helper()
		for _, who := range []actor.Actor{as(h.admin), actor.System(h.org.ID)} {
			if who.UserID == 0 && !errors.Is(want, core.ErrLastAdmin) {
				continue // it may
			}
			if _, err := h.EditPermission(h.ctx, who, p.ID, "application_admin"); !errors.Is(err, want) {
				t.Errorf("demoted by %s: %v", who.Name(), err)
			}
			if _, err := h.DeletePermission(h.ctx, who, p.ID); !errors.Is(err, want) {
				t.Errorf("taken away by %s: %v", who.Name(), err)
			}
		}
	}
	// That they may not demote themselves comes after.
	lose(core.ErrLastAdmin)
	h.user("second@example.com", global)
	lose(core.ErrOwnFlags)
	if _, err := h.EditPermission(h.ctx, as(h.admin), p.ID, "global_admin"); err != nil {
		t.Errorf("as it is: %v", err)
	}
}

func TestARoleIsSeenByItsUserAndByAdminsOfTheResource(t *testing.T) {
	h := newHouse(t).owned()
	ann, bob, cy := h.user("ann@example.com"), h.user("bob@example.com"), h.user("cy@example.com")
	p, err := h.Assign(h.ctx, as(h.admin), bob.ID, actor.Team, 7, "member")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who       actor.Actor
		see, edit error
	}{
		"the user":          {on(bob, actor.Member, 7), nil, core.ErrMayNot},
		"an admin":          {on(ann, actor.Admin, 7), nil, nil},
		"a global admin":    {as(h.admin), nil, nil},
		"another member":    {on(cy, actor.Member, 7), core.ErrNoPermission, core.ErrNoPermission},
		"a stranger":        {as(cy), core.ErrNoPermission, core.ErrNoPermission},
		"another's admin":   {actor.Actor{UserID: 50, OrganizationID: 50, Level: actor.GlobalAdmin}, core.ErrNoPermission, core.ErrNoPermission},
		"its user, no more": {as(bob), nil, core.ErrMayNot},
	} {
		if _, _, err := h.Permission(h.ctx, c.who, p.ID); !errors.Is(err, c.see) {
			t.Errorf("%s sees: %v", name, err)
		}
		if _, err := h.EditPermission(h.ctx, c.who, p.ID, "admin"); !errors.Is(err, c.edit) {
			t.Errorf("%s changes: %v", name, err)
		}
	}
	if _, err := h.EditPermission(h.ctx, as(h.admin), p.ID, "user"); !errors.Is(err, core.ErrRole) {
		t.Errorf("a role of organizations: %v", err)
	}
}

func TestARoleTakesEffectOnTheNextRequest(t *testing.T) {
	h := newHouse(t).owned()
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	holds := func(want actor.Role) {
		t.Helper()
		who, err := h.Authenticate(h.ctx, pair.Access, "")
		if err != nil || who.Holds(actor.Team, 7) != want {
			t.Errorf("holds %v, %v", who.Grants, err)
		}
	}
	holds(actor.NoRole)
	p, err := h.Assign(h.ctx, as(h.admin), u.ID, actor.Team, 7, "member")
	if err != nil {
		t.Fatal(err)
	}
	holds(actor.Member)
	if _, err := h.EditPermission(h.ctx, as(h.admin), p.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	holds(actor.Admin)
	if _, err := h.DeletePermission(h.ctx, as(h.admin), p.ID); err != nil {
		t.Fatal(err)
	}
	holds(actor.NoRole)
}
