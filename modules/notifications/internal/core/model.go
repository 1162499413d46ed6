package core

import (
	"time"

	"parley/platform/kernel/page"
)

// The kinds of the server's own notifications. Requests can't send them.
const (
	KindUserDeleted       = "user_deleted"       // to global admins: somebody deleted a user
	KindContentOpened     = "content_opened"     // a global admin may read the user's content, or has read it
	KindDocumentFailed    = "document_failed"    // a document of the user's could not be read
	KindEvaluationEnded   = "evaluation_ended"   // an evaluation of the user's has ended
	KindMembershipChanged = "membership_changed" // the user came to a team or project, or was removed from it
	KindRoleChanged       = "role_changed"       // the user has another role
	KindRunInterrupted    = "run_interrupted"    // the answer to a question of the user's was broken off
	KindAgentShared       = "agent_shared"       // the user can use an agent that they could not use before
	KindWebhookDisabled   = "webhook_disabled"   // to global admins: a webhook was switched off
	KindBudget            = "budget"             // to global admins: the token budget is nearly used, or used up
)

// KindMessage is the kind of what people send each other when they name none.
// In preferences it stands for all that people send.
const KindMessage = "message"

// Kinds are the kinds that preferences are about, in the order in which they
// are shown.
var Kinds = []string{
	KindMessage, KindDocumentFailed, KindEvaluationEnded, KindMembershipChanged, KindRoleChanged, KindAgentShared, KindRunInterrupted, KindContentOpened,
	KindUserDeleted, KindWebhookDisabled, KindBudget,
}

// Notification is one message in a user's inbox, in plain text.
type Notification struct {
	ID             int64
	OrganizationID int64
	UserID         int64
	Title          string
	Message        string
	Kind           string
	Link           *string // a path of this server
	IsRead         bool
	ReadOn         *time.Time
	CreatedBy      string
	CreatedOn      time.Time
	// Cause is the id of the event behind it. Each tells a user once.
	Cause string
	// Sequence counts the notifications of the user, from 1 and without gaps, in
	// the order of their commits. The store gives it.
	Sequence int64
	// SenderID is the user who sent it; 0 for the server.
	SenderID int64
}

// ByNewest is the order of an inbox: that of its stream, backwards.
func ByNewest(n Notification) page.Key { return page.Key{ID: n.Sequence} }

// Counters are what is known of an inbox without reading it.
type Counters struct {
	LastSequence int64 // of the newest notification there ever was; 0 before the first
	Total        int64 // that are kept
	Unread       int64
}
