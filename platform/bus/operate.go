package bus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/event"
)

// maxRetry bounds the deliveries that one call lists or revives.
const maxRetry = 1000

// Delivery is an event that a consumer could not handle.
type Delivery struct {
	ID       int64
	Consumer string
	Event    event.Envelope
	Attempts int
	Error    string
	FailedAt time.Time
}

// Dead lists up to limit (at most 1,000) dead deliveries, newest first.
func (b *Bus) Dead(ctx context.Context, limit int) ([]Delivery, error) {
	var rows []deliveryRow
	err := b.db.NewSelect().Model(&rows).Where("d.dead").OrderExpr("d.changed_at DESC, d.id DESC").
		Limit(int64(min(max(limit, 1), maxRetry))).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing dead deliveries: %w", err)
	}
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		out[i] = Delivery{
			ID: r.ID, Consumer: r.Consumer, Attempts: r.Attempts, Error: r.Error, FailedAt: r.ChangedAt.UTC(),
			Event: event.Envelope{ID: r.EventID, Name: r.Name, Key: r.Key, OccurredAt: r.OccurredAt.UTC(), Payload: []byte(r.Payload)},
		}
	}
	return out, nil
}

// Retry makes failed deliveries due now, dead or waiting, with all their
// attempts before them, wherever their consumer runs. It is all or nothing:
// an id that is not there is an error. Events of a dead delivery's key that
// came later were handled already; this one comes after them.
func (b *Bus) Retry(ctx context.Context, ids ...int64) error {
	if len(ids) == 0 || len(ids) > maxRetry {
		return fmt.Errorf("name between 1 and %d deliveries to retry, not %d", maxRetry, len(ids))
	}
	now := b.clock.Now()
	err := b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var rows []deliveryRow
		if err := tx.NewSelect().Model(&rows).Where("d.id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
			return err
		}
		there := map[int64]bool{}
		consumers := map[string]bool{}
		for _, r := range rows {
			there[r.ID] = true
			consumers[r.Consumer] = true
			if _, err := tx.NewRaw("DELETE FROM bus_inbox WHERE consumer = ? AND event_id = ?", r.Consumer, r.EventID).Exec(ctx); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if !there[id] {
				return fmt.Errorf("there is no failed delivery %d", id)
			}
		}
		if _, err := tx.NewUpdate().Model((*deliveryRow)(nil)).Set("dead = FALSE").Set("attempts = 0").Set("due_at = ?", now).Set("changed_at = ?", now).
			Where("d.id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
		for c := range consumers {
			if err := raiseEpoch(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("retrying deliveries: %w", err)
	}
	b.tellOwners(ctx)
	return nil
}

// Replay delivers to one consumer again everything that happened at or after
// from and is still kept, as if for the first time, and answers how many
// events that are. What the consumer stored before is its own to clear first.
func (b *Bus) Replay(ctx context.Context, consumer string, from time.Time) (int64, error) {
	var events int64
	err := b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := raiseEpoch(ctx, tx, consumer); err != nil {
			return err
		}
		var cursor cursorRow
		if err := tx.NewSelect().Model(&cursor).Where("consumer = ?", consumer).Scan(ctx); err != nil {
			return err
		}
		var first []outboxRow
		q := tx.NewSelect().Model(&first).Column("xid", "seq").Where("o.occurred_at >= ?", from.UTC()).Limit(1)
		if err := b.order.from(q, position{XID: -1}).Scan(ctx); err != nil || len(first) == 0 {
			return err
		}
		start := first[0].at()
		start.Seq--
		// The stored place may be a moment old, so a later start does not mean
		// that nothing from there on was handled.
		if cursor.at().after(start) {
			if err := moveBack(ctx, tx, consumer, start); err != nil {
				return err
			}
		}
		n, err := b.order.from(tx.NewSelect().Model((*outboxRow)(nil)), start).Count(ctx)
		if err != nil {
			return err
		}
		events = n
		replayed := func() *bun.SelectQuery {
			return b.order.from(tx.NewSelect().Model((*outboxRow)(nil)).Column("id"), start)
		}
		if _, err := tx.NewRaw("DELETE FROM bus_inbox WHERE consumer = ? AND event_id IN (?)", consumer, replayed()).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewRaw("DELETE FROM bus_deliveries WHERE consumer = ? AND event_id IN (?)", consumer, replayed()).Exec(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("replaying events to %s: %w", consumer, err)
	}
	b.tellOwners(ctx)
	return events, nil
}

func moveBack(ctx context.Context, tx bun.Tx, consumer string, to position) error {
	_, err := tx.NewUpdate().Model((*cursorRow)(nil)).Set("xid = ?", to.XID).Set("seq = ?", to.Seq).Where("consumer = ?", consumer).Exec(ctx)
	return err
}

// raiseEpoch makes the owner of a consumer lose it, and take it again.
func raiseEpoch(ctx context.Context, tx bun.Tx, consumer string) error {
	var epoch int64
	err := tx.NewRaw("UPDATE bus_cursors SET epoch = epoch + 1 WHERE consumer = ? RETURNING epoch", consumer).Scan(ctx, &epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("no consumer named %s has ever run", consumer)
	}
	return err
}

// tellOwners is a courtesy: they find out within a poll anyway.
func (b *Bus) tellOwners(ctx context.Context) {
	b.recheck()
	if err := b.notify(ctx, recheckPayload); err != nil {
		b.log.WarnContext(ctx, "the owners of the consumers were not woken", "error", err)
	}
}
