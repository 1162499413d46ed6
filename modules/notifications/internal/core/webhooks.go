package core

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Teller tells global admins of a webhook that was switched off.
type Teller interface {
	WebhookDisabled(ctx context.Context, tx uow.Tx, cause string, organizationID, webhookID int64, url, reason string) error
}

// WebhookDeps is what Webhooks needs.
type WebhookDeps struct {
	Unit   uow.Unit
	Store  WebhookStore
	Inbox  Teller
	Queue  work.Queue
	Sender Sender
	Sealer Sealer
	Clock  clock.Clock
	Log    *slog.Logger
	// Events are all that modules publish.
	Events []event.Event
	// Retention is how long deliveries that are over are kept.
	Retention time.Duration
}

// Webhooks is the use cases of webhooks. The routes let global admins in alone.
type Webhooks struct {
	WebhookDeps
	kinds  outside
	tests  chan struct{}  // a place for each test delivery under way
	jitter func() float64 // between 0.5 and 1.5
}

// maxTests bounds the test deliveries under way in one process.
const maxTests = 8

// NewWebhooks returns the use cases over their dependencies.
func NewWebhooks(d WebhookDeps) *Webhooks {
	return &Webhooks{WebhookDeps: d, kinds: newOutside(d.Events), tests: make(chan struct{}, maxTests), jitter: func() float64 { return 0.5 + rand.Float64() }}
}

// Kinds are the names of the events that webhooks get.
func (w *Webhooks) Kinds() []string { return w.kinds.names() }

// Decider decides about webhooks: each is the global admins' of its organization.
func (w *Webhooks) Decider() access.Decider {
	return access.Decider{Resource: actor.Webhook, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
		_, err := w.Get(ctx, who, id)
		return err
	}}
}

func authorizeWebhooks(who actor.Actor) error {
	if !who.IsGlobalAdmin() {
		return ErrWebhookNotFound
	}
	return nil
}

// Get answers a webhook of the actor's organization.
func (w *Webhooks) Get(ctx context.Context, who actor.Actor, id int64) (Webhook, error) {
	if err := authorizeWebhooks(who); err != nil {
		return Webhook{}, err
	}
	return w.Store.Webhook(ctx, who.OrganizationID, id)
}

// List answers the organization's webhooks, by id.
func (w *Webhooks) List(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Webhook], error) {
	if err := authorizeWebhooks(who); err != nil {
		return page.Of[Webhook]{}, err
	}
	return w.Store.WebhooksPage(ctx, who.OrganizationID, p)
}

// checkKinds answers ErrWebhookKinds for a list that is no choice of kinds.
func (w *Webhooks) checkKinds(kinds []string) ([]string, error) {
	if len(kinds) == 0 || len(kinds) > maxKinds {
		return nil, ErrWebhookKinds.WithMessage(fmt.Sprintf("Name between 1 and %d kinds of events.", maxKinds)).WithField("kinds", "has none or too many")
	}
	for i, k := range kinds {
		if _, known := w.kinds[k]; !known {
			return nil, ErrWebhookKinds.WithField(fmt.Sprintf("kinds[%d]", i), "is not the name of an event that webhooks get")
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(kinds))), nil
}

func (w *Webhooks) checkURL(ctx context.Context, url string) error {
	if len(url) > maxURL {
		return ErrWebhookURL.WithMessage(fmt.Sprintf("The URL is longer than %d bytes.", maxURL)).WithField("url", "is too long")
	}
	if reason := w.Sender.Check(ctx, url); reason != "" {
		return ErrWebhookURL.WithMessage(reason).WithField("url", "can't be called")
	}
	return nil
}

// Create makes a webhook, and answers its secret in the only form in which
// anybody sees it.
func (w *Webhooks) Create(ctx context.Context, who actor.Actor, url string, kinds []string) (string, Webhook, error) {
	if err := authorizeWebhooks(who); err != nil {
		return "", Webhook{}, err
	}
	kinds, err := w.checkKinds(kinds)
	if err != nil {
		return "", Webhook{}, err
	}
	if err := w.checkURL(ctx, url); err != nil {
		return "", Webhook{}, err
	}
	secret := newSecret()
	sealed, err := w.Sealer.Seal([]byte(secret))
	if err != nil {
		return "", Webhook{}, fmt.Errorf("sealing a secret: %w", err)
	}
	hook := Webhook{OrganizationID: who.OrganizationID, URL: url, Kinds: kinds, Secret: sealed, IsEnabled: true, Audit: audit.New(who.Name(), w.Clock.Now())}
	err = w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		n, err := w.Store.CountWebhooks(ctx, who.OrganizationID)
		if err != nil {
			return err
		}
		if n >= maxWebhooks {
			return ErrTooManyWebhooks
		}
		hook, err = w.Store.AddWebhook(ctx, hook)
		return err
	})
	return secret, hook, err
}

// WebhookChange is what is to be different; nil leaves a field as it is.
type WebhookChange struct {
	URL       *string
	Kinds     []string
	IsEnabled *bool
}

// Edit changes a webhook. What was given up while it was off is not sent when
// it is switched on again, but by Replay.
func (w *Webhooks) Edit(ctx context.Context, who actor.Actor, id int64, c WebhookChange) (Webhook, error) {
	hook, err := w.Get(ctx, who, id)
	if err != nil {
		return Webhook{}, err
	}
	if c.Kinds != nil {
		if c.Kinds, err = w.checkKinds(c.Kinds); err != nil {
			return Webhook{}, err
		}
	}
	if c.URL != nil && *c.URL != hook.URL {
		if err := w.checkURL(ctx, *c.URL); err != nil {
			return Webhook{}, err
		}
	}
	err = w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		now, off := w.Clock.Now(), false
		hook, err = w.Store.UpdateWebhook(ctx, who.OrganizationID, id, func(h *Webhook) error {
			if c.URL != nil {
				h.URL = *c.URL
			}
			if c.Kinds != nil {
				h.Kinds = c.Kinds
			}
			switch {
			case c.IsEnabled == nil || *c.IsEnabled == h.IsEnabled:
			case *c.IsEnabled:
				h.IsEnabled, h.DisabledOn, h.DisabledReason = true, nil, ""
			default:
				off = true
				h.IsEnabled, h.DisabledOn, h.DisabledReason, h.Pending = false, &now, "A global admin switched it off.", 0
			}
			h.Touch(who.Name(), now)
			return nil
		})
		if err != nil || !off {
			return err
		}
		return w.Store.GiveUpDeliveries(ctx, id, "The webhook was switched off.")
	})
	return hook, err
}

// Delete removes a webhook with its deliveries. What is on its way to the
// receiver is broken off.
func (w *Webhooks) Delete(ctx context.Context, who actor.Actor, id int64) (Webhook, error) {
	if err := authorizeWebhooks(who); err != nil {
		return Webhook{}, err
	}
	var hook Webhook
	err := w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		var err error
		if hook, err = w.Store.DeleteWebhook(ctx, who.OrganizationID, id); err != nil {
			return err
		}
		return w.Queue.Cancel(ctx, webhookKind, strconv.FormatInt(id, 10))
	})
	return hook, err
}

// Rotate gives a webhook another secret and answers it, as Create does. The one
// before signs beside it for a day; a second rotation ends that.
func (w *Webhooks) Rotate(ctx context.Context, who actor.Actor, id int64) (string, Webhook, error) {
	if err := authorizeWebhooks(who); err != nil {
		return "", Webhook{}, err
	}
	secret := newSecret()
	sealed, err := w.Sealer.Seal([]byte(secret))
	if err != nil {
		return "", Webhook{}, fmt.Errorf("sealing a secret: %w", err)
	}
	var hook Webhook
	err = w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		hook, err = w.Store.UpdateWebhook(ctx, who.OrganizationID, id, func(h *Webhook) error {
			now := w.Clock.Now()
			until := now.Add(oldSecretFor)
			h.OldSecret, h.OldSecretUntil, h.Secret = h.Secret, &until, sealed
			h.Touch(who.Name(), now)
			return nil
		})
		return err
	})
	return secret, hook, err
}

// Deliveries answers the delivery log of a webhook, the latest first.
func (w *Webhooks) Deliveries(ctx context.Context, who actor.Actor, id int64, p page.Request) (page.Of[Delivery], error) {
	if _, err := w.Get(ctx, who, id); err != nil {
		return page.Of[Delivery]{}, err
	}
	return w.Store.DeliveriesPage(ctx, id, p)
}

// Replay sends the event of a delivery again, behind what waits about its
// subject, and answers the new delivery.
func (w *Webhooks) Replay(ctx context.Context, who actor.Actor, id, deliveryID int64) (Delivery, error) {
	if err := authorizeWebhooks(who); err != nil {
		return Delivery{}, err
	}
	var out Delivery
	err := w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		hook, err := w.Store.UpdateWebhook(ctx, who.OrganizationID, id, func(h *Webhook) error { h.Pending++; return nil })
		if err != nil {
			return err
		}
		d, err := w.Store.Delivery(ctx, id, deliveryID)
		switch {
		case err != nil:
			return err
		case !hook.IsEnabled:
			return ErrWebhookDisabled
		case hook.Pending > maxWaiting:
			return ErrWebhookBehind
		}
		again := Delivery{
			WebhookID: id, OrganizationID: d.OrganizationID, EventID: d.EventID, Kind: d.Kind, Subject: d.Subject, Body: d.Body, ReplayOf: d.ID,
		}
		stored, err := w.enqueue(ctx, hook, []Delivery{again})
		if err != nil {
			return err
		}
		out = stored[0]
		return nil
	})
	return out, err
}
