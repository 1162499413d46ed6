package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/uptrace/bun"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
)

// attemptDeadline ends one run of a handler.
const attemptDeadline = 30 * time.Second

// errLost ends work for a consumer that this process no longer owns. It is a
// cancellation to those who only know that.
var errLost = fmt.Errorf("this process gave up the consumer: %w", context.Canceled)

// outcome is what became of one delivery.
type outcome string

const (
	none      outcome = ""
	handled   outcome = "handled"
	duplicate outcome = "duplicate" // handled before
	passed    outcome = "passed"    // not wanted
	behind    outcome = "behind"    // stored, because an earlier event of its key waits
	postponed outcome = "postponed" // failed, to be tried again later
	dead      outcome = "dead"      // failed for the last time
	dropped   outcome = "dropped"   // failed in a consumer that runs in every process
)

// handle is the innermost handler of the router: one attempt at one event.
func (w *worker) handle(msg *message.Message) error {
	it, ok := msg.Context().Value(itemKey{}).(*item)
	if !ok {
		return errors.New("a message that the bus did not make")
	}
	ctx, cancel := context.WithTimeout(msg.Context(), attemptDeadline)
	defer cancel()
	done, err := w.attempt(ctx, it)
	if err == nil {
		it.outcome = done
		w.b.metrics.count(w.spec.Name, done, 1)
		return nil
	}
	switch {
	case msg.Context().Err() != nil || errors.Is(err, errLost):
		return errLost
	case errors.Is(err, context.Canceled):
		// The handler's own: it counts as any other failure.
		err = fmt.Errorf("the handler was cancelled: %s", err.Error())
	}
	var f final
	isFinal := errors.As(err, &f)
	it.permanent = f.permanent
	if it.row && !isFinal {
		// Minutes passed since the last attempt; the next may wait as long.
		err = final{error: err}
	}
	return err
}

func (w *worker) attempt(ctx context.Context, it *item) (done outcome, err error) {
	h, known := w.handlers[it.Name]
	if w.spec.PerProcess {
		return handled, runLoose(ctx, h, it.envelope())
	}
	if w.spec.relay != nil && !it.behind {
		if err := w.publish(ctx, []*item{it}); err != nil || !it.row {
			return handled, err
		}
		return handled, w.deleteRow(ctx, w.b.db.On(ctx), it)
	}
	if !it.row && !it.behind {
		if wanted, err := w.wanted(ctx, []*item{it}); err != nil || len(wanted) == 0 {
			return passed, err
		}
	}
	err = w.b.unit.Do(sqldb.Redone(ctx), func(ctx context.Context, tx uow.Tx) error {
		if !w.b.db.InTx(ctx) {
			return final{error: errors.New("the unit of work is not on the database of the bus")}
		}
		db := w.b.db.On(ctx)
		if it.behind {
			done = behind
			return w.store(ctx, db, it)
		}
		first, err := w.note(ctx, db, it)
		if err != nil {
			return err
		}
		done = duplicate
		if first && known {
			done = handled
			if err := h.handle(ctx, tx, []event.Envelope{it.envelope()}); err != nil {
				return err
			}
		}
		if it.row {
			return w.deleteRow(ctx, db, it)
		}
		return nil
	})
	return done, err
}

// note writes the inbox row and answers whether this is the first time. It
// fails with errLost when another process has taken the consumer over.
func (w *worker) note(ctx context.Context, db bun.IDB, it *item) (first bool, err error) {
	ids, err := w.inbox(ctx, []string{it.ID}, it.ownership.epoch)
	if err != nil || len(ids) == 1 {
		return err == nil, err
	}
	return false, w.owned(ctx, db, it)
}

// owned is errLost when the ownership of it is over.
func (w *worker) owned(ctx context.Context, db bun.IDB, it *item) error {
	n, err := db.NewSelect().Model((*cursorRow)(nil)).Where("consumer = ?", w.spec.Name).Where("epoch = ?", it.ownership.epoch).Count(ctx)
	if err != nil {
		return fmt.Errorf("reading the epoch: %w", err)
	}
	if n == 0 {
		w.b.recheck()
		return errLost
	}
	return nil
}

// deadLetters is where the router's poison queue sends what failed.
type deadLetters struct{}

// Publish implements message.Publisher.
func (d deadLetters) Publish(_ string, messages ...*message.Message) error {
	for _, msg := range messages {
		it, ok := msg.Context().Value(itemKey{}).(*item)
		if !ok {
			return errors.New("a message that the bus did not make")
		}
		if err := it.w.fail(msg.Context(), it, msg.Metadata.Get(middleware.ReasonForPoisonedKey)); err != nil {
			return err
		}
	}
	return nil
}

// Close implements message.Publisher.
func (deadLetters) Close() error { return nil }

// describe is what a log line says about an event.
func describe(e event.Envelope) []any {
	return []any{"event", e.Name, "event_id", e.ID, "key", e.Key}
}
