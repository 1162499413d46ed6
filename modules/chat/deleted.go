package chat

import "time"

// ThreadDeleted tells that a user deleted a conversation. Its answers went with
// it; the figures of their runs stay.
type ThreadDeleted struct {
	ThreadID       int64     `json:"thread_id"`
	OrganizationID int64     `json:"organization_id"`
	AgentID        int64     `json:"agent_id"`
	UserID         int64     `json:"user_id"`
	DeletedBy      int64     `json:"deleted_by"`
	DeletedOn      time.Time `json:"deleted_on"`
}

// EventName implements event.Event.
func (ThreadDeleted) EventName() string { return "chat.thread_deleted.v1" }

// AggregateKey implements event.Event.
func (e ThreadDeleted) AggregateKey() string { return threadKey(e.ThreadID) }

// ResponseDeleted tells that a user deleted one answer of a conversation that
// goes on. The figures of its run stay.
type ResponseDeleted struct {
	AgentResponseID int64     `json:"agent_response_id"`
	OrganizationID  int64     `json:"organization_id"`
	ThreadID        int64     `json:"thread_id"`
	AgentID         int64     `json:"agent_id"`
	UserID          int64     `json:"user_id"`
	DeletedBy       int64     `json:"deleted_by"`
	DeletedOn       time.Time `json:"deleted_on"`
}

// EventName implements event.Event.
func (ResponseDeleted) EventName() string { return "chat.response_deleted.v1" }

// AggregateKey implements event.Event.
func (e ResponseDeleted) AggregateKey() string { return threadKey(e.ThreadID) }
