package notifications

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes.
func Events() []event.Event { return []event.Event{WebhookDisabled{}} }

// WebhookDisabled tells that the server switched a webhook off, because its
// receiver wants no more or could not be reached for a day.
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
