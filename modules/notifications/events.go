package notifications

import "fmt"

// NotificationCreated tells that a user got a notification.
type NotificationCreated struct {
	NotificationID int64  `json:"notification_id"`
	OrganizationID int64  `json:"organization_id"`
	UserID         int64  `json:"user_id"`
	Kind           string `json:"kind"`
	// SequenceNumber counts the notifications of the user, from 1 and without gaps.
	SequenceNumber int64 `json:"sequence_number"`
	SentBy         int64 `json:"sent_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (NotificationCreated) EventName() string { return "notifications.notification_created.v1" }

// AggregateKey implements event.Event.
func (e NotificationCreated) AggregateKey() string { return fmt.Sprintf("user/%d", e.UserID) }
