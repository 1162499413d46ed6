// Package core has the rules and use cases of teams and projects, and the
// ports they need.
package core

import (
	"context"
	"strings"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// The errors of this module. Their codes are a promise to clients.
var (
	ErrTeamNotFound = apperr.New(apperr.NotFound, "projects.team_not_found", "There is no such team, or none that you may see.")
	ErrNotFound     = apperr.New(apperr.NotFound, "projects.not_found", "There is no such project, or none that you may see.")
	ErrNotTeamAdmin = apperr.New(apperr.Forbidden, "projects.not_team_admin", "Only the team's admins do this.")
	ErrNotAdmin     = apperr.New(apperr.Forbidden, "projects.not_admin", "Only the project's admins do this.")
	ErrMayNotCreate = apperr.New(apperr.Forbidden, "projects.may_not_create", "Application admins create projects, and team admins those of their team.")
	ErrBlankName    = apperr.New(apperr.Unprocessable, "projects.blank_name", "A team or project needs a name.")
)

// Visible says which rows an actor may see: the access rule as a condition
// for queries. All means everything of the organization.
type Visible struct {
	OrganizationID int64
	All            bool
	Teams          []int64 // on which the actor has a role
	Projects       []int64
}

// Store keeps teams and projects. It finds nothing that is not visible.
type Store interface {
	AddTeam(ctx context.Context, t projects.Team) (projects.Team, error)
	Team(ctx context.Context, v Visible, id int64) (projects.Team, error)
	// TeamsPage and ProjectsPage are ordered by id.
	TeamsPage(ctx context.Context, v Visible, p page.Request) (page.Of[projects.Team], error)
	AddProject(ctx context.Context, p projects.Project) (projects.Project, error)
	Project(ctx context.Context, v Visible, id int64) (projects.Project, error)
	ProjectsPage(ctx context.Context, v Visible, p page.Request) (page.Of[projects.Project], error)
	// Projects answers up to limit visible projects, ordered by id.
	Projects(ctx context.Context, v Visible, limit int) ([]projects.Project, error)
	// CountAgents adds to a project's number of agents; none is no error.
	CountAgents(ctx context.Context, organizationID, project, more int64) error
	// ProjectTeams answers the team of each of the projects that has one.
	ProjectTeams(ctx context.Context, organizationID int64, ids []int64) (map[int64]int64, error)
}

// Parts is what a Service is made of.
type Parts struct {
	Unit        uow.Unit
	Store       Store
	Directory   users.Directory
	Permissions users.Permissions
	Clock       clock.Clock
}

// Service is the use cases. It implements projects.Access.
type Service struct{ Parts }

// New returns the use cases over their parts.
func New(p Parts) *Service { return &Service{p} }

// CreateTeam makes a team of which the caller, an application admin, is admin.
func (s *Service) CreateTeam(ctx context.Context, who actor.Actor, name, description string) (projects.Team, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return projects.Team{}, ErrBlankName
	}
	t := projects.Team{OrganizationID: who.OrganizationID, Name: name, Description: description, Audit: audit.New(who.Name(), s.Clock.Now())}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		if t, err = s.Store.AddTeam(ctx, t); err != nil {
			return err
		}
		if _, err := s.Permissions.Grant(ctx, who, actor.Team, t.ID, []int64{who.UserID}, actor.Admin); err != nil {
			return err
		}
		tx.Publish(projects.TeamCreated{TeamID: t.ID, OrganizationID: t.OrganizationID})
		return nil
	})
	return t, err
}

// CreateProject makes a project of which the caller is admin: an application
// admin, or an admin of the team that the project is for.
func (s *Service) CreateProject(ctx context.Context, who actor.Actor, name, description string, team *int64) (projects.Project, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return projects.Project{}, ErrBlankName
	}
	creates := who.Level >= actor.ApplicationAdmin
	if team != nil {
		if _, err := s.Store.Team(ctx, visible(who), *team); err != nil {
			return projects.Project{}, err
		}
		creates = creates || who.Holds(actor.Team, *team) == actor.Admin
	}
	if !creates {
		return projects.Project{}, ErrMayNotCreate
	}
	p := projects.Project{OrganizationID: who.OrganizationID, TeamID: team, Name: name, Description: description, Audit: audit.New(who.Name(), s.Clock.Now())}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		if p, err = s.Store.AddProject(ctx, p); err != nil {
			return err
		}
		if _, err := s.Permissions.Grant(ctx, who, actor.Project, p.ID, []int64{who.UserID}, actor.Admin); err != nil {
			return err
		}
		fact := projects.ProjectCreated{ProjectID: p.ID, OrganizationID: p.OrganizationID}
		if team != nil {
			fact.TeamID = *team
		}
		tx.Publish(fact)
		return nil
	})
	return p, err
}
