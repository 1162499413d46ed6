package core

import (
	"context"

	"parley/modules/projects"
	"parley/platform/kernel/actor"
)

// Visible says which agents an actor may see: the access rule as a condition
// for queries. It is decide, turned around.
type Visible struct {
	OrganizationID int64
	UserID         int64
	All            bool    // a global admin
	Granted        []int64 // agents with a role of the actor's
	Administered   []int64 // projects that the actor administers
	Joined         []int64 // projects that the actor is a member of
}

// Allowed is what a decision allows.
type Allowed struct {
	View, Run, Edit, Manage, Delete bool
}

// Reason is one rule that speaks for the actor, with the grant it rests on.
type Reason struct {
	Rule       string // global_admin, owner, agent_role, project_role, team_role or public
	Resource   actor.Resource
	ResourceID int64
	Role       string
}

// Decision is who an actor is to an agent, and why. Because lists every rule
// that applies, the deciding one first.
type Decision struct {
	Role    actor.Role
	Allowed Allowed
	Because []Reason
}

// decide is THE access decision on agents.
func decide(who actor.Actor, a Agent, standing projects.Standing) Decision {
	var d Decision
	if a.OrganizationID != who.OrganizationID || a.IsDeleted {
		return d
	}
	speak := func(role actor.Role, r Reason) {
		if role == actor.NoRole {
			return
		}
		r.Role = role.String()
		if role > d.Role {
			d.Role = role
			d.Because = append([]Reason{r}, d.Because...)
			return
		}
		d.Because = append(d.Because, r)
	}
	if who.IsGlobalAdmin() {
		speak(actor.Admin, Reason{Rule: "global_admin", Resource: actor.Organization, ResourceID: a.OrganizationID})
	}
	if who.UserID == a.UserID && who.UserID != 0 {
		speak(actor.Admin, Reason{Rule: "owner", Resource: actor.Agent, ResourceID: a.ID})
	}
	speak(who.Holds(actor.Agent, a.ID), Reason{Rule: "agent_role", Resource: actor.Agent, ResourceID: a.ID})
	if !who.IsGlobalAdmin() && (standing.Role == actor.Admin || a.Access != OnlyMe) {
		speak(standing.Role, Reason{Rule: standing.Because.Rule, Resource: standing.Because.Resource, ResourceID: standing.Because.ResourceID})
	}
	if a.Access == Public {
		speak(actor.Member, Reason{Rule: "public", Resource: actor.Organization, ResourceID: a.OrganizationID})
	}
	admin := d.Role == actor.Admin
	d.Allowed = Allowed{View: d.Role > actor.NoRole, Run: admin || (d.Role > actor.NoRole && a.Status == Live && a.IsActive), Edit: admin, Manage: admin, Delete: admin}
	return d
}

// visible is decide's View as a condition, with what it needs to decide.
func (s *Service) visible(ctx context.Context, who actor.Actor) (Visible, map[int64]projects.Standing, error) {
	v := Visible{OrganizationID: who.OrganizationID, UserID: who.UserID, Granted: who.Granted(actor.Agent, actor.Member)}
	standings, all, err := s.Projects.Standings(ctx, who)
	if err != nil {
		return v, nil, err
	}
	v.All = all
	for id, standing := range standings {
		if standing.Role == actor.Admin {
			v.Administered = append(v.Administered, id)
		} else {
			v.Joined = append(v.Joined, id)
		}
	}
	return v, standings, nil
}
