package agents

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes; a test holds the list complete.
func Events() []event.Event {
	return []event.Event{
		AgentCreated{}, AgentUpdated{}, AgentDeleted{}, OwnerChanged{}, TypeUpdated{}, VersionCreated{}, AgentShared{},
	}
}

// AgentCreated tells that an agent was created.
type AgentCreated struct {
	AgentID        int64  `json:"agent_id"`
	OrganizationID int64  `json:"organization_id"`
	ProjectID      int64  `json:"project_id"`
	AgentName      string `json:"agent_name"` // empty in older events
}

// EventName implements event.Event.
func (AgentCreated) EventName() string { return "agents.agent_created.v1" }

// AggregateKey implements event.Event.
func (e AgentCreated) AggregateKey() string { return Key(e.AgentID) }

// AgentUpdated tells that an agent's settings changed. For an agent that is
// older than the field agent_name it is published once without a change.
type AgentUpdated struct {
	AgentID        int64  `json:"agent_id"`
	OrganizationID int64  `json:"organization_id"`
	ProjectID      int64  `json:"project_id"`
	FromProjectID  int64  `json:"from_project_id"` // where it was; the same when it did not move
	Access         string `json:"access"`
	Status         string `json:"status"`
	// Narrowed is whether users who could run the agent may have lost that right.
	Narrowed  bool   `json:"narrowed"`
	AgentName string `json:"agent_name"` // empty in older events
}

// EventName implements event.Event.
func (AgentUpdated) EventName() string { return "agents.agent_updated.v1" }

// AggregateKey implements event.Event.
func (e AgentUpdated) AggregateKey() string { return Key(e.AgentID) }

// VersionCreated tells that an agent answers with something else from now on: its
// prompt, instructions, model, other settings or corpora. The first version of an
// agent comes with agents.agent_created.v1 alone.
type VersionCreated struct {
	AgentID        int64 `json:"agent_id"`
	OrganizationID int64 `json:"organization_id"`
	Version        int64 `json:"version"`
	RestoredFrom   int64 `json:"restored_from"` // the version that it is equal to again; 0 for a change by hand
	CreatedBy      int64 `json:"created_by"`    // user id; 0 for the server
}

// EventName implements event.Event.
func (VersionCreated) EventName() string { return "agents.version_created.v1" }

// AggregateKey implements event.Event.
func (e VersionCreated) AggregateKey() string { return Key(e.AgentID) }

// AgentShared tells that an agent that only its admins saw is open to its team,
// or to the organization, from now on.
type AgentShared struct {
	AgentID        int64  `json:"agent_id"`
	OrganizationID int64  `json:"organization_id"`
	ProjectID      int64  `json:"project_id"`
	TeamID         int64  `json:"team_id"` // of the project; 0 when it has none
	Access         string `json:"access"`
	SharedBy       int64  `json:"shared_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (AgentShared) EventName() string { return "agents.agent_shared.v1" }

// AggregateKey implements event.Event.
func (e AgentShared) AggregateKey() string { return Key(e.AgentID) }

// AgentDeleted tells that an agent was deleted, with its alias and all roles on
// it. Users keep what they asked it.
type AgentDeleted struct {
	AgentID        int64 `json:"agent_id"`
	OrganizationID int64 `json:"organization_id"`
	ProjectID      int64 `json:"project_id"`
	DeletedBy      int64 `json:"deleted_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (AgentDeleted) EventName() string { return "agents.agent_deleted.v1" }

// AggregateKey implements event.Event.
func (e AgentDeleted) AggregateKey() string { return Key(e.AgentID) }

// OwnerChanged tells that all agents of a user who was deleted belong to an
// admin from now on.
type OwnerChanged struct {
	OrganizationID int64 `json:"organization_id"`
	FromUserID     int64 `json:"from_user_id"`
	ToUserID       int64 `json:"to_user_id"`
}

// EventName implements event.Event.
func (OwnerChanged) EventName() string { return "agents.owner_changed.v1" }

// AggregateKey implements event.Event.
func (e OwnerChanged) AggregateKey() string { return fmt.Sprintf("user/%d", e.FromUserID) }

// TypeUpdated tells that a type of agents has another name or description.
type TypeUpdated struct {
	AgentTypeID    int64 `json:"agent_type_id"`
	OrganizationID int64 `json:"organization_id"`
}

// EventName implements event.Event.
func (TypeUpdated) EventName() string { return "agents.type_updated.v1" }

// AggregateKey implements event.Event.
func (e TypeUpdated) AggregateKey() string { return fmt.Sprintf("agent_type/%d", e.AgentTypeID) }

// Key is the aggregate key of an agent's events, by which it holds its alias
// among the addresses of the installation.
func Key(agentID int64) string { return fmt.Sprintf("agent/%d", agentID) }
