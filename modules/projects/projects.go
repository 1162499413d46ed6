package projects

import (
	"context"

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

// Standing is what an actor is on one project, and why: the grant that
// decides.
type Standing struct {
	Project Project
	Role    actor.Role
	Because Reason
}

// Reason names the grant behind a role.
type Reason struct {
	Rule       string         // "global_admin", "project_role" or "team_role"
	Resource   actor.Resource // on which the grant is
	ResourceID int64
	Role       string
}

// Access answers what actors are on projects. It is the one place where that
// is decided.
type Access interface {
	// Standing answers what who is on a project, or ErrNotFound when who has
	// no role on it.
	Standing(ctx context.Context, who actor.Actor, projectID int64) (Standing, error)
	// Standings answers every project that who has a role on, by its id, in
	// one query. For a global admin, who has one on all, it answers nil and
	// true.
	Standings(ctx context.Context, who actor.Actor) (standings map[int64]Standing, all bool, err error)
	// Teams answers the team of each project that has one, in one query.
	Teams(ctx context.Context, organizationID int64, projectIDs []int64) (map[int64]int64, error)
}
