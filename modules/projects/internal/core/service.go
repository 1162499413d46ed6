// Package core has the rules and use cases of teams and projects, and the
// ports they need.
package core

import (
	"context"
	"time"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// The errors of this module. Their codes are a promise to clients.
var (
	ErrTeamNotFound = apperr.New(apperr.NotFound, "projects.team_not_found", "There is no such team, or none that you may see.")
	ErrNotFound     = apperr.New(apperr.NotFound, "projects.not_found", "There is no such project, or none that you may see.")
	ErrNoUser       = apperr.New(apperr.NotFound, "users.not_found", "There is no such user, or none that you may see.")
	ErrNotTeamAdmin = apperr.New(apperr.Forbidden, "projects.not_team_admin", "Only the team's admins do this.")
	ErrNotAdmin     = apperr.New(apperr.Forbidden, "projects.not_admin", "Only the project's admins do this.")
	ErrMayNotCreate = apperr.New(apperr.Forbidden, "projects.may_not_create", "Application admins create projects, and team admins those of their team.")
	ErrBlankName    = apperr.New(apperr.Unprocessable, "projects.blank_name", "A team or project needs a name.").WithField("name", "is blank")
	ErrTeamInUse    = apperr.New(apperr.Conflict, "projects.team_has_projects", "The team still has projects; move them to another team or delete them first.")
	ErrTeamFull     = apperr.New(apperr.Conflict, "projects.team_full", "A team has at most 1000 projects; make another team.")
)

// Visible says which rows an actor may see: the access rule as a condition
// for queries.
type Visible = access.Visible

// Recent is a project among a user's recent ones.
type Recent struct {
	ID             int64
	OrganizationID int64
	UserID         int64
	ProjectID      int64
	CreatedOn      time.Time
}

// Store keeps teams and projects. It finds nothing that is not visible, or
// that is deleted.
type Store interface {
	AddTeam(ctx context.Context, t projects.Team) (projects.Team, error)
	Team(ctx context.Context, v Visible, id int64) (projects.Team, error)
	// TeamsPage and ProjectsPage are ordered by id.
	TeamsPage(ctx context.Context, v Visible, p page.Request) (page.Of[projects.Team], error)
	// UpdateTeam answers ErrTeamNotFound for a deleted one. Until the unit
	// ends nobody else changes the team.
	UpdateTeam(ctx context.Context, organizationID, id int64, change func(*projects.Team) error) (projects.Team, error)

	AddProject(ctx context.Context, p projects.Project) (projects.Project, error)
	Project(ctx context.Context, v Visible, id int64) (projects.Project, error)
	ProjectsPage(ctx context.Context, v Visible, only ProjectFilter, p page.Request) (page.Of[projects.Project], error)
	// Projects answers those of ids that are visible, ordered by id.
	Projects(ctx context.Context, v Visible, ids []int64) ([]projects.Project, error)
	// UpdateProject answers ErrNotFound for a deleted one.
	UpdateProject(ctx context.Context, organizationID, id int64, change func(*projects.Project) error) (projects.Project, error)
	// CountProjects answers how many projects a team has.
	CountProjects(ctx context.Context, organizationID, team int64) (int64, error)
	// CountAgents adds to a project's number of agents; none is no error.
	CountAgents(ctx context.Context, organizationID, project, more int64) error
	// ProjectTeams answers the team of each of the projects that has one.
	ProjectTeams(ctx context.Context, organizationID int64, ids []int64) (map[int64]int64, error)
	// TeamProjects answers the projects of the teams, each with its team.
	TeamProjects(ctx context.Context, organizationID int64, teams []int64) (map[int64]int64, error)

	Recents
}

// ProjectFilter selects projects of a list; the zero value selects all.
type ProjectFilter struct {
	Team int64 // its projects
}

// Recents keeps each user's recent projects, one row for each.
type Recents interface {
	// AddRecent adds the project to the list, or moves it to the row's time; a
	// row never moves back.
	AddRecent(ctx context.Context, r Recent) (Recent, error)
	// RecentsPage answers the user's list as far as the projects are visible,
	// newest first.
	RecentsPage(ctx context.Context, v Visible, userID int64, p page.Request) (page.Of[Recent], error)
	// TrimRecents keeps the newest of a user's list.
	TrimRecents(ctx context.Context, userID int64, keep int) error
	// ForgetRecents empties a user's list.
	ForgetRecents(ctx context.Context, userID int64) error
	// ForgetProject takes a project off all lists.
	ForgetProject(ctx context.Context, projectID int64) error
}

// Deps is what a Service needs.
type Deps struct {
	Unit        uow.Unit
	Store       Store
	Directory   users.Directory
	Permissions users.Permissions
	Roles       users.Roles
	Clock       clock.Clock
}

// Service is the use cases. It implements projects.Catalog.
type Service struct{ Deps }

// New returns the use cases over their dependencies.
func New(d Deps) *Service { return &Service{d} }
