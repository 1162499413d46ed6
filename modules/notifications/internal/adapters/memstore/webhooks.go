package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// Webhooks implements core.WebhookStore. A unit in memory is the only one at
// its time, so that nothing has to be locked.
type Webhooks struct {
	webhooks   *memory.Table[core.Webhook]
	deliveries *memory.Table[core.Delivery]
}

// NewWebhooks returns an empty store in db.
func NewWebhooks(db *memory.DB) *Webhooks {
	return &Webhooks{
		webhooks: memory.NewTable(db, memory.Spec[core.Webhook]{
			ID: func(w *core.Webhook) *int64 { return &w.ID }, Missing: core.ErrWebhookNotFound,
		}),
		deliveries: memory.NewTable(db, memory.Spec[core.Delivery]{
			ID: func(d *core.Delivery) *int64 { return &d.ID }, Missing: core.ErrDeliveryNotFound,
		}),
	}
}

func of(organizationID, id int64) func(core.Webhook) bool {
	return func(w core.Webhook) bool { return w.OrganizationID == organizationID && w.ID == id }
}

func at(webhookID, id int64) func(core.Delivery) bool {
	return func(d core.Delivery) bool { return d.WebhookID == webhookID && d.ID == id }
}

func open(d core.Delivery) bool {
	return d.State == core.DeliveryReady || d.State == core.DeliveryWaiting
}

// AddWebhook implements core.WebhookStore.
func (s *Webhooks) AddWebhook(ctx context.Context, w core.Webhook) (core.Webhook, error) {
	return s.webhooks.Add(ctx, w)
}

// Webhook implements core.WebhookStore.
func (s *Webhooks) Webhook(ctx context.Context, organizationID, id int64) (core.Webhook, error) {
	return s.webhooks.Get(ctx, of(organizationID, id))
}

// WebhooksPage implements core.WebhookStore.
func (s *Webhooks) WebhooksPage(ctx context.Context, organizationID int64, p page.Request) (page.Of[core.Webhook], error) {
	return s.webhooks.Page(ctx, p, false, core.WebhookByID, func(w core.Webhook) bool { return w.OrganizationID == organizationID })
}

// CountWebhooks implements core.WebhookStore.
func (s *Webhooks) CountWebhooks(ctx context.Context, organizationID int64) (int64, error) {
	return s.webhooks.Count(ctx, func(w core.Webhook) bool { return w.OrganizationID == organizationID })
}

// WebhookByID implements core.WebhookStore.
func (s *Webhooks) WebhookByID(ctx context.Context, id int64) (core.Webhook, error) {
	return s.webhooks.Get(ctx, func(w core.Webhook) bool { return w.ID == id })
}

// LockWebhook implements core.WebhookStore.
func (s *Webhooks) LockWebhook(ctx context.Context, id int64) (core.Webhook, error) {
	return s.WebhookByID(ctx, id)
}

// UpdateWebhook implements core.WebhookStore.
func (s *Webhooks) UpdateWebhook(ctx context.Context, organizationID, id int64, change func(*core.Webhook) error) (core.Webhook, error) {
	return s.webhooks.Update(ctx, change, of(organizationID, id))
}

// DeleteWebhook implements core.WebhookStore.
func (s *Webhooks) DeleteWebhook(ctx context.Context, organizationID, id int64) (core.Webhook, error) {
	gone, err := s.webhooks.Delete(ctx, of(organizationID, id))
	if err != nil {
		return core.Webhook{}, err
	}
	if len(gone) == 0 {
		return core.Webhook{}, core.ErrWebhookNotFound
	}
	_, err = s.deliveries.Delete(ctx, func(d core.Delivery) bool { return d.WebhookID == id })
	return gone[0], err
}

// AnyWebhook implements core.WebhookStore.
func (s *Webhooks) AnyWebhook(ctx context.Context) (bool, error) {
	n, err := s.webhooks.Count(ctx, func(core.Webhook) bool { return true })
	return n > 0, err
}

// Listening implements core.WebhookStore.
func (s *Webhooks) Listening(ctx context.Context, organizationIDs []int64) ([]core.Webhook, error) {
	return s.webhooks.List(ctx, func(w core.Webhook) bool { return w.IsEnabled && slices.Contains(organizationIDs, w.OrganizationID) })
}

// distinct answers a field of the deliveries that match.
func (s *Webhooks) distinct(ctx context.Context, field func(core.Delivery) string, match func(core.Delivery) bool) ([]string, error) {
	found, err := s.deliveries.List(ctx, match)
	out := []string{}
	for _, d := range found {
		if !slices.Contains(out, field(d)) {
			out = append(out, field(d))
		}
	}
	return out, err
}

// KnownEvents implements core.DeliveryStore.
func (s *Webhooks) KnownEvents(ctx context.Context, webhookID int64, eventIDs []string) ([]string, error) {
	return s.distinct(ctx, func(d core.Delivery) string { return d.EventID }, func(d core.Delivery) bool {
		return d.WebhookID == webhookID && slices.Contains(eventIDs, d.EventID)
	})
}

// AddDeliveries implements core.DeliveryStore.
func (s *Webhooks) AddDeliveries(ctx context.Context, ds []core.Delivery) ([]core.Delivery, error) {
	return s.deliveries.AddAll(ctx, ds)
}

// Delivery implements core.DeliveryStore.
func (s *Webhooks) Delivery(ctx context.Context, webhookID, id int64) (core.Delivery, error) {
	return s.deliveries.Get(ctx, at(webhookID, id))
}

// DeliveriesPage implements core.DeliveryStore.
func (s *Webhooks) DeliveriesPage(ctx context.Context, webhookID int64, p page.Request) (page.Of[core.Delivery], error) {
	return s.deliveries.Page(ctx, p, true, core.DeliveryByID, func(d core.Delivery) bool { return d.WebhookID == webhookID })
}

// UpdateDelivery implements core.DeliveryStore.
func (s *Webhooks) UpdateDelivery(ctx context.Context, webhookID, id int64, change func(*core.Delivery) error) (core.Delivery, error) {
	return s.deliveries.Update(ctx, change, at(webhookID, id))
}

// BusySubjects implements core.DeliveryStore.
func (s *Webhooks) BusySubjects(ctx context.Context, webhookID int64, subjects []string) ([]string, error) {
	return s.distinct(ctx, func(d core.Delivery) string { return d.Subject }, func(d core.Delivery) bool {
		return d.WebhookID == webhookID && open(d) && slices.Contains(subjects, d.Subject)
	})
}

// DueDeliveries implements core.DeliveryStore.
func (s *Webhooks) DueDeliveries(ctx context.Context, webhookID int64, now time.Time, except []int64, limit int) ([]core.Delivery, error) {
	due, err := s.deliveries.List(ctx, func(d core.Delivery) bool {
		return d.WebhookID == webhookID && d.State == core.DeliveryReady && !d.DueOn.After(now) && !slices.Contains(except, d.ID)
	})
	slices.SortFunc(due, func(a, b core.Delivery) int { return cmp.Or(a.DueOn.Compare(b.DueOn), cmp.Compare(a.ID, b.ID)) })
	return due[:min(limit, len(due))], err
}

// Promote implements core.DeliveryStore.
func (s *Webhooks) Promote(ctx context.Context, webhookID int64, subject string, now time.Time) error {
	lane, err := s.deliveries.List(ctx, func(d core.Delivery) bool { return d.WebhookID == webhookID && d.Subject == subject && open(d) })
	if err != nil || len(lane) == 0 {
		return err
	}
	_, err = s.deliveries.Update(ctx, func(d *core.Delivery) error { d.State, d.DueOn = core.DeliveryReady, now; return nil }, at(webhookID, lane[0].ID))
	return err
}

// GiveUpDeliveries implements core.DeliveryStore.
func (s *Webhooks) GiveUpDeliveries(ctx context.Context, webhookID int64, reason string) error {
	all, err := s.deliveries.List(ctx, func(d core.Delivery) bool { return d.WebhookID == webhookID && open(d) })
	if err != nil {
		return err
	}
	for _, d := range all {
		if _, err := s.deliveries.Update(ctx, func(d *core.Delivery) error {
			d.State, d.Error = core.DeliveryFailed, cmp.Or(d.Error, reason)
			return nil
		}, at(webhookID, d.ID)); err != nil {
			return err
		}
	}
	return nil
}

// PruneDeliveries implements core.DeliveryStore.
func (s *Webhooks) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int64, error) {
	old, err := s.deliveries.List(ctx, func(d core.Delivery) bool { return d.CreatedOn.Before(before) && !open(d) })
	if err != nil {
		return 0, err
	}
	slices.SortFunc(old, func(a, b core.Delivery) int { return cmp.Or(a.CreatedOn.Compare(b.CreatedOn), cmp.Compare(a.ID, b.ID)) })
	old = old[:min(limit, len(old))]
	_, err = s.deliveries.Delete(ctx, func(d core.Delivery) bool {
		return slices.ContainsFunc(old, func(o core.Delivery) bool { return o.ID == d.ID })
	})
	return int64(len(old)), err
}
