package core

import (
	"context"

	"parley/modules/projects"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// Project answers one project that the caller sees.
func (s *Service) Project(ctx context.Context, who actor.Actor, id int64) (projects.Project, error) {
	p, err := s.ProjectAccess(ctx, who, id)
	return p.Project, err
}

// ProjectsPage answers the projects that the caller sees, ordered by id.
func (s *Service) ProjectsPage(ctx context.Context, who actor.Actor, p page.Request) (page.Of[projects.Project], error) {
	return s.Store.ProjectsPage(ctx, access.VisibleTo(who), ProjectFilter{}, p)
}

// mayPut checks that the actor may put a project into the team, or, without
// one, make a project at all.
func (s *Service) mayPut(ctx context.Context, who actor.Actor, team *int64) error {
	creates := who.Level >= actor.ApplicationAdmin
	if team != nil {
		t, err := s.TeamAccess(ctx, who, *team)
		if err != nil {
			return err
		}
		creates = creates || t.Role == actor.Admin
	}
	if !creates {
		return ErrMayNotCreate
	}
	return nil
}

// CreateProject makes a project of which the caller is admin: an application
// admin, or an admin of the team that the project is for.
func (s *Service) CreateProject(ctx context.Context, who actor.Actor, name, description string, team *int64) (projects.Project, error) {
	name = text.Named(name)
	if name == "" {
		return projects.Project{}, ErrBlankName
	}
	if err := s.mayPut(ctx, who, team); err != nil {
		return projects.Project{}, err
	}
	p := projects.Project{OrganizationID: who.OrganizationID, TeamID: team, Name: name, Description: description, Audit: audit.New(who.Name(), s.Clock.Now())}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if team != nil {
			if err := s.join(ctx, who.OrganizationID, *team); err != nil {
				return err
			}
		}
		var err error
		if p, err = s.Store.AddProject(ctx, p); err != nil {
			return err
		}
		if _, err := s.Permissions.Grant(ctx, who, actor.Project, p.ID, []int64{who.UserID}, actor.Admin); err != nil {
			return err
		}
		tx.Publish(projects.ProjectCreated{ProjectID: p.ID, OrganizationID: p.OrganizationID, TeamID: teamOf(p), Name: p.Name})
		return nil
	})
	return p, err
}

func teamOf(p projects.Project) int64 { return p.Resource().TeamID }

// UpdateProject changes a project that the caller administers. To another
// team it moves under the same rule as a new one.
func (s *Service) UpdateProject(ctx context.Context, who actor.Actor, id int64, c Change) (projects.Project, error) {
	if c.blank() {
		return projects.Project{}, ErrBlankName
	}
	is, err := s.project(ctx, who, id, access.Edit)
	if apperr.KindOf(err) == apperr.Forbidden && c.Team != nil && *c.Team != nil { // a team that is not there comes first
		if _, unknown := s.TeamAccess(ctx, who, **c.Team); unknown != nil {
			err = unknown
		}
	}
	if err != nil {
		return projects.Project{}, err
	}
	// Who sends the team that it has changes nothing.
	moves := c.Team != nil && *c.Team != nil && **c.Team != teamOf(is.Project)
	if moves {
		if err := s.mayPut(ctx, who, *c.Team); err != nil {
			return projects.Project{}, err
		}
	}
	var p projects.Project
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		s.teams.Changing(ctx, projectKey{who.OrganizationID, id})
		if moves { // teams are locked before projects, everywhere
			if err := s.join(ctx, who.OrganizationID, **c.Team); err != nil {
				return err
			}
		}
		from, described := int64(0), [2]string{}
		var err error
		p, err = s.Store.UpdateProject(ctx, who.OrganizationID, id, func(p *projects.Project) error {
			if _, err := onProject(who, *p, access.Edit); err != nil {
				return err
			}
			from, described = teamOf(*p), [2]string{p.Name, p.Description}
			touch := audit.Watch(p)
			if moves || (c.Team != nil && *c.Team == nil) {
				p.TeamID = *c.Team
			}
			c.apply(&p.Name, &p.Description)
			touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		if described != [2]string{p.Name, p.Description} {
			tx.Publish(projectUpdated(p))
		}
		if teamOf(p) != from {
			tx.Publish(projects.ProjectMoved{ProjectID: id, OrganizationID: who.OrganizationID, TeamID: teamOf(p), FromTeamID: from})
		}
		return nil
	})
	return p, err
}

func projectUpdated(p projects.Project) projects.ProjectUpdated {
	return projects.ProjectUpdated{ProjectID: p.ID, OrganizationID: p.OrganizationID, Name: p.Name}
}

// DeleteProject deletes a project that the caller administers, with all roles
// on it, and answers it as it is then, with how many users held one of those.
// Its agents follow by the event.
func (s *Service) DeleteProject(ctx context.Context, who actor.Actor, id int64) (p projects.Project, users int64, err error) {
	if _, err := s.project(ctx, who, id, access.Delete); err != nil {
		return projects.Project{}, 0, err
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		s.teams.Changing(ctx, projectKey{who.OrganizationID, id})
		var err error
		p, err = s.Store.UpdateProject(ctx, who.OrganizationID, id, func(p *projects.Project) error {
			if _, err := onProject(who, *p, access.Delete); err != nil {
				return err
			}
			p.IsDeleted = true
			p.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		counts, err := s.UserCounts(ctx, who, []int64{id})
		if err != nil {
			return err
		}
		users = counts[id]
		if err := s.Permissions.Drop(ctx, who.OrganizationID, actor.Project, []int64{id}); err != nil {
			return err
		}
		if err := s.Store.ForgetProject(ctx, id); err != nil {
			return err
		}
		tx.Publish(projects.ProjectDeleted{ProjectID: id, OrganizationID: who.OrganizationID, TeamID: teamOf(p), DeletedBy: who.UserID})
		return nil
	})
	return p, users, err
}

// CountAgents notes that a project has more agents, or fewer. One that came
// to a project after its deletion was told of makes it be told again, so that
// the agent goes as well. It runs in the unit of tx.
func (s *Service) CountAgents(ctx context.Context, tx uow.Tx, organizationID, project, more int64) error {
	if err := s.Store.CountAgents(ctx, organizationID, project, more); err != nil || more < 0 {
		return err
	}
	there, err := s.Store.Projects(ctx, Visible{OrganizationID: organizationID, All: true}, []int64{project})
	if err == nil && len(there) == 0 {
		tx.Publish(projects.ProjectDeleted{ProjectID: project, OrganizationID: organizationID})
	}
	return err
}
