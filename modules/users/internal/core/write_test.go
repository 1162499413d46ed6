package core_test

import (
	"context"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// placed decides as if project 5 were in team 7, agent 9 in project 5, agent 8
// were ann's alone, and everybody could see agent 6.
func placed(ann int64) []access.Decider {
	decide := func(kind actor.Resource, role func(who actor.Actor, id int64) actor.Role) access.Decider {
		return access.Decider{Resource: kind, May: func(_ context.Context, who actor.Actor, id int64, do access.Action) error {
			has := role(who, id)
			if who.IsGlobalAdmin() {
				has = actor.Admin
			}
			switch {
			case has == actor.NoRole:
				return apperr.New(apperr.NotFound, "x.not_found", "x")
			case has == actor.Member && do != access.View:
				return apperr.New(apperr.Forbidden, "x.not_admin", "x")
			}
			return nil
		}}
	}
	project := func(who actor.Actor, id int64) actor.Role {
		if id != 5 {
			return who.Holds(actor.Project, id)
		}
		return max(who.Holds(actor.Project, 5), who.Holds(actor.Team, 7))
	}
	return []access.Decider{
		teams, decide(actor.Project, project),
		decide(actor.Agent, func(who actor.Actor, id int64) actor.Role {
			switch {
			case id == 8 && who.UserID == ann:
				return actor.Admin
			case id == 9:
				return max(project(who, 5), who.Holds(actor.Agent, 9))
			case id == 6:
				return max(actor.Member, who.Holds(actor.Agent, 6))
			}
			return who.Holds(actor.Agent, id)
		}),
	}
}

func TestAdminsWriteToWhoBelongsToWhatTheyAdminister(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.user("ann@example.com"), h.user("bob@example.com")
	staff, gone := h.user("staff@example.com", application), h.user("gone@example.com")
	h.Decided(placed(ann.ID))
	var account access.Decider
	for _, d := range h.Deciders() {
		if d.Resource == actor.Account {
			account = d
		}
	}
	hold := func(u users.User, role actor.Role, resource actor.Resource, id int64) actor.Actor {
		who := as(u)
		who.Grants = []actor.Grant{{Resource: resource, ID: id, Role: role}}
		return who
	}
	for name, c := range map[string]struct {
		who      actor.Actor
		resource actor.Resource // on which bob is a member
		id       int64
		want     error
	}{
		"nobody's admin":                          {as(ann), actor.Team, 7, core.ErrNotAdmin},
		"an application admin":                    {as(staff), "", 0, nil},
		"a global admin":                          {as(h.admin), "", 0, nil},
		"the team's admin":                        {hold(ann, actor.Admin, actor.Team, 7), actor.Team, 7, nil},
		"who was admin of a team that is deleted": {hold(ann, actor.Admin, actor.Team, 404), actor.Team, 404, core.ErrNotAdmin},
		"the team's member":                       {hold(ann, actor.Member, actor.Team, 7), actor.Team, 7, core.ErrNotAdmin},
		"another team's admin":                    {hold(ann, actor.Admin, actor.Team, 3), actor.Team, 7, core.ErrNotAdmin},
		"the admin of the team above the project": {hold(ann, actor.Admin, actor.Team, 7), actor.Project, 5, nil},
		"the admin of the team above the agent":   {hold(ann, actor.Admin, actor.Team, 7), actor.Agent, 9, nil},
		"a project's admin to one of its team":    {hold(ann, actor.Admin, actor.Project, 5), actor.Team, 7, nil},
		"a project's admin to one of another":     {hold(ann, actor.Admin, actor.Project, 4), actor.Team, 7, core.ErrNotAdmin},
		"an agent's owner":                        {as(ann), actor.Agent, 8, nil},
		"an agent's admin":                        {hold(ann, actor.Admin, actor.Agent, 6), actor.Agent, 6, nil},
		"who only sees the agent":                 {as(ann), actor.Agent, 6, core.ErrNotAdmin},
		"a public agent's admin to everybody":     {hold(ann, actor.Admin, actor.Agent, 6), actor.Team, 7, core.ErrNotAdmin},
		"an admin to who belongs to nothing":      {hold(ann, actor.Admin, actor.Team, 7), "", 0, core.ErrNotAdmin},
	} {
		if c.resource != "" {
			if _, err := h.Grant(h.ctx, as(h.admin), c.resource, c.id, []int64{bob.ID}, actor.Member); err != nil {
				t.Fatal(err)
			}
		}
		if err := account.May(h.ctx, c.who, bob.ID, access.Run); !same(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.resource != "" {
			if _, err := h.Revoke(h.ctx, as(h.admin), c.resource, c.id, []int64{bob.ID}); err != nil {
				t.Fatal(err)
			}
		}
	}
	project := hold(ann, actor.Admin, actor.Project, 5)
	if err := account.May(h.ctx, project, h.admin.ID, access.Run); !same(err, core.ErrNotAdmin) { // who sees every project and belongs to none
		t.Errorf("to a global admin: %v", err)
	}
	if err := account.May(h.ctx, as(staff), 999, access.Run); !same(err, core.ErrNotFound) {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := h.EditUser(h.ctx, as(h.admin), gone.ID, core.UserChange{IsActive: to(false)}); err != nil {
		t.Fatal(err)
	}
	if err := account.May(h.ctx, as(staff), gone.ID, access.Run); err != nil {
		t.Errorf("an admin of the organization to a suspended user: %v", err)
	}
	if err := account.May(h.ctx, project, gone.ID, access.Run); !same(err, core.ErrNotAdmin) {
		t.Errorf("to a suspended user: %v", err)
	}
}

func same(err, want error) bool {
	return apperr.KindOf(err) == apperr.KindOf(want) && (err == nil) == (want == nil)
}
