package core

import (
	"context"
	"errors"
	"slices"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Member is a user with the row that makes them one.
type Member struct {
	Permission users.Permission
	User       users.User
}

// AddToTeam gives users a role on a team; the caller administers it. Users
// who have a role there already keep it.
func (s *Service) AddToTeam(ctx context.Context, who actor.Actor, team int64, ids []int64, role actor.Role) ([]Member, error) {
	if _, err := s.team(ctx, who, team, access.Manage); err != nil {
		return nil, s.unlessUnknown(ctx, who, ids, err)
	}
	return s.members(ctx, who, func(ctx context.Context) ([]users.Permission, error) {
		// Nobody joins a team that is being deleted.
		if _, err := s.Store.UpdateTeam(ctx, who.OrganizationID, team, func(*projects.Team) error { return nil }); err != nil {
			return nil, err
		}
		return s.Permissions.Grant(ctx, who, actor.Team, team, ids, role)
	})
}

// unlessUnknown is denied, which says why the caller may not give users a role,
// unless one of them is not there: that comes before a lack of rights.
func (s *Service) unlessUnknown(ctx context.Context, who actor.Actor, ids []int64, denied error) error {
	if apperr.KindOf(denied) != apperr.Forbidden {
		return denied
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found, err := s.Directory.Users(ctx, who.OrganizationID, ids)
	if err != nil {
		return err
	}
	if len(found) != len(ids) {
		return users.ErrNotFound
	}
	return denied
}

// RemoveFromTeam takes users' roles on a team away and answers the rows that
// were there; the caller administers it.
func (s *Service) RemoveFromTeam(ctx context.Context, who actor.Actor, team int64, ids []int64) ([]Member, error) {
	if _, err := s.team(ctx, who, team, access.Manage); err != nil {
		return nil, err
	}
	return s.members(ctx, who, func(ctx context.Context) ([]users.Permission, error) {
		return s.Permissions.Revoke(ctx, who, actor.Team, team, ids)
	})
}

// AddToProject gives users a role on a project; the caller administers it.
func (s *Service) AddToProject(ctx context.Context, who actor.Actor, project int64, ids []int64, role actor.Role) ([]Member, error) {
	if _, err := s.project(ctx, who, project, access.Manage); err != nil {
		return nil, s.unlessUnknown(ctx, who, ids, err)
	}
	return s.members(ctx, who, func(ctx context.Context) ([]users.Permission, error) {
		// Nobody joins a project that is being deleted.
		if err := s.lock(ctx, who, project); err != nil {
			return nil, err
		}
		return s.Permissions.Grant(ctx, who, actor.Project, project, ids, role)
	})
}

// RemoveFromProject takes users' roles on a project away and answers the rows
// that were there; the caller administers it.
func (s *Service) RemoveFromProject(ctx context.Context, who actor.Actor, project int64, ids []int64) ([]Member, error) {
	if _, err := s.project(ctx, who, project, access.Manage); err != nil {
		return nil, err
	}
	return s.members(ctx, who, func(ctx context.Context) ([]users.Permission, error) {
		if err := s.lock(ctx, who, project); err != nil {
			return nil, err
		}
		return s.Permissions.Revoke(ctx, who, actor.Project, project, ids)
	})
}

// TeamMembers answers a part of those with a role on a team that the caller
// sees, ordered by user.
func (s *Service) TeamMembers(ctx context.Context, who actor.Actor, team int64, p page.Request) (page.Of[Member], error) {
	if _, err := s.TeamAccess(ctx, who, team); err != nil {
		return page.Of[Member]{}, err
	}
	part, err := s.Roles.RolesPage(ctx, who.OrganizationID, actor.Team, team, p)
	if err != nil {
		return page.Of[Member]{}, err
	}
	members, err := s.withUsers(ctx, who.OrganizationID, part.Items)
	return page.Of[Member]{Items: members, Count: part.Count, NextCursor: part.NextCursor, Request: p}, err
}

// members runs a change of roles in a unit and answers its rows with their users.
func (s *Service) members(ctx context.Context, who actor.Actor, change func(ctx context.Context) ([]users.Permission, error)) ([]Member, error) {
	var members []Member
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		rows, err := change(ctx)
		if err != nil {
			return err
		}
		slices.SortFunc(rows, func(a, b users.Permission) int { return int(a.UserID - b.UserID) })
		members, err = s.withUsers(ctx, who.OrganizationID, rows)
		return err
	})
	return members, err
}

func (s *Service) withUsers(ctx context.Context, organizationID int64, rows []users.Permission) ([]Member, error) {
	if len(rows) == 0 {
		return []Member{}, nil
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.UserID
	}
	people, err := s.Directory.Users(ctx, organizationID, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]users.User, len(people))
	for _, u := range people {
		byID[u.ID] = u
	}
	members := make([]Member, len(rows))
	for i, row := range rows {
		members[i] = Member{Permission: row, User: byID[row.UserID]}
	}
	return members, nil
}

// UserCounts answers how many users hold a role directly on each project, in
// one query.
func (s *Service) UserCounts(ctx context.Context, who actor.Actor, ids []int64) (map[int64]int64, error) {
	return s.Roles.RoleCounts(ctx, who.OrganizationID, actor.Project, ids)
}

// ProjectsOfUser answers the projects of a team that a user may view, ordered
// by id. Users may ask about themselves; admins of the team may ask about
// anybody. A suspended user may view none.
func (s *Service) ProjectsOfUser(ctx context.Context, who actor.Actor, userID, team int64, p page.Request) (page.Of[projects.Project], error) {
	do := access.Manage
	if userID == who.UserID {
		do = access.View
	}
	if _, err := s.team(ctx, who, team, do); err != nil {
		return page.Of[projects.Project]{}, err
	}
	of := who
	if userID != who.UserID {
		var err error
		of, err = s.Actors.Actor(ctx, who.OrganizationID, userID)
		if err != nil && !errors.Is(err, users.ErrSuspended) { // of whom nobody is left
			return page.Of[projects.Project]{}, err
		}
	}
	return s.Store.ProjectsPage(ctx, access.VisibleTo(of), ProjectFilter{Team: team}, p)
}
