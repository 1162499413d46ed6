package agents_test

import (
	"encoding/json"
	"testing"

	"parley/modules/agents"
)

// A published event only ever gains fields.
func TestTheFormOfPublishedEvents(t *testing.T) {
	e := agents.AgentCreated{AgentID: 1, OrganizationID: 2, ProjectID: 3}
	raw, err := json.Marshal(e)
	if want := `{"agent_id":1,"organization_id":2,"project_id":3}`; string(raw) != want || err != nil {
		t.Errorf("got %s, %v", raw, err)
	}
	if e.EventName() != "agents.agent_created.v1" || e.AggregateKey() != "agent/1" {
		t.Errorf("%s of %s", e.EventName(), e.AggregateKey())
	}
}
