package projects_test

import (
	"encoding/json"
	"testing"

	"parley/modules/projects"
	"parley/platform/kernel/event"
)

// A published event only ever gains fields.
func TestTheFormOfPublishedEvents(t *testing.T) {
	for _, c := range []struct {
		fact            event.Event
		name, key, json string
	}{
		{projects.TeamCreated{TeamID: 1, OrganizationID: 2}, "projects.team_created.v1", "team/1", `{"team_id":1,"organization_id":2}`},
		{projects.ProjectCreated{ProjectID: 1, OrganizationID: 2, TeamID: 3}, "projects.project_created.v1", "project/1", `{"project_id":1,"organization_id":2,"team_id":3}`},
		{projects.TeamDeleted{TeamID: 1, OrganizationID: 2, DeletedBy: 3}, "projects.team_deleted.v1", "team/1", `{"team_id":1,"organization_id":2,"deleted_by":3}`},
		{projects.ProjectMoved{ProjectID: 1, OrganizationID: 2, TeamID: 3, FromTeamID: 4}, "projects.project_moved.v1", "project/1", `{"project_id":1,"organization_id":2,"team_id":3,"from_team_id":4}`},
		{projects.ProjectDeleted{ProjectID: 1, OrganizationID: 2, TeamID: 3, DeletedBy: 4}, "projects.project_deleted.v1", "project/1", `{"project_id":1,"organization_id":2,"team_id":3,"deleted_by":4}`},
	} {
		raw, err := json.Marshal(c.fact)
		if string(raw) != c.json || err != nil || c.fact.EventName() != c.name || c.fact.AggregateKey() != c.key {
			t.Errorf("%s of %s: %s, %v", c.fact.EventName(), c.fact.AggregateKey(), raw, err)
		}
	}
}
