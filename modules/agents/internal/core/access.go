package core

import (
	"context"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// Visible says which agents an actor may see: the access rule as a condition
// for queries.
type Visible = access.VisibleAgents

// Resource is the agent as access decides about it; team is its project's, or 0.
func (a Agent) Resource(team int64) access.Resource {
	return access.Resource{
		Kind: actor.Agent, ID: a.ID, OrganizationID: a.OrganizationID, Deleted: a.IsDeleted, ProjectID: a.ProjectID, TeamID: team,
		OwnerID: a.UserID, Level: access.Level(a.Access), Open: a.Status == Live && a.IsActive,
	}
}

// everything is the organization's, for reading what access then decides on.
func everything(organizationID int64) Visible {
	return Visible{OrganizationID: organizationID, All: true}
}

// Decided is an agent with what somebody may do with it.
type Decided struct {
	Agent
	TeamID   int64 // of the project; 0 when it has none
	Decision access.Decision
}

// authorize answers an agent on which who may do the action, or ErrNotFound, or
// refused when they may only see it. It is two queries.
func (s *Service) authorize(ctx context.Context, who actor.Actor, id int64, do access.Action, refused error) (Decided, error) {
	d, err := s.withTeam(ctx, who.OrganizationID, id)
	if err != nil {
		return Decided{}, err
	}
	d.Decision = access.Decide(who, d.Resource(d.TeamID))
	return d, d.Decision.Check(do, ErrNotFound, refused)
}

// recheck decides about an agent once more, now that its row is locked: since it
// was decided about it may have been moved or passed on.
func (s *Service) recheck(ctx context.Context, who actor.Actor, was Decided, is Agent, do access.Action) error {
	if is.ProjectID == was.ProjectID && is.UserID == was.UserID {
		return nil
	}
	d, err := s.resolveTeam(ctx, is)
	if err != nil {
		return err
	}
	return access.Decide(who, d.Resource(d.TeamID)).Check(do, ErrNotFound, ErrNotAdmin)
}

// lock keeps an agent that who may still edit as it is until the unit of ctx
// ends.
func (s *Service) lock(ctx context.Context, who actor.Actor, was Decided) (Agent, error) {
	return s.Store.UpdateAgent(ctx, who.OrganizationID, was.ID, func(a *Agent) error { return s.recheck(ctx, who, was, *a, access.Edit) })
}

// withTeam answers an agent with its team, on which nothing is decided yet. It
// is two queries.
func (s *Service) withTeam(ctx context.Context, organizationID, id int64) (Decided, error) {
	a, err := s.Store.Agent(ctx, everything(organizationID), id)
	if err != nil {
		return Decided{}, err
	}
	return s.resolveTeam(ctx, a)
}

// resolveTeam looks up the team of an agent's project.
func (s *Service) resolveTeam(ctx context.Context, a Agent) (Decided, error) {
	teams, err := s.Projects.Teams(ctx, a.OrganizationID, []int64{a.ProjectID})
	return Decided{Agent: a, TeamID: teams[a.ProjectID]}, err
}

// visible is which agents who may see, as a condition, with the teams of
// projects that deciding about each of them takes. It is one query, or none
// for whoever has no role on a team.
func (s *Service) visible(ctx context.Context, who actor.Actor) (Visible, map[int64]int64, error) {
	teams := who.Granted(actor.Team, actor.Member)
	if who.IsGlobalAdmin() {
		teams = nil
	}
	under, err := s.Projects.ProjectsOfTeams(ctx, who.OrganizationID, teams)
	if err != nil {
		return Visible{}, nil, err
	}
	return access.AgentsVisibleTo(who, under), under, nil
}

// Administers implements agents.Catalog.
func (s *Service) Administers(ctx context.Context, who actor.Actor, agentID int64) (bool, error) {
	d, err := s.authorize(ctx, who, agentID, access.View, nil)
	return d.Decision.Allowed.Manage, err
}

// Decider decides about agents.
func (s *Service) Decider() access.Decider {
	return access.Decider{Resource: actor.Agent, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
		refused := ErrNotAdmin
		if do == access.Run {
			refused = ErrNotLive
		}
		_, err := s.authorize(ctx, who, id, do, refused)
		return err
	}}
}
