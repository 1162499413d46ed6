package core

import (
	"context"
	"slices"

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

// Decided is an agent with the decision about what the caller may do with it.
type Decided struct {
	Agent
	TeamID   int64 // of the project; 0 when it has none
	Decision access.Decision
}

// authorize answers an agent on which the actor may do the action. It answers
// ErrNotFound when they may not view it, and refused when they may view it but
// not do the action. It is two queries.
func (s *Service) authorize(ctx context.Context, who actor.Actor, id int64, do access.Action, refused error) (Decided, error) {
	d, err := s.withTeam(ctx, who.OrganizationID, id)
	if err != nil {
		return Decided{}, err
	}
	d.Decision = access.Decide(who, d.Resource(d.TeamID))
	return d, d.Decision.Check(do, ErrNotFound, refused)
}

// recheck decides about an agent again when its row is locked: since the first
// decision the agent may have moved to another project or owner.
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

// lock locks the row of an agent until the unit of ctx ends, and checks that
// the actor may still edit it.
func (s *Service) lock(ctx context.Context, who actor.Actor, was Decided) (Agent, error) {
	return s.Store.UpdateAgent(ctx, who.OrganizationID, was.ID, func(a *Agent) error { return s.recheck(ctx, who, was, *a, access.Edit) })
}

// withTeam answers an agent with its team and without a decision. It is two
// queries.
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

// visible answers which agents the actor may view, as a condition for queries,
// and the teams of the projects, which the decision about each agent needs. It
// is one query, or none for an actor without a role on a team.
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

// Deciders decide about agents, their types and their reviews.
func (s *Service) Deciders() access.Deciders {
	return access.Deciders{
		{Resource: actor.Agent, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			refused := ErrNotAdmin
			if do == access.Run {
				refused = ErrNotLive
			}
			_, err := s.authorize(ctx, who, id, do, refused)
			return err
		}},
		{Resource: actor.AgentType, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			types, err := s.Store.Types(ctx, who.OrganizationID)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(types, func(t Type) bool { return t.ID == id })
			if i < 0 {
				return ErrTypeNotFound
			}
			return decideType(who, types[i]).Check(do, ErrTypeNotFound, ErrNotGlobal)
		}},
		{Resource: actor.Review, May: s.mayChangeReview},
	}
}

// decideType is the decision about a type: it is the organization's.
func decideType(who actor.Actor, t Type) access.Decision {
	return access.Decide(who, access.Resource{Kind: actor.Organization, ID: t.OrganizationID, OrganizationID: t.OrganizationID})
}

// mayChangeReview answers nil when the actor may view a review, change it or
// delete it.
func (s *Service) mayChangeReview(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
	r, err := s.Store.ReviewByID(ctx, who.OrganizationID, id)
	if err != nil {
		return err
	}
	d, err := s.authorize(ctx, who, r.AgentID, access.View, nil)
	switch {
	case err != nil:
		return ErrReviewNotFound
	case do == access.View || r.UserID == who.UserID || (do == access.Delete && d.Decision.Allowed.Manage):
		return nil
	}
	return ErrNotAuthor
}
