package bus

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// maxReason bounds the stored error of a delivery, in bytes.
const maxReason = 2000

type deliveryRow struct {
	bun.BaseModel `bun:"table:bus_deliveries,alias:d"`

	ID         int64     `bun:"id,pk"`
	Consumer   string    `bun:"consumer"`
	EventID    string    `bun:"event_id"`
	Name       string    `bun:"name"`
	Key        string    `bun:"key"`
	OccurredAt time.Time `bun:"occurred_at"`
	Payload    string    `bun:"payload"`
	Attempts   int       `bun:"attempts"`
	DueAt      time.Time `bun:"due_at"`
	Dead       bool      `bun:"dead"`
	Error      string    `bun:"error"`
	ChangedAt  time.Time `bun:"changed_at"`
}

// heads narrows a query over bus_deliveries AS d to the first waiting row of
// each key: the only one that may be handled.
const heads = `NOT d.dead AND NOT EXISTS (SELECT 1 FROM bus_deliveries AS e
	WHERE e.consumer = d.consumer AND e.key = d.key AND NOT e.dead AND e.id < d.id)`

// fail puts a failed event aside: until it is due again, or for ever.
func (w *worker) fail(ctx context.Context, it *item, reason string) error {
	reason = tidy(reason)
	args := append(describe(it.envelope()), "consumer", w.spec.Name, "attempt", it.attempts+1, "error", reason)
	if w.spec.PerProcess {
		it.outcome = dropped
		w.b.metrics.count(w.spec.Name, dropped, 1)
		w.b.log.ErrorContext(ctx, "an event was dropped", args...)
		return nil
	}
	now := w.b.clock.Now()
	attempts := it.attempts + 1
	last := it.permanent || attempts >= w.b.tune.maxAttempts
	it.due = now.Add(w.b.tune.backoff(attempts))
	err := w.b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		row := deliveryRow{Attempts: attempts, DueAt: it.due, Dead: last, Error: reason, ChangedAt: now}
		n, err := w.putAside(ctx, tx, it, row)
		if err != nil {
			return err
		}
		if n == 0 {
			w.b.recheck()
			return errLost
		}
		if !last {
			return nil
		}
		// A dead event counts as dealt with should it be delivered again.
		_, err = tx.NewRaw("INSERT INTO bus_inbox (consumer, event_id) VALUES (?, ?) ON CONFLICT DO NOTHING", w.spec.Name, it.ID).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("putting a failed event aside: %w", err)
	}
	it.outcome = postponed
	if last {
		it.outcome = dead
		w.b.log.ErrorContext(ctx, "an event is dead", args...)
	} else {
		w.b.log.WarnContext(ctx, "an event will be tried again", append(args, "due", it.due)...)
	}
	w.b.metrics.count(w.spec.Name, it.outcome, 1)
	return nil
}

// putAside writes row for it and answers 0 when the consumer is another's.
func (w *worker) putAside(ctx context.Context, db bun.IDB, it *item, row deliveryRow) (int64, error) {
	if !it.row {
		return w.insertRow(
			ctx,
			db,
			it,
			row,
			"DO UPDATE SET attempts = EXCLUDED.attempts, due_at = EXCLUDED.due_at, dead = EXCLUDED.dead, error = EXCLUDED.error, changed_at = EXCLUDED.changed_at",
		)
	}
	res, err := db.NewUpdate().TableExpr("bus_deliveries").
		Set("attempts = ?", row.Attempts).Set("due_at = ?", row.DueAt).Set("dead = ?", row.Dead).Set("error = ?", row.Error).Set("changed_at = ?", row.ChangedAt).
		Where("consumer = ?", w.spec.Name).Where("event_id = ?", it.ID).
		Where("EXISTS (SELECT 1 FROM bus_cursors AS c WHERE c.consumer = ? AND c.epoch = ?)", w.spec.Name, it.ownership.epoch).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertRow copies the event from the outbox, whose row is locked so that
// personal data which is being blanked there cannot slip by.
func (w *worker) insertRow(ctx context.Context, db bun.IDB, it *item, row deliveryRow, onConflict string) (int64, error) {
	if it.msg != nil {
		return w.insertMessage(ctx, db, it, row, onConflict)
	}
	lock := ""
	if w.b.order.postgres {
		lock = "FOR SHARE OF o"
	}
	res, err := db.NewRaw(`INSERT INTO bus_deliveries (consumer, event_id, name, key, occurred_at, payload, attempts, due_at, dead, error, changed_at)
		SELECT c.consumer, o.id, o.name, o.key, o.occurred_at, o.payload, ?, ?, ?, ?, ? FROM bus_cursors AS c, bus_outbox AS o
		WHERE c.consumer = ? AND c.epoch = ? AND o.xid = ? AND o.seq = ? `+lock+` ON CONFLICT (consumer, event_id) `+onConflict,
		row.Attempts, row.DueAt, row.Dead, row.Error, row.ChangedAt, w.spec.Name, it.ownership.epoch, it.XID, it.Seq).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertMessage is insertRow for an event that need not be in the outbox.
func (w *worker) insertMessage(ctx context.Context, db bun.IDB, it *item, row deliveryRow, onConflict string) (int64, error) {
	res, err := db.NewRaw(
		`INSERT INTO bus_deliveries (consumer, event_id, name, key, occurred_at, payload, attempts, due_at, dead, error, changed_at)
		SELECT c.consumer, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM bus_cursors AS c
		WHERE c.consumer = ? AND c.epoch = ? ON CONFLICT (consumer, event_id) `+onConflict,
		it.ID,
		it.Name,
		it.Key,
		it.OccurredAt,
		string(it.Payload),
		row.Attempts,
		row.DueAt,
		row.Dead,
		row.Error,
		row.ChangedAt,
		w.spec.Name,
		it.ownership.epoch,
	).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// store puts an event behind the waiting ones of its key.
func (w *worker) store(ctx context.Context, db bun.IDB, it *item) error {
	now := w.b.clock.Now()
	n, err := w.insertRow(ctx, db, it, deliveryRow{DueAt: now, ChangedAt: now}, "DO NOTHING")
	if err != nil {
		return fmt.Errorf("storing an event behind its key: %w", err)
	}
	it.added = n == 1
	if n == 1 {
		return nil
	}
	return w.owned(ctx, db, it)
}

func (w *worker) deleteRow(ctx context.Context, db bun.IDB, it *item) error {
	if _, err := db.NewDelete().Model((*deliveryRow)(nil)).Where("consumer = ?", w.spec.Name).Where("event_id = ?", it.ID).Exec(ctx); err != nil {
		return fmt.Errorf("removing a handled delivery: %w", err)
	}
	return nil
}

// blockedKeys reads which keys of a consumer have waiting rows.
func (b *Bus) blockedKeys(ctx context.Context, consumer string) (map[string]*blockedKey, error) {
	var rows []struct {
		Key   string    `bun:"key"`
		DueAt time.Time `bun:"due_at"`
		Rows  int       `bun:"waiting"`
	}
	err := b.db.NewSelect().TableExpr("bus_deliveries AS d").Column("key", "due_at").
		ColumnExpr("(SELECT count(*) FROM bus_deliveries AS f WHERE f.consumer = d.consumer AND f.key = d.key AND NOT f.dead) AS waiting").
		Where("d.consumer = ?", consumer).Where(heads).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading the waiting events of %s: %w", consumer, err)
	}
	out := make(map[string]*blockedKey, len(rows))
	for _, r := range rows {
		out[r.Key] = &blockedKey{rows: r.Rows, due: r.DueAt}
	}
	return out, nil
}

// dueAt answers when the next waiting row of the worker is due, if any is not
// under way yet.
func (w *worker) dueAt() (at time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ownership == nil || w.ownership.ending || w.quiet || len(w.ownership.rows) > 0 {
		return time.Time{}, false
	}
	for key, h := range w.ownership.blocked {
		if !h.loaded && !w.ownership.busy[key] && (!ok || h.due.Before(at)) {
			at, ok = h.due, true
		}
	}
	return at, ok
}

// loadDue fetches the rows that are due and starts them.
func (w *worker) loadDue(ctx context.Context, now time.Time) error {
	w.mu.Lock()
	if w.ownership == nil {
		w.mu.Unlock()
		return nil
	}
	// What is under way now may still be among the rows that are read, and
	// be finished by the time they are here.
	underway := maps.Clone(w.ownership.busy)
	w.mu.Unlock()
	var rows []deliveryRow
	limit := readBatch + maxConcurrency // those in flight come again
	err := w.b.db.NewSelect().Model(&rows).Where("d.consumer = ?", w.spec.Name).Where("d.due_at <= ?", now).Where(heads).
		OrderExpr("d.due_at, d.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return fmt.Errorf("reading the due events of %s: %w", w.spec.Name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.ownership
	if o == nil || o.ending {
		return nil
	}
	found := map[string]bool{}
	for _, r := range rows {
		found[r.Key] = true
		h := o.blocked[r.Key]
		if h == nil {
			h = &blockedKey{rows: 1}
			o.blocked[r.Key] = h
		}
		if h.loaded || o.busy[r.Key] || underway[r.Key] {
			continue
		}
		h.loaded = true
		o.rows = append(
			o.rows,
			&item{
				row:       true,
				w:         w,
				ownership: o,
				attempts:  r.Attempts,
				outboxRow: outboxRow{ID: r.EventID, Name: r.Name, Key: r.Key, OccurredAt: r.OccurredAt, Payload: []byte(r.Payload)},
			},
		)
	}
	for key, h := range o.blocked {
		if len(rows) < limit && !found[key] && !h.loaded && !o.busy[key] && !underway[key] && !h.due.After(now) {
			delete(o.blocked, key) // its rows were removed by hand
		}
	}
	w.dispatch()
	return nil
}

// backoff is how long a failed event waits: a minute, then four times as
// long each time up to four hours, a fifth more or less.
func backoff(attempts int) time.Duration {
	d := time.Minute
	for range min(attempts-1, 10) {
		d *= 4
	}
	d = min(d, 4*time.Hour)
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}

// tidy makes an error fit to be stored.
func tidy(reason string) string {
	reason = strings.ToValidUTF8(strings.ReplaceAll(reason, "\x00", " "), "?")
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	return reason
}
