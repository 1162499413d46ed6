package bus

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"
)

const (
	// pruneBatch is how many rows one statement removes.
	pruneBatch = 500
	// forgotten is how long a consumer that no process runs any more keeps
	// its unread events in the outbox.
	forgotten = 30 * 24 * time.Hour
)

func (b *Bus) pruneNowAndThen(ctx context.Context) {
	for {
		// Not in step with the other processes.
		wait := time.Duration((0.5 + rand.Float64()) * float64(b.tune.prune))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if n, err := b.Prune(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "removing old events", "removed", n, "error", err)
		} else if n > 0 {
			b.log.DebugContext(ctx, "removed old events", "rows", n)
		}
	}
}

// Prune removes events that are older than the retention and that every
// consumer has passed, and what the inbox knows of them, and answers the
// number of rows. Dead deliveries stay. The bus does it about once an hour.
func (b *Bus) Prune(ctx context.Context) (int64, error) {
	now := b.clock.Now()
	var owned []string
	for _, w := range b.workers {
		if _, ok := w.epoch(); ok && !w.spec.PerProcess {
			owned = append(owned, w.spec.Name)
		}
	}
	if len(owned) > 0 {
		if _, err := b.db.NewUpdate().Model((*cursorRow)(nil)).Set("seen_at = ?", now).Where("consumer IN (?)", bun.List(owned)).Exec(ctx); err != nil {
			return 0, fmt.Errorf("signing the cursors: %w", err)
		}
	}
	var cursors []cursorRow
	if err := b.db.NewSelect().Model(&cursors).OrderExpr("c.xid, c.seq").Limit(maxConsumers).Scan(ctx); err != nil {
		return 0, fmt.Errorf("reading the cursors: %w", err)
	}
	lowest := position{math.MaxInt64, math.MaxInt64}
	for _, c := range cursors {
		if now.Sub(c.SeenAt) < forgotten {
			lowest = c.at()
			break
		}
	}
	before := now.Add(-b.retention)
	removed, err := b.pruneOutbox(ctx, lowest, before)
	if err != nil {
		return removed, err
	}
	for _, c := range cursors {
		n, err := b.pruneInbox(ctx, c.Consumer, before)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// pruneOutbox removes from the front, a batch of primary keys at a time,
// until an event must stay.
func (b *Bus) pruneOutbox(ctx context.Context, lowest position, before time.Time) (removed int64, err error) {
	for {
		var rows []outboxRow
		q := b.db.NewSelect().Model(&rows).Column("xid", "seq", "occurred_at").Limit(pruneBatch)
		if err := b.order.from(q, position{XID: -1}).Scan(ctx); err != nil {
			return removed, fmt.Errorf("reading the oldest events: %w", err)
		}
		n := 0
		for n < len(rows) && rows[n].OccurredAt.Before(before) && !rows[n].at().after(lowest) {
			n++
		}
		if n == 0 {
			return removed, nil
		}
		last := rows[n-1].at()
		q2 := b.db.NewDelete().Model((*outboxRow)(nil))
		if b.order.postgres {
			q2 = q2.Where("(o.xid, o.seq) <= (?, ?)", last.XID, last.Seq)
		} else {
			q2 = q2.Where("o.seq <= ?", last.Seq)
		}
		if _, err := q2.Exec(ctx); err != nil {
			return removed, fmt.Errorf("removing old events: %w", err)
		}
		removed += int64(n)
		if n < pruneBatch {
			return removed, nil
		}
	}
}

// pruneInbox goes by the time that is written in the event ids.
func (b *Bus) pruneInbox(ctx context.Context, consumer string, before time.Time) (removed int64, err error) {
	ms := before.UnixMilli()
	bound := fmt.Sprintf("%08x-%04x-7000-8000-000000000000", ms>>16, ms&0xffff)
	for {
		res, err := b.db.NewRaw(`DELETE FROM bus_inbox WHERE consumer = ? AND event_id IN
			(SELECT event_id FROM bus_inbox WHERE consumer = ? AND event_id < ? ORDER BY event_id LIMIT ?)`,
			consumer, consumer, bound, pruneBatch).Exec(ctx)
		if err != nil {
			return removed, fmt.Errorf("removing old inbox rows of %s: %w", consumer, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return removed, fmt.Errorf("removing old inbox rows of %s: %w", consumer, err)
		}
		removed += n
		if n < pruneBatch {
			return removed, nil
		}
	}
}
