package core

import (
	"time"

	"parley/platform/kernel/page"
)

// KindUserDeleted is the kind of the notification to admins about a deleted user.
const KindUserDeleted = "user_deleted"

// KindContentOpened is the kind of the notification to a user whose content a
// global admin may read, or has read.
const KindContentOpened = "content_opened"

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
}

// ByNewest is the order of an inbox.
func ByNewest(n Notification) page.Key { return page.Key{At: n.CreatedOn, ID: n.ID} }
