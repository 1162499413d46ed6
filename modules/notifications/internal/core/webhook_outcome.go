package core

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/modules/notifications"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/event"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
)

const (
	firstPause   = 5 * time.Second
	longestPause = time.Hour
	// patience is how long one delivery is tried before its webhook is switched off.
	patience   = 24 * time.Hour
	statusGone = 410
)

// outcome is what came of one attempt.
type outcome struct {
	began, ended time.Time
	answer       Answer
	reason       string // why it failed; "" when it did not
}

func newOutcome(began, ended time.Time, a Answer, err error) outcome {
	o := outcome{began: began, ended: ended, answer: a}
	switch {
	case err != nil:
		o.reason = err.Error()
	case a.Status < 200 || a.Status > 299:
		o.reason = fmt.Sprintf("The receiver answered %d.", a.Status)
	}
	return o
}

// into notes the outcome as the last attempt of a delivery.
func (o outcome) into(d *Delivery) {
	d.Attempts++
	if d.FirstTriedOn == nil {
		d.FirstTriedOn = &o.began
	}
	d.LastTriedOn, d.DurationMS = &o.began, o.ended.Sub(o.began).Milliseconds()
	d.Status, d.Answer, d.Error = o.answer.Status, o.answer.Body, o.reason
	if o.reason == "" {
		d.State = DeliveryDelivered
	}
}

// record stores an outcome, in the unit of ctx, which has the webhook's row
// locked. A success makes way for the next delivery about the subject; a
// failure is tried again later, or switches the webhook off.
func (w *Webhooks) record(ctx context.Context, tx uow.Tx, hook Webhook, deliveryID int64, o outcome) error {
	ready := false
	d, err := w.Store.UpdateDelivery(ctx, hook.ID, deliveryID, func(d *Delivery) error {
		ready = d.State == DeliveryReady // otherwise it was given up while it was on its way
		o.into(d)
		if ready && o.reason != "" {
			d.DueOn = o.ended.Add(max(w.pause(d.Attempts), min(o.answer.RetryAfter, patience)))
		}
		return nil
	})
	if err != nil || !ready {
		return err
	}
	switch {
	case o.reason == "":
		if _, err := w.Store.UpdateWebhook(ctx, hook.OrganizationID, hook.ID, func(h *Webhook) error { h.Pending = max(h.Pending-1, 0); return nil }); err != nil {
			return err
		}
		return w.Store.Promote(ctx, hook.ID, d.Subject, o.ended)
	case o.answer.Status == statusGone:
		return w.disable(ctx, tx, hook, "The receiver answered 410 Gone.")
	case o.ended.Sub(*d.FirstTriedOn) >= patience:
		return w.disable(ctx, tx, hook, "A delivery failed for a day. The last attempt: "+o.reason)
	}
	return w.Queue.Put(ctx, retryOf(hook, d.DueOn))
}

// pause is how long to wait after so many attempts: about 5 s, 20 s, 80 s … up
// to an hour, half as long or half as long again.
func (w *Webhooks) pause(attempts int64) time.Duration {
	pause := firstPause
	for i := int64(1); i < min(attempts, 10); i++ {
		pause = min(4*pause, longestPause)
	}
	return time.Duration(w.jitter() * float64(pause))
}

// disable switches a webhook off, gives up what waits for it, and tells the
// global admins and the other modules, in the unit of ctx.
func (w *Webhooks) disable(ctx context.Context, tx uow.Tx, hook Webhook, reason string) error {
	now := w.Clock.Now()
	if _, err := w.Store.UpdateWebhook(ctx, hook.OrganizationID, hook.ID, func(h *Webhook) error {
		h.IsEnabled, h.DisabledOn, h.DisabledReason, h.Pending = false, &now, reason, 0
		h.Touch(audit.System, now)
		return nil
	}); err != nil {
		return err
	}
	if err := w.Store.GiveUpDeliveries(ctx, hook.ID, "The webhook was switched off."); err != nil {
		return err
	}
	tx.Publish(notifications.WebhookDisabled{OrganizationID: hook.OrganizationID, WebhookID: hook.ID, URL: hook.origin(), Reason: reason})
	cause := fmt.Sprintf("webhook/%d/%d", hook.ID, now.UnixMicro())
	return w.Inbox.WebhookDisabled(ctx, tx, cause, hook.OrganizationID, hook.ID, hook.origin(), reason)
}

// Test sends a test message at once, also for a webhook that is switched off,
// and answers the delivery with its outcome. It is tried once, and its failure
// has no consequences.
func (w *Webhooks) Test(ctx context.Context, who actor.Actor, webhookID int64) (Delivery, error) {
	hook, err := w.Get(ctx, who, webhookID)
	if err != nil {
		return Delivery{}, err
	}
	select {
	case w.tests <- struct{}{}:
		defer func() { <-w.tests }()
	default:
		e := *ErrTestsBusy
		e.RetryAfter = 5 * time.Second
		return Delivery{}, &e
	}
	now := w.Clock.Now()
	data, err := json.Marshal(map[string]int64{"organization_id": hook.OrganizationID, "webhook_id": hook.ID})
	if err != nil {
		return Delivery{}, fmt.Errorf("encoding a test: %w", err)
	}
	e := event.Envelope{ID: id.New(), Name: notifications.TestKind, Key: fmt.Sprintf("webhook/%d", hook.ID), OccurredAt: now, Payload: data}
	d := Delivery{
		WebhookID:      hook.ID,
		OrganizationID: hook.OrganizationID,
		EventID:        e.ID,
		Kind:           e.Name,
		Subject:        e.Key,
		State:          DeliveryFailed,
		DueOn:          now,
		CreatedOn:      now,
	}
	if d.Body, err = w.kinds.message(hook.OrganizationID, e); err != nil {
		return Delivery{}, err
	}
	answer, err := w.send(ctx, hook, d)
	newOutcome(now, w.Clock.Now(), answer, err).into(&d)
	err = w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := w.Store.LockWebhook(ctx, hook.ID); err != nil {
			return err
		}
		stored, err := w.Store.AddDeliveries(ctx, []Delivery{d})
		if err == nil {
			d = stored[0]
		}
		return err
	})
	return d, err
}
