package core

import (
	"context"

	"parley/modules/projects"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// everything is the organization's, for reading what access then decides on.
func everything(who actor.Actor) Visible {
	return Visible{OrganizationID: who.OrganizationID, All: true}
}

// project answers a project on which the actor may do the action.
func (s *Service) project(ctx context.Context, who actor.Actor, id int64, do access.Action) (projects.ProjectAccess, error) {
	p, err := s.Store.Project(ctx, everything(who), id)
	if err != nil {
		return projects.ProjectAccess{}, err
	}
	return onProject(who, p, do)
}

// onProject decides about a project that was read. Units of work decide again
// after they have locked the row, since the project may have moved to another
// team.
func onProject(who actor.Actor, p projects.Project, do access.Action) (projects.ProjectAccess, error) {
	d := access.Decide(who, p.Resource())
	if err := d.Check(do, ErrNotFound, ErrNotAdmin); err != nil {
		return projects.ProjectAccess{}, err
	}
	return projects.ProjectAccess{Project: p, Decision: d}, nil
}

// lock locks the row of a project until the unit of ctx ends, and checks that
// the actor may still manage it.
func (s *Service) lock(ctx context.Context, who actor.Actor, id int64) error {
	_, err := s.Store.UpdateProject(ctx, who.OrganizationID, id, func(p *projects.Project) error {
		_, err := onProject(who, *p, access.Manage)
		return err
	})
	return err
}

// team answers a team on which the actor may do the action.
func (s *Service) team(ctx context.Context, who actor.Actor, id int64, do access.Action) (projects.TeamAccess, error) {
	t, err := s.Store.Team(ctx, everything(who), id)
	if err != nil {
		return projects.TeamAccess{}, err
	}
	d := access.Decide(who, t.Resource())
	if err := d.Check(do, ErrTeamNotFound, ErrNotTeamAdmin); err != nil {
		return projects.TeamAccess{}, err
	}
	return projects.TeamAccess{Team: t, Decision: d}, nil
}

// ProjectAccess implements projects.Catalog.
func (s *Service) ProjectAccess(ctx context.Context, who actor.Actor, projectID int64) (projects.ProjectAccess, error) {
	return s.project(ctx, who, projectID, access.View)
}

// TeamAccess implements projects.Catalog.
func (s *Service) TeamAccess(ctx context.Context, who actor.Actor, teamID int64) (projects.TeamAccess, error) {
	return s.team(ctx, who, teamID, access.View)
}

// Teams implements projects.Catalog.
func (s *Service) Teams(ctx context.Context, organizationID int64, projectIDs []int64) (map[int64]int64, error) {
	if len(projectIDs) == 0 {
		return map[int64]int64{}, nil
	}
	return s.Store.ProjectTeams(ctx, organizationID, projectIDs)
}

// ProjectsOfTeams implements projects.Catalog.
func (s *Service) ProjectsOfTeams(ctx context.Context, organizationID int64, teamIDs []int64) (map[int64]int64, error) {
	if len(teamIDs) == 0 {
		return map[int64]int64{}, nil
	}
	return s.Store.TeamProjects(ctx, organizationID, teamIDs)
}

// maxInDetail is how many members of one project its details list.
const maxInDetail = 100

// Details implements projects.Catalog.
func (s *Service) Details(ctx context.Context, who actor.Actor, ids []int64) (map[int64]projects.Detail, error) {
	found, err := s.Store.Projects(ctx, access.VisibleTo(who), ids)
	if err != nil {
		return nil, err
	}
	visible := make([]int64, len(found))
	for i, p := range found {
		visible[i] = p.ID
	}
	counts, err := s.UserCounts(ctx, who, visible)
	if err != nil {
		return nil, err
	}
	rows, err := s.Roles.FirstRoles(ctx, who.OrganizationID, actor.Project, visible, maxInDetail)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]projects.Detail, len(found))
	for _, p := range found {
		out[p.ID] = projects.Detail{Project: p, Users: counts[p.ID], Members: []projects.Member{}}
	}
	for _, row := range rows {
		d := out[row.ResourceID]
		d.Members = append(d.Members, projects.Member{ID: row.ID, UserID: row.UserID, Role: row.Role})
		out[row.ResourceID] = d
	}
	return out, nil
}

// Deciders decide about teams and projects.
func (s *Service) Deciders() access.Deciders {
	return access.Deciders{
		access.Deciding(actor.Team, ErrNotTeamAdmin, func(ctx context.Context, who actor.Actor, id int64) (access.Decision, error) {
			t, err := s.TeamAccess(ctx, who, id)
			return t.Decision, err
		}),
		access.Deciding(actor.Project, ErrNotAdmin, func(ctx context.Context, who actor.Actor, id int64) (access.Decision, error) {
			p, err := s.ProjectAccess(ctx, who, id)
			return p.Decision, err
		}),
	}
}
