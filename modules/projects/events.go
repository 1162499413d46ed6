package projects

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes; a test holds the list complete.
func Events() []event.Event {
	return []event.Event{
		TeamCreated{}, TeamUpdated{}, TeamDeleted{}, ProjectCreated{}, ProjectUpdated{}, ProjectMoved{}, ProjectDeleted{},
	}
}

// TeamCreated tells that a team was created.
type TeamCreated struct {
	TeamID         int64  `json:"team_id"`
	OrganizationID int64  `json:"organization_id"`
	Name           string `json:"name"` // empty in older events
}

// EventName implements event.Event.
func (TeamCreated) EventName() string { return "projects.team_created.v1" }

// AggregateKey implements event.Event.
func (e TeamCreated) AggregateKey() string { return teamKey(e.TeamID) }

// TeamUpdated tells that a team has another name or description. For a team
// that is older than this event it is published once without a change.
type TeamUpdated struct {
	TeamID         int64  `json:"team_id"`
	OrganizationID int64  `json:"organization_id"`
	Name           string `json:"name"`
}

// EventName implements event.Event.
func (TeamUpdated) EventName() string { return "projects.team_updated.v1" }

// AggregateKey implements event.Event.
func (e TeamUpdated) AggregateKey() string { return teamKey(e.TeamID) }

// TeamDeleted tells that a team, which had no projects any more, was deleted
// with all roles on it.
type TeamDeleted struct {
	TeamID         int64 `json:"team_id"`
	OrganizationID int64 `json:"organization_id"`
	DeletedBy      int64 `json:"deleted_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (TeamDeleted) EventName() string { return "projects.team_deleted.v1" }

// AggregateKey implements event.Event.
func (e TeamDeleted) AggregateKey() string { return teamKey(e.TeamID) }

// ProjectCreated tells that a project was created.
type ProjectCreated struct {
	ProjectID      int64  `json:"project_id"`
	OrganizationID int64  `json:"organization_id"`
	TeamID         int64  `json:"team_id"` // 0 when it has none
	Name           string `json:"name"`    // empty in older events
}

// EventName implements event.Event.
func (ProjectCreated) EventName() string { return "projects.project_created.v1" }

// AggregateKey implements event.Event.
func (e ProjectCreated) AggregateKey() string { return projectKey(e.ProjectID) }

// ProjectUpdated tells that a project has another name or description. For a
// project that is older than this event it is published once without a change.
type ProjectUpdated struct {
	ProjectID      int64  `json:"project_id"`
	OrganizationID int64  `json:"organization_id"`
	Name           string `json:"name"`
}

// EventName implements event.Event.
func (ProjectUpdated) EventName() string { return "projects.project_updated.v1" }

// AggregateKey implements event.Event.
func (e ProjectUpdated) AggregateKey() string { return projectKey(e.ProjectID) }

// ProjectMoved tells that a project belongs to another team. Users with a role
// on the old team no longer have that role on the project.
type ProjectMoved struct {
	ProjectID      int64 `json:"project_id"`
	OrganizationID int64 `json:"organization_id"`
	TeamID         int64 `json:"team_id"`      // 0 when it has none
	FromTeamID     int64 `json:"from_team_id"` // 0 when it had none
}

// EventName implements event.Event.
func (ProjectMoved) EventName() string { return "projects.project_moved.v1" }

// AggregateKey implements event.Event.
func (e ProjectMoved) AggregateKey() string { return projectKey(e.ProjectID) }

// ProjectDeleted tells that a project was deleted with all roles on it, and
// that its agents are deleted next. It is published again when an agent came to
// the project meanwhile.
type ProjectDeleted struct {
	ProjectID      int64 `json:"project_id"`
	OrganizationID int64 `json:"organization_id"`
	TeamID         int64 `json:"team_id"`    // 0 when it had none
	DeletedBy      int64 `json:"deleted_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (ProjectDeleted) EventName() string { return "projects.project_deleted.v1" }

// AggregateKey implements event.Event.
func (e ProjectDeleted) AggregateKey() string { return projectKey(e.ProjectID) }

func teamKey(id int64) string    { return fmt.Sprintf("team/%d", id) }
func projectKey(id int64) string { return fmt.Sprintf("project/%d", id) }
