package core

import (
	"context"
	"errors"
	"slices"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// Grantee is a user with what they may do with an agent, and why.
type Grantee struct {
	User     users.User
	Decision access.Decision
}

// DecisionOf answers what a user may do with an agent, and why. Users who may
// view the agent may ask about themselves; its admins may ask about anybody.
func (s *Service) DecisionOf(ctx context.Context, who actor.Actor, agentID, userID int64) (Grantee, error) {
	do := access.Manage
	if userID == who.UserID {
		do = access.View
	}
	d, err := s.authorize(ctx, who, agentID, do, ErrNotAdmin)
	if err != nil {
		return Grantee{}, err
	}
	found, err := s.Directory.Users(ctx, who.OrganizationID, []int64{userID})
	switch {
	case err != nil:
		return Grantee{}, err
	case len(found) == 0:
		return Grantee{}, users.ErrNotFound
	case !found[0].IsActive:
		why := access.Reason{Rule: access.Suspended, Resource: actor.Organization, ResourceID: who.OrganizationID}
		return Grantee{User: found[0], Decision: access.Decision{Because: []access.Reason{why}}}, nil
	}
	of, err := s.actorsOn(ctx, d, []int64{userID})
	return Grantee{User: found[0], Decision: d.decideFor(of[userID])}, err
}

// Grantees answers a part of those who may see an agent through an own role,
// as its owner or as global admins, ordered by id. The caller manages it. Of
// a Public agent everybody else in the organization is a member as well.
func (s *Service) Grantees(ctx context.Context, who actor.Actor, agentID int64, p page.Request) (page.Of[Grantee], error) {
	d, err := s.authorize(ctx, who, agentID, access.Manage, ErrNotAdmin)
	if err != nil {
		return page.Of[Grantee]{}, err
	}
	filter := users.UserFilter{Grants: access.GrantsToView(d.Resource(d.TeamID)), Users: []int64{d.UserID}, GlobalAdmins: true}
	found, err := s.Roles.PeoplePage(ctx, who.OrganizationID, filter, p)
	if err != nil {
		return page.Of[Grantee]{}, err
	}
	ids := make([]int64, len(found.Items))
	for i, u := range found.Items {
		ids[i] = u.ID
	}
	of, err := s.actorsOn(ctx, d, ids)
	// A user who just lost their role, or is suspended since, is shown without
	// one: a part drops nobody.
	return page.Map(found, func(u users.User) Grantee { return Grantee{User: u, Decision: d.decideFor(of[u.ID])} }), err
}

// Runners implements agents.Catalog.
func (s *Service) Runners(ctx context.Context, organizationID, agentID int64, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	d, err := s.withTeam(ctx, organizationID, agentID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	of, err := s.actorsOn(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	var may []int64
	for id, who := range of {
		if d.decideFor(who).Allowed.Run {
			may = append(may, id)
		}
	}
	slices.Sort(may)
	return may, nil
}

// actorsOn answers who some users are to an agent, in at most two queries.
func (s *Service) actorsOn(ctx context.Context, d Decided, ids []int64) (map[int64]actor.Actor, error) {
	return s.Actors.ActorsOn(ctx, d.OrganizationID, ids,
		users.On{Resource: actor.Agent, ID: d.ID}, users.On{Resource: actor.Project, ID: d.ProjectID}, users.On{Resource: actor.Team, ID: d.TeamID})
}

// decideFor decides about somebody else than the caller. Nobody may do nothing.
func (d Decided) decideFor(who actor.Actor) access.Decision {
	return access.Decide(who, d.Resource(d.TeamID))
}
