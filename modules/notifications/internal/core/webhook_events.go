package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Wants answers which of the events some webhook of their organization gets. It
// reads once for all of them, and decodes none where nobody has webhooks, so that
// who has none pays next to nothing.
func (w *Webhooks) Wants(ctx context.Context, events []event.Envelope) ([]bool, error) {
	wants := make([]bool, len(events))
	if some, err := w.Store.AnyWebhook(ctx); err != nil || !some {
		return wants, err
	}
	of, hooks, err := w.listening(ctx, events)
	for i, e := range events {
		wants[i] = slices.ContainsFunc(hooks, func(h Webhook) bool { return of[i] == h.OrganizationID && slices.Contains(h.Kinds, e.Name) })
	}
	return wants, err
}

// listening answers of which organization each event is, 0 for one that no
// webhook gets, and the webhooks of these organizations.
func (w *Webhooks) listening(ctx context.Context, events []event.Envelope) (of []int64, hooks []Webhook, err error) {
	of = make([]int64, len(events))
	var orgs []int64
	for i, e := range events {
		if _, known := w.kinds[e.Name]; !known {
			continue
		}
		if of[i], err = organizationOf(e); err != nil {
			return of, nil, err
		}
		if of[i] != 0 && !slices.Contains(orgs, of[i]) {
			orgs = append(orgs, of[i])
		}
	}
	if len(orgs) > 0 {
		hooks, err = w.Store.Listening(ctx, orgs)
	}
	return of, hooks, err
}

// Happened makes a delivery of each event for each webhook of its organization
// that wants its kind, in the unit of ctx. The same event again makes none.
func (w *Webhooks) Happened(ctx context.Context, tx uow.Tx, events []event.Envelope) error {
	of, hooks, err := w.listening(ctx, events)
	if err != nil {
		return err
	}
	for _, h := range hooks { // by id, so that nobody waits in a circle
		var ds []Delivery
		for i, e := range events {
			if of[i] != h.OrganizationID || !slices.Contains(h.Kinds, e.Name) {
				continue
			}
			body, err := w.kinds.message(of[i], e)
			if err != nil {
				return err
			}
			ds = append(ds, Delivery{WebhookID: h.ID, OrganizationID: of[i], EventID: e.ID, Kind: e.Name, Subject: e.Key, Body: body})
		}
		if len(ds) == 0 {
			continue
		}
		if err := w.take(ctx, tx, h, ds); err != nil {
			return err
		}
	}
	return nil
}

// take adds deliveries to a webhook that was switched on a moment ago.
func (w *Webhooks) take(ctx context.Context, tx uow.Tx, h Webhook, ds []Delivery) error {
	h, err := w.Store.LockWebhook(ctx, h.ID)
	if errors.Is(err, ErrWebhookNotFound) || (err == nil && !h.IsEnabled) {
		return nil
	}
	if err != nil {
		return err
	}
	ids := make([]string, len(ds))
	for i, d := range ds {
		ids[i] = d.EventID
	}
	known, err := w.Store.KnownEvents(ctx, h.ID, ids)
	if err != nil {
		return err
	}
	ds = slices.DeleteFunc(ds, func(d Delivery) bool { return slices.Contains(known, d.EventID) })
	if len(ds) == 0 {
		return nil
	}
	if _, err := w.enqueue(ctx, h, ds); err != nil {
		return err
	}
	h, err = w.Store.UpdateWebhook(ctx, h.OrganizationID, h.ID, func(h *Webhook) error { h.Pending += int64(len(ds)); return nil })
	if err != nil || h.Pending <= maxWaiting {
		return err
	}
	return w.disable(ctx, tx, h, fmt.Sprintf("More than %d deliveries waited for it.", maxWaiting))
}

// enqueue stores deliveries of a webhook whose row is locked, in order, and has
// them sent soon.
func (w *Webhooks) enqueue(ctx context.Context, h Webhook, ds []Delivery) ([]Delivery, error) {
	var subjects []string
	for _, d := range ds {
		if !slices.Contains(subjects, d.Subject) {
			subjects = append(subjects, d.Subject)
		}
	}
	busy, err := w.Store.BusySubjects(ctx, h.ID, subjects)
	if err != nil {
		return nil, err
	}
	now := w.Clock.Now()
	for i := range ds {
		d := &ds[i]
		d.CreatedOn, d.DueOn, d.State = now, now, DeliveryReady
		if slices.Contains(busy, d.Subject) {
			d.State = DeliveryWaiting
		}
		busy = append(busy, d.Subject)
	}
	stored, err := w.Store.AddDeliveries(ctx, ds)
	if err != nil {
		return nil, err
	}
	return stored, w.Queue.Put(ctx, jobOf(h))
}

// jobOf is the job that sends what a webhook has due. What is left out because
// the job is there is sent by it: at once, or when the receiver has rested.
func jobOf(h Webhook) work.Job {
	return work.Job{Kind: webhookKind, Tenant: h.OrganizationID, Key: strconv.FormatInt(h.ID, 10)}
}
