package core

import (
	"context"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Team answers one team that the caller sees.
func (s *Service) Team(ctx context.Context, who actor.Actor, id int64) (projects.Team, error) {
	return s.Store.Team(ctx, visible(who), id)
}

// TeamsPage answers the teams that the caller sees, ordered by id.
func (s *Service) TeamsPage(ctx context.Context, who actor.Actor, p page.Request) (page.Of[projects.Team], error) {
	return s.Store.TeamsPage(ctx, visible(who), p)
}

// Project answers one project that the caller sees.
func (s *Service) Project(ctx context.Context, who actor.Actor, id int64) (projects.Project, error) {
	return s.Store.Project(ctx, visible(who), id)
}

// ProjectsPage answers the projects that the caller sees, ordered by id.
func (s *Service) ProjectsPage(ctx context.Context, who actor.Actor, p page.Request) (page.Of[projects.Project], error) {
	return s.Store.ProjectsPage(ctx, visible(who), p)
}

// Member is a user with the row that makes them one.
type Member struct {
	Permission users.Permission
	User       users.User
}

// AddToTeam gives users a role on a team; the caller administers it. Users
// who have a role there already keep it.
func (s *Service) AddToTeam(ctx context.Context, who actor.Actor, team int64, ids []int64, role actor.Role) ([]Member, error) {
	if _, err := s.Store.Team(ctx, visible(who), team); err != nil {
		return nil, err
	}
	if !who.IsGlobalAdmin() && who.Holds(actor.Team, team) != actor.Admin {
		return nil, ErrNotTeamAdmin
	}
	return s.grant(ctx, who, actor.Team, team, ids, role)
}

// AddToProject gives users a role on a project; the caller administers it.
func (s *Service) AddToProject(ctx context.Context, who actor.Actor, project int64, ids []int64, role actor.Role) ([]Member, error) {
	standing, err := s.Standing(ctx, who, project)
	if err != nil {
		return nil, err
	}
	if standing.Role != actor.Admin {
		return nil, ErrNotAdmin
	}
	return s.grant(ctx, who, actor.Project, project, ids, role)
}

func (s *Service) grant(ctx context.Context, who actor.Actor, resource actor.Resource, id int64, ids []int64, role actor.Role) ([]Member, error) {
	var members []Member
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		rows, err := s.Permissions.Grant(ctx, who, resource, id, ids, role)
		if err != nil {
			return err
		}
		people, err := s.Directory.Users(ctx, who.OrganizationID, ids)
		if err != nil {
			return err
		}
		byID := make(map[int64]users.User, len(people))
		for _, u := range people {
			byID[u.ID] = u
		}
		members = make([]Member, len(rows))
		for i, row := range rows {
			members[i] = Member{Permission: row, User: byID[row.UserID]}
		}
		return nil
	})
	return members, err
}

// CountAgent notes that a project has one more agent.
func (s *Service) CountAgent(ctx context.Context, organizationID, project int64) error {
	return s.Store.CountAgents(ctx, organizationID, project, 1)
}

// UserCounts answers how many users hold a role directly on each project, in
// one query.
func (s *Service) UserCounts(ctx context.Context, who actor.Actor, ids []int64) (map[int64]int64, error) {
	rows, err := s.Permissions.On(ctx, who.OrganizationID, actor.Project, ids)
	if err != nil {
		return nil, err
	}
	counts := map[int64]int64{}
	for _, r := range rows {
		counts[r.ResourceID]++
	}
	return counts, nil
}
