package core

import (
	"context"
	"errors"

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

// DecisionOf answers what a user may do with an agent, and why: of oneself
// who may see it, of others who manages it.
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
	if err != nil {
		return Grantee{}, err
	}
	if len(found) == 0 {
		return Grantee{}, ErrUserNotFound
	}
	grants, err := s.grantsAround(ctx, d, []int64{userID})
	if err != nil {
		return Grantee{}, err
	}
	return decideFor(found[0], grants[userID], d), nil
}

// Grantees answers a part of those who may see an agent through an own role,
// as its owner or as global admins, ordered by id. The caller manages it. Of
// a Public agent everybody else in the organization is a member as well.
func (s *Service) Grantees(ctx context.Context, who actor.Actor, agentID int64, p page.Request) (page.Of[Grantee], error) {
	d, err := s.authorize(ctx, who, agentID, access.Manage, ErrNotAdmin)
	if err != nil {
		return page.Of[Grantee]{}, err
	}
	of := users.UserFilter{Grants: access.GrantsToView(d.Resource(d.TeamID)), Users: []int64{d.UserID}, GlobalAdmins: true}
	found, err := s.Roles.PeoplePage(ctx, who.OrganizationID, of, p)
	if err != nil {
		return page.Of[Grantee]{}, err
	}
	ids := make([]int64, len(found.Items))
	for i, u := range found.Items {
		ids[i] = u.ID
	}
	grants, err := s.grantsAround(ctx, d, ids)
	// Whoever just lost their role is shown without one: a part drops nobody.
	return page.Map(found, func(u users.User) Grantee { return decideFor(u, grants[u.ID], d) }), err
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
	people, err := s.Directory.Users(ctx, organizationID, ids)
	if err != nil {
		return nil, err
	}
	grants, err := s.grantsAround(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	var may []int64
	for _, u := range people {
		if decideFor(u, grants[u.ID], d).Decision.Allowed.Run {
			may = append(may, u.ID)
		}
	}
	return may, nil
}

// decideFor decides about a user. A suspended one may do nothing, whatever they
// were granted.
func decideFor(u users.User, grants []actor.Grant, d Decided) Grantee {
	if !u.IsActive {
		why := access.Reason{Rule: access.Suspended, Resource: actor.Organization, ResourceID: u.OrganizationID}
		return Grantee{User: u, Decision: access.Decision{Because: []access.Reason{why}}}
	}
	of := actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, Level: u.Level(), Grants: grants}
	return Grantee{User: u, Decision: access.Decide(of, d.Resource(d.TeamID))}
}

// grantsAround answers the roles of some users that bear on an agent, by user,
// in at most three queries.
func (s *Service) grantsAround(ctx context.Context, d Decided, ids []int64) (map[int64][]actor.Grant, error) {
	grants := map[int64][]actor.Grant{}
	for _, on := range []actor.Grant{{Resource: actor.Agent, ID: d.ID}, {Resource: actor.Project, ID: d.ProjectID}, {Resource: actor.Team, ID: d.TeamID}} {
		if on.ID == 0 {
			continue
		}
		rows, err := s.Permissions.On(ctx, d.OrganizationID, on.Resource, []int64{on.ID}, ids)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if role, ok := actor.ParseRole(row.Role); ok {
				grants[row.UserID] = append(grants[row.UserID], actor.Grant{Resource: on.Resource, ID: on.ID, Role: role})
			}
		}
	}
	return grants, nil
}
