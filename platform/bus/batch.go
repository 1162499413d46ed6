package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
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
			w.b.log.WarnContext(ctx, "a batch of events failed; they are handled one at a time",
				"consumer", w.spec.Name, "events", len(batch), "error", tidy(err.Error()))
		}
	}
	outcomes := map[outcome]int{}
	for _, it := range batch[:done] {
		outcomes[it.outcome]++
	}
	for of, n := range outcomes {
		w.b.metrics.count(w.spec.Name, of, n)
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
		if areNew(batch) {
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
