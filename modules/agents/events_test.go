package agents_test

import (
	"encoding/json"
	"testing"

	"parley/modules/agents"
	"parley/platform/kernel/event"
)

// A published event only ever gains fields.
func TestTheFormOfPublishedEvents(t *testing.T) {
	for _, c := range []struct {
		fact       event.Event
		name, json string
	}{
		{agents.AgentCreated{AgentID: 1, OrganizationID: 2, ProjectID: 3}, "agents.agent_created.v1", `{"agent_id":1,"organization_id":2,"project_id":3}`},
		{agents.AgentUpdated{AgentID: 1, OrganizationID: 2, ProjectID: 3, FromProjectID: 4, Access: "Public", Status: "Live", Narrowed: true}, "agents.agent_updated.v1", `{"agent_id":1,"organization_id":2,"project_id":3,"from_project_id":4,"access":"Public","status":"Live","narrowed":true}`},
		{agents.AgentDeleted{AgentID: 1, OrganizationID: 2, ProjectID: 3, DeletedBy: 4}, "agents.agent_deleted.v1", `{"agent_id":1,"organization_id":2,"project_id":3,"deleted_by":4}`},
	} {
		raw, err := json.Marshal(c.fact)
		if string(raw) != c.json || err != nil || c.fact.EventName() != c.name || c.fact.AggregateKey() != "agent/1" {
			t.Errorf("%s of %s: %s, %v", c.fact.EventName(), c.fact.AggregateKey(), raw, err)
		}
	}
}
