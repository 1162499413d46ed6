package projects

import "fmt"

// TeamCreated tells that a team exists.
type TeamCreated struct {
	TeamID         int64 `json:"team_id"`
	OrganizationID int64 `json:"organization_id"`
}

// EventName implements event.Event.
func (TeamCreated) EventName() string { return "projects.team_created.v1" }

// AggregateKey implements event.Event.
func (e TeamCreated) AggregateKey() string { return fmt.Sprintf("team/%d", e.TeamID) }

// ProjectCreated tells that a project exists.
type ProjectCreated struct {
	ProjectID      int64 `json:"project_id"`
	OrganizationID int64 `json:"organization_id"`
	TeamID         int64 `json:"team_id"` // 0 when it has none
}

// EventName implements event.Event.
func (ProjectCreated) EventName() string { return "projects.project_created.v1" }

// AggregateKey implements event.Event.
func (e ProjectCreated) AggregateKey() string { return fmt.Sprintf("project/%d", e.ProjectID) }
