package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type webhookRow struct {
	bun.BaseModel `bun:"table:notifications_webhooks,alias:w"`
	core.Webhook
	Kinds string // JSON; it hides the field of the same name
}

func toWebhookRow(w core.Webhook) webhookRow {
	kinds, err := json.Marshal(w.Kinds)
	if err != nil {
		kinds = []byte("[]") // a list of texts always marshals
	}
	return webhookRow{Webhook: w, Kinds: string(kinds)}
}

func (r webhookRow) webhook() core.Webhook {
	w := r.Webhook
	if json.Unmarshal([]byte(r.Kinds), &w.Kinds) != nil {
		w.Kinds = nil
	}
	return w
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:notifications_deliveries,alias:d"`
	core.Delivery
}

// Webhooks implements core.WebhookStore.
type Webhooks struct {
	db         *sqldb.DB
	anyWebhook *sqldb.Stmt
	webhooks   sqldb.Table[core.Webhook, webhookRow]
	deliveries sqldb.Table[core.Delivery, deliveryRow]
}

// NewWebhooks returns the store over db.
func NewWebhooks(db *sqldb.DB) *Webhooks {
	return &Webhooks{
		db:         db,
		anyWebhook: db.Stmt("SELECT EXISTS (SELECT 1 FROM notifications_webhooks)"),
		webhooks:   sqldb.NewTable(db, toWebhookRow, webhookRow.webhook, core.ErrWebhookNotFound, nil),
		deliveries: sqldb.NewTable(db, func(d core.Delivery) deliveryRow { return deliveryRow{Delivery: d} },
			func(r deliveryRow) core.Delivery { return r.Delivery }, core.ErrDeliveryNotFound, nil),
	}
}

func of(organizationID, id int64) []sqldb.Where {
	return []sqldb.Where{sqldb.Eq("id", id), sqldb.Eq("organization_id", organizationID)}
}

// AddWebhook implements core.WebhookStore.
func (s *Webhooks) AddWebhook(ctx context.Context, w core.Webhook) (core.Webhook, error) {
	return s.webhooks.Add(ctx, w)
}

// Webhook implements core.WebhookStore.
func (s *Webhooks) Webhook(ctx context.Context, organizationID, id int64) (core.Webhook, error) {
	return s.webhooks.Get(ctx, of(organizationID, id)...)
}

// WebhooksPage implements core.WebhookStore.
func (s *Webhooks) WebhooksPage(ctx context.Context, organizationID int64, p page.Request) (page.Of[core.Webhook], error) {
	return s.webhooks.Page(ctx, p, sqldb.Order[core.Webhook]{Key: core.WebhookByID}, sqldb.Eq("organization_id", organizationID))
}

// CountWebhooks implements core.WebhookStore.
func (s *Webhooks) CountWebhooks(ctx context.Context, organizationID int64) (int64, error) {
	return s.webhooks.Count(ctx, sqldb.Eq("organization_id", organizationID))
}

// WebhookByID implements core.WebhookStore.
func (s *Webhooks) WebhookByID(ctx context.Context, id int64) (core.Webhook, error) {
	return s.webhooks.Get(ctx, sqldb.Eq("id", id))
}

// LockWebhook implements core.WebhookStore.
func (s *Webhooks) LockWebhook(ctx context.Context, id int64) (core.Webhook, error) {
	if s.db.Postgres() { // SQLite has one writer, which a unit is from its beginning
		if _, err := s.db.On(ctx).NewRaw("SELECT 1 FROM notifications_webhooks WHERE id = ? FOR UPDATE", id).Exec(ctx); err != nil {
			return core.Webhook{}, fmt.Errorf("locking webhook %d: %w", id, err)
		}
	}
	return s.webhooks.Get(ctx, sqldb.Eq("id", id))
}

// UpdateWebhook implements core.WebhookStore.
func (s *Webhooks) UpdateWebhook(ctx context.Context, organizationID, id int64, change func(*core.Webhook) error) (core.Webhook, error) {
	return s.webhooks.Update(ctx, change, of(organizationID, id)...)
}

// DeleteWebhook implements core.WebhookStore.
func (s *Webhooks) DeleteWebhook(ctx context.Context, organizationID, id int64) (core.Webhook, error) {
	var out core.Webhook
	err := s.db.Within(ctx, func(ctx context.Context) error {
		gone, err := s.webhooks.Delete(ctx, of(organizationID, id)...)
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			return core.ErrWebhookNotFound
		}
		out = gone[0]
		if _, err := s.db.On(ctx).NewDelete().Model((*deliveryRow)(nil)).Where("webhook_id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("removing the deliveries of webhook %d: %w", id, err)
		}
		return nil
	})
	return out, err
}

// AnyWebhook implements core.WebhookStore.
func (s *Webhooks) AnyWebhook(ctx context.Context) (bool, error) {
	var some bool
	if err := s.anyWebhook.Row(ctx, []any{&some}); err != nil {
		return false, fmt.Errorf("looking for a webhook: %w", err)
	}
	return some, nil
}

// Listening implements core.WebhookStore.
func (s *Webhooks) Listening(ctx context.Context, organizationIDs []int64) ([]core.Webhook, error) {
	return s.webhooks.List(ctx, 100_000, "", sqldb.In("organization_id", organizationIDs), sqldb.Eq("is_enabled", true))
}

// KnownEvents implements core.DeliveryStore.
func (s *Webhooks) KnownEvents(ctx context.Context, webhookID int64, eventIDs []string) ([]string, error) {
	known := []string{}
	err := s.db.On(ctx).NewSelect().Model((*deliveryRow)(nil)).Distinct().Column("event_id").
		Where("webhook_id = ?", webhookID).Where("event_id IN (?)", bun.List(eventIDs)).Scan(ctx, &known)
	if err != nil {
		return nil, fmt.Errorf("finding what webhook %d has: %w", webhookID, err)
	}
	return known, nil
}

// AddDeliveries implements core.DeliveryStore.
func (s *Webhooks) AddDeliveries(ctx context.Context, ds []core.Delivery) ([]core.Delivery, error) {
	return s.deliveries.AddAll(ctx, ds)
}

// Delivery implements core.DeliveryStore.
func (s *Webhooks) Delivery(ctx context.Context, webhookID, id int64) (core.Delivery, error) {
	return s.deliveries.Get(ctx, sqldb.Eq("webhook_id", webhookID), sqldb.Eq("id", id))
}

// DeliveriesPage implements core.DeliveryStore.
func (s *Webhooks) DeliveriesPage(ctx context.Context, webhookID int64, p page.Request) (page.Of[core.Delivery], error) {
	return s.deliveries.Page(ctx, p, sqldb.Order[core.Delivery]{Desc: true, Key: core.DeliveryByID}, sqldb.Eq("webhook_id", webhookID))
}

// UpdateDelivery implements core.DeliveryStore.
func (s *Webhooks) UpdateDelivery(ctx context.Context, webhookID, id int64, change func(*core.Delivery) error) (core.Delivery, error) {
	return s.deliveries.Update(ctx, change, sqldb.Eq("webhook_id", webhookID), sqldb.Eq("id", id))
}

// BusySubjects implements core.DeliveryStore.
func (s *Webhooks) BusySubjects(ctx context.Context, webhookID int64, subjects []string) ([]string, error) {
	busy := []string{}
	err := s.db.On(ctx).NewSelect().Model((*deliveryRow)(nil)).Distinct().Column("subject").
		Where("webhook_id = ?", webhookID).Where("state IN ('ready', 'waiting')").Where("subject IN (?)", bun.List(subjects)).Scan(ctx, &busy)
	if err != nil {
		return nil, fmt.Errorf("finding what waits for webhook %d: %w", webhookID, err)
	}
	return busy, nil
}

// DueDeliveries implements core.DeliveryStore.
func (s *Webhooks) DueDeliveries(ctx context.Context, webhookID int64, now time.Time, except []int64, limit int) ([]core.Delivery, error) {
	where := []sqldb.Where{sqldb.Eq("webhook_id", webhookID), sqldb.Cond("state = 'ready'"), sqldb.Cond("due_on <= ?", now)}
	if len(except) > 0 {
		where = append(where, sqldb.Cond("id NOT IN (?)", bun.List(except)))
	}
	return s.deliveries.List(ctx, limit, "due_on, id", where...)
}

// Promote implements core.DeliveryStore.
func (s *Webhooks) Promote(ctx context.Context, webhookID int64, subject string, now time.Time) error {
	_, err := s.db.On(ctx).NewRaw(`UPDATE notifications_deliveries SET state = 'ready', due_on = ? WHERE id =
		(SELECT id FROM notifications_deliveries WHERE webhook_id = ? AND subject = ? AND state IN ('ready', 'waiting') ORDER BY id LIMIT 1)`,
		now, webhookID, subject).Exec(ctx)
	if err != nil {
		return fmt.Errorf("making way for the next delivery of webhook %d: %w", webhookID, err)
	}
	return nil
}

// GiveUpDeliveries implements core.DeliveryStore.
func (s *Webhooks) GiveUpDeliveries(ctx context.Context, webhookID int64, reason string) error {
	_, err := s.db.On(ctx).NewRaw(`UPDATE notifications_deliveries SET state = 'failed', error = CASE WHEN error = '' THEN ? ELSE error END
		WHERE webhook_id = ? AND state IN ('ready', 'waiting')`, reason, webhookID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("giving up the deliveries of webhook %d: %w", webhookID, err)
	}
	return nil
}

// PruneDeliveries implements core.DeliveryStore.
func (s *Webhooks) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int64, error) {
	res, err := s.db.On(ctx).NewRaw(`DELETE FROM notifications_deliveries WHERE id IN
		(SELECT id FROM notifications_deliveries WHERE created_on < ? AND state IN ('delivered', 'failed') ORDER BY created_on, id LIMIT ?)`,
		before, limit).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("removing old deliveries: %w", err)
	}
	return res.RowsAffected()
}
