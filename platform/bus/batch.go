package bus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/jsonout"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
)

const (
	// maxBatch bounds the events of one unit of work.
	maxBatch = 128
	// batchTime is when a batch commits what it has done so far: a long
	// transaction holds up the writer of SQLite and the horizon of PostgreSQL.
	batchTime = 100 * time.Millisecond
)

// nextBatch takes events from the queue that one unit of work may handle, in
// order, or nil when there are not two of them. It leaves out keys that are
// under way or have failed. The caller holds mu.
func (w *worker) nextBatch() []*item {
	o := w.ownership
	if w.spec.PerProcess || len(o.queue) < 2 {
		return nil
	}
	// What is there is shared among those who are free.
	free := w.spec.Concurrency - w.inflight
	limit := min((len(o.queue)+free-1)/free, maxBatch)
	var batch, rest []*item
	left := map[string]bool{} // keys with an earlier event that stays
	for i, it := range o.queue {
		if len(batch) == limit {
			rest = append(rest, o.queue[i:]...)
			break
		}
		waits := it.paused || o.busy[it.Key] || left[it.Key]
		single := it.alone || o.blocked[it.Key] != nil
		if single && !waits && len(batch) == 0 {
			return nil // it is next, and would never be while there are batches
		}
		if single || waits {
			left[it.Key] = true
			rest = append(rest, it)
			continue
		}
		batch = append(batch, it)
	}
	if len(batch) < 2 {
		return nil
	}
	o.queue = rest
	for _, it := range batch {
		o.busy[it.Key] = true
	}
	return batch
}

// runBatch handles events in one unit of work. When that fails for whatever
// reason, they are handled alone, by way of the router.
func (w *worker) runBatch(batch []*item) {
	o := batch[0].ownership
	ctx, cancel := context.WithTimeout(o.ctx, attemptDeadline)
	defer cancel()
	done, err := w.attemptBatch(ctx, batch)
	if err != nil {
		done = 0
		if o.ctx.Err() == nil && !errors.Is(err, errLost) {
			w.b.log.WarnContext(ctx, "a batch of events failed; they are handled one at a time", "consumer", w.spec.Name, "events", len(batch), "error", tidy(err.Error()))
		}
	}
	for _, it := range batch[:done] {
		w.b.metrics.count(w.spec.Name, it.outcome)
	}
	w.release(o, batch, func(o *ownership) {
		for _, it := range batch[:done] {
			o.finishEvent(it)
		}
		rest := batch[done:]
		for _, it := range rest {
			it.outcome = none
			it.alone = err != nil
		}
		o.queue = append(rest[:len(rest):len(rest)], o.queue...)
	})
}

// attemptBatch answers how many of the events, from the first on, are dealt
// with: all, unless that took too long.
func (w *worker) attemptBatch(ctx context.Context, batch []*item) (done int, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, err = 0, fmt.Errorf("a handler panicked: %v", p)
		}
	}()
	if w.spec.relay != nil {
		for _, it := range batch {
			it.outcome = handled
		}
		return len(batch), w.publish(ctx, batch)
	}
	wanted, err := w.wanted(ctx, batch)
	if err != nil || len(wanted) == 0 {
		return len(batch), err
	}
	if done, err = w.attemptWanted(ctx, wanted); done < len(wanted) {
		return slices.Index(batch, wanted[done]), err // those before it are handled or passed over
	}
	return len(batch), err
}

// wanted answers those of the items that the consumer has to do with.
func (w *worker) wanted(ctx context.Context, items []*item) ([]*item, error) {
	if w.spec.Wants == nil {
		return items, nil
	}
	list := make([]event.Envelope, len(items))
	for i, it := range items {
		list[i] = it.envelope()
	}
	wants, err := w.spec.Wants(ctx, list)
	if err != nil {
		return nil, err
	}
	if len(wants) != len(items) {
		return nil, fmt.Errorf("Wants answered %d of %d events", len(wants), len(items))
	}
	var out []*item
	for i, it := range items {
		if wants[i] {
			out = append(out, it)
		} else {
			it.outcome = passed
		}
	}
	return out, nil
}

// attemptWanted is attemptBatch for events that are wanted.
func (w *worker) attemptWanted(ctx context.Context, batch []*item) (done int, err error) {
	err = w.b.unit.Do(sqldb.Redone(ctx), func(ctx context.Context, tx uow.Tx) error {
		if !w.b.db.InTx(ctx) {
			return errors.New("the unit of work is not on the database of the bus")
		}
		db := w.b.db.On(ctx)
		if w.b.order.postgres && areNew(batch) {
			if done, err = w.handleMany(ctx, tx, batch, idsOf(batch)); err != nil {
				return err
			}
			return w.noteNew(ctx, batch[:done])
		}
		first, err := w.noteMany(ctx, db, batch)
		if err != nil {
			return err
		}
		if done, err = w.handleMany(ctx, tx, batch, first); err != nil || done == len(batch) {
			return err
		}
		return w.unnote(ctx, db, batch[done:], first)
	})
	return done, err
}

// handleMany calls the handlers for runs of events of one kind.
func (w *worker) handleMany(ctx context.Context, tx uow.Tx, batch []*item, first map[string]bool) (done int, err error) {
	began := clock.System{}.Now()
	for done < len(batch) {
		h := w.handlers[batch[done].Name]
		run := make([]event.Envelope, 0, len(batch)-done)
		for done < len(batch) && h.joins(w.handlers[batch[done].Name]) && (h.many || len(run) == 0) {
			it := batch[done]
			it.outcome = duplicate
			if first[it.ID] {
				it.outcome = handled
				first[it.ID] = false // should it be in the batch twice
				run = append(run, it.envelope())
			}
			done++
		}
		if len(run) == 0 {
			continue
		}
		if err := h.handle(ctx, tx, run); err != nil {
			return 0, err
		}
		if (clock.System{}).Now().Sub(began) > batchTime {
			return done, nil
		}
	}
	return done, nil
}

// noteMany writes the inbox rows and answers the ids of the events that are
// here for the first time. It fails with errLost when another process has
// taken the consumer over.
func (w *worker) noteMany(ctx context.Context, db bun.IDB, batch []*item) (map[string]bool, error) {
	all := make([]string, len(batch))
	for i, it := range batch {
		all[i] = it.ID
	}
	ids, err := w.inbox(ctx, all, batch[0].ownership.epoch)
	if err != nil {
		return nil, err
	}
	first := make(map[string]bool, len(ids))
	for _, id := range ids {
		first[id] = true
	}
	if len(ids) == len(batch) {
		return first, nil
	}
	return first, w.owned(ctx, db, batch[0])
}

var noting = sqldb.NewKept(`INSERT INTO bus_inbox (consumer, event_id)
	SELECT c.consumer, unnest($1::text[]) FROM bus_cursors AS c WHERE c.consumer = $2::text AND c.epoch = $3::bigint ON CONFLICT DO NOTHING RETURNING event_id`)

// notingAll is noting on SQLite. A statement for each event takes seven times as
// long.
const notingAll = `INSERT INTO bus_inbox (consumer, event_id)
	SELECT c.consumer, e.value FROM bus_cursors AS c, json_each(?) AS e WHERE c.consumer = ? AND c.epoch = ? ON CONFLICT DO NOTHING RETURNING event_id`

// inbox writes inbox rows, if the epoch is the consumer's, and answers the ids
// of those that were not there.
func (w *worker) inbox(ctx context.Context, all []string, epoch int64) (ids []string, err error) {
	scan := func(row *sql.Rows) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}
	if w.b.order.postgres {
		err = noting.Rows(ctx, w.b.db.On(ctx), scan, all, w.spec.Name, epoch)
	} else {
		var events jsonout.Text
		jsonout.List(&events, all, func(t *jsonout.Text, id *string) { t.String(*id) })
		err = w.b.db.Prepared(ctx, notingAll, scan, string(events.Bytes), w.spec.Name, epoch)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the inbox: %w", err)
	}
	return ids, nil
}

// unnote takes the inbox rows back of events that this unit leaves for later.
func (w *worker) unnote(ctx context.Context, db bun.IDB, later []*item, first map[string]bool) error {
	var ids []string
	for _, it := range later {
		if first[it.ID] {
			ids = append(ids, it.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := db.NewRaw("DELETE FROM bus_inbox WHERE consumer = ? AND event_id IN (?)", w.spec.Name, bun.List(ids)).Exec(ctx); err != nil {
		return fmt.Errorf("putting events back: %w", err)
	}
	return nil
}
