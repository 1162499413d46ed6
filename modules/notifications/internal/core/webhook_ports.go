package core

import (
	"context"
	"time"

	"parley/platform/kernel/page"
)

// WebhookStore keeps webhooks. Webhooks and deliveries are changed together
// only under the lock of the webhook's row, which LockWebhook and
// UpdateWebhook take and keep until the end of the unit of ctx.
type WebhookStore interface {
	AddWebhook(ctx context.Context, w Webhook) (Webhook, error)
	// Webhook answers one of the organization's; ErrWebhookNotFound for another.
	Webhook(ctx context.Context, organizationID, id int64) (Webhook, error)
	WebhooksPage(ctx context.Context, organizationID int64, p page.Request) (page.Of[Webhook], error)
	CountWebhooks(ctx context.Context, organizationID int64) (int64, error)
	// WebhookByID answers one of any organization, for the server itself.
	WebhookByID(ctx context.Context, id int64) (Webhook, error)
	// LockWebhook is WebhookByID, and locks the row.
	LockWebhook(ctx context.Context, id int64) (Webhook, error)
	UpdateWebhook(ctx context.Context, organizationID, id int64, change func(*Webhook) error) (Webhook, error)
	// DeleteWebhook removes it, with all its deliveries.
	DeleteWebhook(ctx context.Context, organizationID, id int64) (Webhook, error)
	// AnyWebhook reports whether any organization has one, switched on or not.
	AnyWebhook(ctx context.Context) (bool, error)
	// Listening answers the webhooks of the organizations that are switched on, by id.
	Listening(ctx context.Context, organizationIDs []int64) ([]Webhook, error)
	DeliveryStore
}

// DeliveryStore keeps deliveries.
type DeliveryStore interface {
	// KnownEvents answers of which of the events the webhook has deliveries.
	KnownEvents(ctx context.Context, webhookID int64, eventIDs []string) ([]string, error)
	AddDeliveries(ctx context.Context, ds []Delivery) ([]Delivery, error)
	// Delivery answers one of the webhook's; ErrDeliveryNotFound for another.
	Delivery(ctx context.Context, webhookID, id int64) (Delivery, error)
	DeliveriesPage(ctx context.Context, webhookID int64, p page.Request) (page.Of[Delivery], error)
	UpdateDelivery(ctx context.Context, webhookID, id int64, change func(*Delivery) error) (Delivery, error)
	// BusySubjects answers for which of the subjects the webhook has deliveries
	// that are ready or wait.
	BusySubjects(ctx context.Context, webhookID int64, subjects []string) ([]string, error)
	// DueDeliveries answers what is ready and due, what is due longest first.
	DueDeliveries(ctx context.Context, webhookID int64, now time.Time, except []int64, limit int) ([]Delivery, error)
	// Promote makes the first delivery that waits in a lane ready at once.
	Promote(ctx context.Context, webhookID int64, subject string, now time.Time) error
	// GiveUpDeliveries fails what is ready or waits.
	GiveUpDeliveries(ctx context.Context, webhookID int64, reason string) error
	// PruneDeliveries removes up to limit that were created before a time and
	// are over, and answers how many.
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int64, error)
}

// Answer is what a receiver answered.
type Answer struct {
	Status     int64
	Body       string        // its beginning, as valid text
	RetryAfter time.Duration // that it asked for; 0 when it did not
}

// Sender sends messages to receivers. It reaches public addresses alone, but
// for those that the operator allows, and follows no redirect.
type Sender interface {
	// Check answers why a URL can't be called, in words for its owner, or "". It
	// may look up the host.
	Check(ctx context.Context, url string) string
	// Send posts one message. The error is why there was no answer; it is
	// Unreachable when no connection could be made.
	Send(ctx context.Context, url string, header map[string]string, body []byte) (Answer, error)
}

// Unreachable says why no connection to a receiver could be made.
type Unreachable string

// Error implements error.
func (u Unreachable) Error() string { return string(u) }

// Sealer encrypts what is stored and has to be read again.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}
