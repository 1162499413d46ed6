package agents

import "fmt"

// AgentCreated tells that an agent exists.
type AgentCreated struct {
	AgentID        int64 `json:"agent_id"`
	OrganizationID int64 `json:"organization_id"`
	ProjectID      int64 `json:"project_id"`
}

// EventName implements event.Event.
func (AgentCreated) EventName() string { return "agents.agent_created.v1" }

// AggregateKey implements event.Event.
func (e AgentCreated) AggregateKey() string { return fmt.Sprintf("agent/%d", e.AgentID) }
