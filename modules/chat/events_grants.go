package chat

import (
	"fmt"
	"time"
)

// ContentGrantCreated tells that a global admin may read, for a while, the
// conversations of a user, or those of all users with an agent.
type ContentGrantCreated struct {
	GrantID        int64     `json:"grant_id"`
	OrganizationID int64     `json:"organization_id"`
	GrantedTo      int64     `json:"granted_to"` // the global admin
	UserID         int64     `json:"user_id"`    // 0 for a grant on an agent
	AgentID        int64     `json:"agent_id"`   // 0 for a grant on a user
	ExpiresOn      time.Time `json:"expires_on"`
}

// EventName implements event.Event.
func (ContentGrantCreated) EventName() string { return "chat.content_grant_created.v1" }

// AggregateKey implements event.Event.
func (e ContentGrantCreated) AggregateKey() string { return grantKey(e.GrantID) }

// Concerns implements event.Concerning.
func (e ContentGrantCreated) Concerns() []string { return granted(e.UserID, e.AgentID) }

// ContentGrantEnded tells that a grant was ended before it expired. No event
// tells of one that expires.
type ContentGrantEnded struct {
	GrantID        int64 `json:"grant_id"`
	OrganizationID int64 `json:"organization_id"`
	GrantedTo      int64 `json:"granted_to"`
	UserID         int64 `json:"user_id"`
	AgentID        int64 `json:"agent_id"`
	EndedBy        int64 `json:"ended_by"`
}

// EventName implements event.Event.
func (ContentGrantEnded) EventName() string { return "chat.content_grant_ended.v1" }

// AggregateKey implements event.Event.
func (e ContentGrantEnded) AggregateKey() string { return grantKey(e.GrantID) }

// Concerns implements event.Concerning.
func (e ContentGrantEnded) Concerns() []string { return granted(e.UserID, e.AgentID) }

// ContentRead tells that a global admin is given content of a user through a
// grant. It is committed before the content is sent.
type ContentRead struct {
	GrantID         int64 `json:"grant_id"`
	OrganizationID  int64 `json:"organization_id"`
	ReaderID        int64 `json:"reader_id"`
	UserID          int64 `json:"user_id"` // whose content it is
	AgentID         int64 `json:"agent_id"`
	ThreadID        int64 `json:"thread_id"`         // 0 for a list of threads
	AgentResponseID int64 `json:"agent_response_id"` // 0 for a thread, or a list
}

// EventName implements event.Event.
func (ContentRead) EventName() string { return "chat.content_read.v1" }

// AggregateKey implements event.Event.
func (e ContentRead) AggregateKey() string { return grantKey(e.GrantID) }

// Concerns implements event.Concerning.
func (e ContentRead) Concerns() []string {
	keys := []string{fmt.Sprintf("user/%d", e.UserID)}
	if e.ThreadID != 0 {
		keys = append(keys, threadKey(e.ThreadID))
	}
	if e.AgentResponseID != 0 {
		keys = append(keys, fmt.Sprintf("agent_response/%d", e.AgentResponseID))
	}
	return keys
}

func grantKey(id int64) string { return fmt.Sprintf("content_grant/%d", id) }

func granted(userID, agentID int64) []string {
	if agentID != 0 {
		return []string{fmt.Sprintf("agent/%d", agentID)}
	}
	return []string{fmt.Sprintf("user/%d", userID)}
}
