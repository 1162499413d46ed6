package projects

import (
	"context"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
)

// Team is a group of people that owns projects.
type Team struct {
	ID             int64
	OrganizationID int64
	Name           string
	Description    string
	IsDeleted      bool
	audit.Audit
}

// Resource is the team as access decides about it.
func (t Team) Resource() access.Resource {
	return access.Resource{Kind: actor.Team, ID: t.ID, OrganizationID: t.OrganizationID, Deleted: t.IsDeleted}
}

// Project is where agents live.
type Project struct {
	ID             int64
	OrganizationID int64
	TeamID         *int64
	Name           string
	Description    string
	IsDeleted      bool
	AgentCount     int64 // follows the agents' events
	audit.Audit
}

// Resource is the project as access decides about it.
func (p Project) Resource() access.Resource {
	r := access.Resource{Kind: actor.Project, ID: p.ID, OrganizationID: p.OrganizationID, Deleted: p.IsDeleted}
	if p.TeamID != nil {
		r.TeamID = *p.TeamID
	}
	return r
}

// ProjectAccess is what somebody may do on a project, and why.
type ProjectAccess struct {
	Project Project
	access.Decision
}

// TeamAccess is what somebody may do on a team, and why.
type TeamAccess struct {
	Team Team
	access.Decision
}

// Member is a role that is held on a project itself.
type Member struct {
	ID     int64 // of the permission
	UserID int64
	Role   string
}

// Detail is a project with its first 100 members, ordered by user.
type Detail struct {
	Project Project
	Users   int64 // with a role on the project itself, listed or not
	Members []Member
}

// Catalog answers what other modules need to know of teams and projects to
// decide about what lives in them.
type Catalog interface {
	// ProjectAccess answers a project that who may view, else an error of kind
	// NotFound, in one query.
	ProjectAccess(ctx context.Context, who actor.Actor, projectID int64) (ProjectAccess, error)
	// TeamAccess does the same for a team.
	TeamAccess(ctx context.Context, who actor.Actor, teamID int64) (TeamAccess, error)
	// Teams answers the team of each of the projects that has one, in one
	// query. No projects are no query.
	Teams(ctx context.Context, organizationID int64, projectIDs []int64) (map[int64]int64, error)
	// ProjectsOfTeams answers every project of the teams, with its team, in one query.
	// No teams are no query.
	ProjectsOfTeams(ctx context.Context, organizationID int64, teamIDs []int64) (map[int64]int64, error)
	// Details answers those of the projects that who may view, by id, in three
	// queries however many they are.
	Details(ctx context.Context, who actor.Actor, projectIDs []int64) (map[int64]Detail, error)
}
