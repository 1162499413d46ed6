package notifications

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes.
func Events() []event.Event { return []event.Event{NotificationCreated{}, WebhookDisabled{}} }

// WebhookDisabled tells that the server switched a webhook off, because its
// receiver answered 410, a delivery failed for a day, or too many messages
// waited.
type WebhookDisabled struct {
	OrganizationID int64  `json:"organization_id"`
	WebhookID      int64  `json:"webhook_id"`
	URL            string `json:"url"` // scheme and host alone: the path of a webhook is often a secret
	Reason         string `json:"reason"`
}

// EventName implements event.Event.
func (WebhookDisabled) EventName() string { return "notifications.webhook_disabled.v1" }

// AggregateKey implements event.Event.
func (e WebhookDisabled) AggregateKey() string { return fmt.Sprintf("webhook/%d", e.WebhookID) }

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
