package core

import (
	"net/url"
	"time"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// The limits of webhooks. maxKinds and maxURL stand in the API, too.
const (
	maxWebhooks = 20      // of one organization
	maxKinds    = 200     // of one webhook
	maxURL      = 2_000   // bytes
	maxWaiting  = 100_000 // deliveries of one webhook that wait; with more it is switched off
)

// oldSecretFor is how long the secret before the last rotation signs, too.
const oldSecretFor = 24 * time.Hour

// Webhook is an address outside that is told of events.
type Webhook struct {
	ID             int64
	OrganizationID int64
	URL            string
	Kinds          []string // names of events
	// Secret and OldSecret are sealed. Both sign until OldSecretUntil.
	Secret         []byte
	OldSecret      []byte
	OldSecretUntil *time.Time
	IsEnabled      bool
	DisabledOn     *time.Time
	DisabledReason string
	// Pending is how many of its deliveries are neither delivered nor given up.
	Pending int64
	audit.Audit
}

// WebhookByID is the order of webhooks.
func WebhookByID(w Webhook) page.Key { return page.Key{ID: w.ID} }

// origin is where a webhook goes, without what may be secret in its address.
func (w Webhook) origin() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// DeliveryState is where a delivery is in its life.
type DeliveryState string

// The states. Of the deliveries of one webhook about one subject at most one is
// ready; those behind it wait until it is over.
const (
	DeliveryReady     DeliveryState = "ready" // to be sent when it is due
	DeliveryWaiting   DeliveryState = "waiting"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // it is not tried again
)

// Delivery is one event for one webhook, with its last attempt.
type Delivery struct {
	ID             int64
	WebhookID      int64
	OrganizationID int64
	EventID        string // the webhook-id of every attempt
	Kind           string
	Subject        string
	Body           string // the CloudEvent
	State          DeliveryState
	DueOn          time.Time
	Attempts       int64
	FirstTriedOn   *time.Time
	LastTriedOn    *time.Time
	DurationMS     int64  // of the last attempt
	Status         int64  // that the receiver answered last; 0 when it did not
	Answer         string // the beginning of its last answer
	Error          string // why the last attempt failed
	ReplayOf       int64  // the delivery that this one repeats; 0 for none
	CreatedOn      time.Time
}

// DeliveryByID is the order of a delivery log.
func DeliveryByID(d Delivery) page.Key { return page.Key{ID: d.ID} }

// The errors of webhooks. Their codes are promises to clients.
var (
	ErrWebhookNotFound  = apperr.New(apperr.NotFound, "notifications.webhook_not_found", "The webhook does not exist, or you may not view it.")
	ErrDeliveryNotFound = apperr.New(apperr.NotFound, "notifications.delivery_not_found", "The webhook has no such delivery; old ones are removed after a while.")
	ErrWebhookURL       = apperr.New(apperr.Unprocessable, "notifications.webhook_url", "The URL can't be called; use https and a public address.")
	ErrWebhookKinds     = apperr.New(
		apperr.Unprocessable,
		"notifications.webhook_kinds",
		"A kind is not the name of an event that webhooks get; docs/events.md and /asyncapi.json list them.",
	)
	ErrTooManyWebhooks = apperr.New(apperr.Conflict, "notifications.too_many_webhooks", "The organization has 20 webhooks; delete one first.")
	ErrWebhookDisabled = apperr.New(apperr.Conflict, "notifications.webhook_disabled", "The webhook is switched off; switch it on with is_enabled first.")
	ErrWebhookBehind   = apperr.New(apperr.Conflict, "notifications.webhook_behind", "100,000 deliveries of this webhook wait; try again when fewer do.")
	ErrTestsBusy       = apperr.New(apperr.TooMany, "notifications.webhook_tests_busy", "Too many test deliveries run; try again in a few seconds.")
)
