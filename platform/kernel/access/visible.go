package access

import (
	"slices"

	"parley/platform/kernel/actor"
)

// Visible is which teams and projects an actor may view, as a condition for
// queries: those of the organization that are not deleted and of which All
// holds, or whose id is listed, or, for a project, whose team is.
type Visible struct {
	OrganizationID int64
	All            bool    // a global admin
	Teams          []int64 // with a role of theirs
	Projects       []int64
}

// VisibleTo is Decide's view of teams and projects.
func VisibleTo(who actor.Actor) Visible {
	return Visible{
		OrganizationID: who.OrganizationID, All: who.IsGlobalAdmin(),
		Teams: who.Granted(actor.Team, actor.Member), Projects: who.Granted(actor.Project, actor.Member),
	}
}

// Shows evaluates the condition for a team or a project.
func (v Visible) Shows(r Resource) bool {
	if r.OrganizationID != v.OrganizationID || r.Deleted {
		return false
	}
	switch r.Kind {
	case actor.Team:
		return v.All || slices.Contains(v.Teams, r.ID)
	case actor.Project:
		return v.All || slices.Contains(v.Projects, r.ID) || (r.TeamID != 0 && slices.Contains(v.Teams, r.TeamID))
	}
	return false
}

// Administered is what of an organization an actor administers by level or by
// roles that were given, as a condition for queries: All of it, or what is
// listed, or lies in a team or project that is. Agents that the actor owns are
// not part of it: only the module that keeps agents knows their owners.
type Administered struct {
	OrganizationID int64
	All            bool // a global admin
	Teams          []int64
	Projects       []int64
	Agents         []int64
}

// AdministeredBy is Decide's admin of teams, projects and agents.
func AdministeredBy(who actor.Actor) Administered {
	return Administered{
		OrganizationID: who.OrganizationID, All: who.IsGlobalAdmin(),
		Teams: who.Granted(actor.Team, actor.Admin), Projects: who.Granted(actor.Project, actor.Admin), Agents: who.Granted(actor.Agent, actor.Admin),
	}
}

// Nothing reports whether the actor administers nothing.
func (a Administered) Nothing() bool {
	return !a.All && len(a.Teams)+len(a.Projects)+len(a.Agents) == 0
}

// VisibleAgents is which agents an actor may view, as a condition for
// queries: those of the organization that are not deleted and of which one of
// the other fields holds.
type VisibleAgents struct {
	OrganizationID int64
	UserID         int64   // the owner, unless it is 0
	All            bool    // a global admin
	Granted        []int64 // agents with a role of theirs
	Administered   []int64 // projects of which all agents show
	Joined         []int64 // projects of which agents show that are not OnlyMe
	// and every agent that is Public
}

// AgentsVisibleTo is Decide's view of agents. teamOf is the team of each
// project of the teams that who has a role on; other projects do no harm.
func AgentsVisibleTo(who actor.Actor, teamOf map[int64]int64) VisibleAgents {
	v := VisibleAgents{OrganizationID: who.OrganizationID, UserID: who.UserID, All: who.IsGlobalAdmin(), Granted: who.Granted(actor.Agent, actor.Member)}
	if v.All {
		return v
	}
	onTeams, roles := map[int64]actor.Role{}, map[int64]actor.Role{}
	for _, g := range who.Grants {
		switch g.Resource {
		case actor.Team:
			onTeams[g.ID] = max(onTeams[g.ID], g.Role)
		case actor.Project:
			roles[g.ID] = max(roles[g.ID], g.Role)
		}
	}
	for project, team := range teamOf {
		roles[project] = max(roles[project], onTeams[team])
	}
	for project, role := range roles {
		switch role {
		case actor.Admin:
			v.Administered = append(v.Administered, project)
		case actor.Member:
			v.Joined = append(v.Joined, project)
		}
	}
	slices.Sort(v.Administered)
	slices.Sort(v.Joined)
	return v
}

// Shows evaluates the condition for an agent.
func (v VisibleAgents) Shows(r Resource) bool {
	if r.Kind != actor.Agent || r.OrganizationID != v.OrganizationID || r.Deleted {
		return false
	}
	return v.All || (r.OwnerID == v.UserID && v.UserID != 0) || r.Level == Public || slices.Contains(v.Granted, r.ID) ||
		slices.Contains(v.Administered, r.ProjectID) || (r.Level == OnlyTeam && slices.Contains(v.Joined, r.ProjectID))
}

// GrantsToView answers the roles that allow to view a resource: a user who has
// at least one of them, or a higher one, may view it. So may the global admins,
// the owner of an agent, and at Public the whole organization. Nobody may view
// a deleted resource.
func GrantsToView(r Resource) []actor.Grant {
	if r.Deleted {
		return nil
	}
	var grants []actor.Grant
	add := func(resource actor.Resource, id int64, role actor.Role) {
		if id != 0 {
			grants = append(grants, actor.Grant{Resource: resource, ID: id, Role: role})
		}
	}
	switch r.Kind {
	case actor.Team:
		add(actor.Team, r.ID, actor.Member)
	case actor.Project:
		add(actor.Project, r.ID, actor.Member)
		add(actor.Team, r.TeamID, actor.Member)
	case actor.Agent:
		above := actor.Member
		if r.Level == OnlyMe {
			above = actor.Admin // members of the project are kept out
		}
		add(actor.Agent, r.ID, actor.Member)
		add(actor.Project, r.ProjectID, above)
		add(actor.Team, r.TeamID, above)
	}
	return grants
}
