package bus

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/platform/kernel/clock"
)

// readBatch is how many events one statement reads.
const readBatch = 256

// feed serves the consumers until ctx ends, over as many sessions as it
// takes. work is the context of the handlers.
func (b *Bus) feed(ctx, work context.Context) {
	wait := 100 * time.Millisecond
	for again := false; ctx.Err() == nil; again = true {
		began := b.clock.Now()
		err := b.serve(ctx, work, again)
		b.connected.Store(false)
		if ctx.Err() != nil {
			return
		}
		b.log.WarnContext(ctx, "the event feed lost its session and its consumers", "error", err)
		for _, w := range b.workers {
			if !w.spec.PerProcess {
				w.end()
			}
		}
		if wait = min(2*wait, b.tune.poll); b.clock.Now().Sub(began) > time.Minute {
			wait = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// serve runs one session: own what can be owned, read, deliver, store the
// cursors, sleep. again tells that there was one before.
func (b *Bus) serve(ctx, work context.Context, again bool) error {
	s, err := b.openSession(ctx)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionDeadline)
		defer cancel()
		if err := b.storeCursors(ctx, s); err != nil {
			b.log.WarnContext(ctx, "events handled last will be delivered again", "error", err)
		}
	}()
	if again {
		if err := b.rewind(ctx, s); err != nil {
			return err
		}
	}
	f := &pacer{b: b, s: s, poll: time.NewTicker(b.tune.poll), pace: newPace(b.tune.gather, feedSlow), recheck: true}
	defer f.poll.Stop()
	for {
		asked := b.asked.Load()
		if f.recheck || asked != b.answered.Load() {
			if err := b.claim(ctx, work, s); err != nil {
				return err
			}
			f.recheck = false
		}
		n, more, blocked, err := b.pass(ctx, s)
		if err != nil {
			return err
		}
		b.connected.Store(true)
		b.answered.Store(asked)
		b.progress.raise()
		f.pace.add(clock.System{}.Now(), n) // the time that passes, not what tests say it is
		if done, err := f.sleep(ctx, more, blocked); done || err != nil {
			return err
		}
	}
}

// claim ends the ownerships that another process ended and begins those that
// are free to begin.
func (b *Bus) claim(ctx, work context.Context, s *session) error {
	if !b.durable() {
		return nil
	}
	epochs, err := s.epochs(ctx)
	if err != nil {
		return err
	}
	var free []string
	byName := map[string]*worker{}
	for _, w := range b.workers {
		if w.spec.PerProcess {
			continue
		}
		if epoch, owned := w.epoch(); owned && epoch != epochs[w.spec.Name] {
			w.end()
		}
		if w.free() {
			free = append(free, w.spec.Name)
			byName[w.spec.Name] = w
		}
	}
	locked, err := s.lock(ctx, free)
	if err != nil {
		return err
	}
	for _, name := range locked {
		if err := b.take(ctx, work, byName[name]); err != nil {
			return err
		}
	}
	return nil
}

// take begins an ownership: under the lock, with a new epoch, from the stored
// place. A consumer that was never seen starts from the oldest kept event.
func (b *Bus) take(ctx, work context.Context, w *worker) error {
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	var row cursorRow
	err := b.db.NewRaw(`INSERT INTO bus_cursors (consumer, xid, seq, epoch, seen_at) VALUES (?, 0, 0, 1, ?)
		ON CONFLICT (consumer) DO UPDATE SET epoch = bus_cursors.epoch + 1, seen_at = EXCLUDED.seen_at
		RETURNING epoch, xid, seq`, w.spec.Name, b.clock.Now()).Scan(ctx, &row.Epoch, &row.XID, &row.Seq)
	if err != nil {
		return fmt.Errorf("taking the consumer %s: %w", w.spec.Name, err)
	}
	blocked, err := b.blockedKeys(ctx, w.spec.Name)
	if err != nil {
		return err
	}
	since, err := b.last(ctx) // the owner before read no more than this
	if err != nil {
		return err
	}
	w.begin(work, row.Epoch, row.at(), since, blocked)
	b.log.DebugContext(ctx, "consuming", "consumer", w.spec.Name, "epoch", row.Epoch, "blocked_keys", len(blocked))
	return nil
}

func (w *worker) epoch() (epoch int64, owned bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ownership == nil || w.ownership.ending {
		return 0, false
	}
	return w.ownership.epoch, true
}

func (w *worker) free() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ownership == nil && !w.quiet
}

// pass reads once for every consumer that can take more; those at the same
// place share one statement. It answers how many events it read, whether some
// consumers could take even more, and whether committed events hide behind an
// open transaction.
func (b *Bus) pass(ctx context.Context, s *session) (n int, more, blocked bool, err error) {
	now := b.clock.Now()
	served := map[*worker]bool{}
	for _, w := range b.workers {
		if due, ok := w.dueAt(); ok && !due.After(now) {
			if err := w.loadDue(ctx, now); err != nil {
				return n, false, false, err
			}
		}
		from, ok := w.wants()
		if !ok || served[w] {
			continue
		}
		batch, hidden, err := s.read(ctx, from)
		if err != nil {
			return n, false, false, err
		}
		n = max(n, len(batch))
		blocked = blocked || hidden
		full := len(batch) == readBatch
		for _, v := range b.workers {
			at, ok := v.wants()
			if !ok || served[v] || from.after(at) || full && at.after(batch[len(batch)-1].at()) {
				continue
			}
			served[v] = true
			if v.offer(batch, full) {
				more = true
			}
		}
	}
	return n, more, blocked, nil
}

// move is a cursor on its way to the database.
type move struct {
	w     *worker
	epoch int64
	to    position
}

// storeCursors writes how far the consumers have come since the last time.
func (b *Bus) storeCursors(ctx context.Context, s *session) error {
	var moves []move
	for _, w := range b.workers {
		w.mu.Lock()
		if o := w.ownership; o != nil && !o.ending && !w.spec.PerProcess && o.track.acked != o.flushed {
			moves = append(moves, move{w, o.epoch, o.track.acked})
		}
		w.mu.Unlock()
	}
	if len(moves) == 0 {
		return nil
	}
	n, err := s.flush(ctx, moves)
	if err != nil {
		return err
	}
	if n < int64(len(moves)) {
		b.recheck()
	}
	for _, m := range moves {
		m.w.mu.Lock()
		if m.w.ownership != nil && m.w.ownership.epoch == m.epoch {
			m.w.ownership.flushed = m.to
		}
		m.w.mu.Unlock()
	}
	return nil
}

// readsOutbox is false for a consumer with a subscriber of its own, whose
// stored place does not move.
func (b *Bus) readsOutbox(consumer string) bool {
	return !slices.ContainsFunc(b.workers, func(w *worker) bool { return w.spec.Name == consumer && w.from != nil })
}

// durable reports whether any consumer has a stored place.
func (b *Bus) durable() bool {
	return slices.ContainsFunc(b.workers, func(w *worker) bool { return !w.spec.PerProcess })
}

func (b *Bus) dirty() bool {
	for _, w := range b.workers {
		w.mu.Lock()
		dirty := w.ownership != nil && !w.ownership.ending && !w.spec.PerProcess && w.ownership.track.acked != w.ownership.flushed
		w.mu.Unlock()
		if dirty {
			return true
		}
	}
	return false
}
