package bus

import (
	"context"
	"slices"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/stack"
)

// dispatch starts what may start, in turn from the due rows and from the
// queue, so that neither starves. The caller holds mu.
func (w *worker) dispatch() {
	for w.ownership != nil && !w.ownership.ending && !w.quiet && !w.closed && w.inflight < w.spec.Concurrency {
		o := w.ownership
		o.turn = !o.turn
		var it *item
		if o.turn {
			it = o.nextRow()
		}
		if it == nil && !w.gathers() {
			if batch := w.nextBatch(); batch != nil {
				w.inflight++
				w.b.running.Go(func() { stack.Room24K(); w.runBatch(batch) })
				continue
			}
			it = o.nextQueued()
		}
		if it == nil {
			it = o.nextRow()
		}
		if it == nil {
			return
		}
		o.busy[it.Key] = true
		w.inflight++
		w.send(it)
	}
}

// gathers reports whether the queue waits for more events, and wakes it when
// it has waited. The caller takes from the queue otherwise, and holds mu.
func (w *worker) gathers() bool {
	o := w.ownership
	if w.spec.Gather == 0 || len(o.queue) == 0 || o.queue[0].alone || o.blocked[o.queue[0].Key] != nil {
		return false
	}
	now := clock.System{}.Now() // the time that passes, not what tests say it is
	wait := o.next.Sub(now)
	if wait <= 0 || wait > w.spec.Gather || len(o.queue) >= maxBatch { // that clock may be set back
		o.next, o.began = now.Add(o.pace.pause()), now
		o.burst.taken()
		return false
	}
	if !o.waking {
		o.waking = true
		time.AfterFunc(wait, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			o.waking = false
			w.dispatch()
		})
	}
	return true
}

// arrived counts events that came into the queue. Those of a burst gather as long
// as they may. The caller holds mu.
func (o *ownership) arrived(n int) {
	if n == 0 || o.pace.longest == 0 {
		return
	}
	now := clock.System{}.Now()
	o.pace.add(now, n)
	if o.burst.begins(now, n) {
		o.notBefore(now.Add(o.pace.longest))
	}
}

// rest lets what comes after a batch gather when the consumer works for more than
// a third of the time: it owes the double of its work as rest. It owes up to the
// longest pause without taking it, so that after one batch that was slow by chance
// nobody waits. The caller holds mu.
func (o *ownership) rest() {
	longest := o.pace.longest
	if longest == 0 || o.began.IsZero() {
		return
	}
	now := clock.System{}.Now()
	idle, work := max(o.began.Sub(o.ended), 0), max(now.Sub(o.began), 0) // that clock may be set back
	o.owed = min(max(o.owed-idle, 0)+2*work, 2*longest)
	o.notBefore(now.Add(o.owed - longest))
	o.began, o.ended = time.Time{}, now
}

// notBefore has the queue wait until at, or for as long as it waits already.
func (o *ownership) notBefore(at time.Time) {
	if at.After(o.next) {
		o.next = at
	}
}

// send hands one event to the router.
func (w *worker) send(it *item) {
	msg := messageOf(it.outboxRow)
	msg.SetContext(context.WithValue(it.ownership.ctx, itemKey{}, it))
	w.out <- msg
	go func() {
		select {
		case <-msg.Acked():
			w.finish(it, true)
		case <-msg.Nacked():
			w.finish(it, false)
		}
	}()
}

func (o *ownership) nextRow() *item {
	for i, it := range o.rows {
		if !o.busy[it.Key] {
			o.rows = slices.Delete(o.rows, i, i+1)
			return it
		}
	}
	return nil
}

func (o *ownership) nextQueued() *item {
	var pausedKeys map[string]bool
	for i, it := range o.queue {
		if !o.busy[it.Key] && !it.paused && !pausedKeys[it.Key] {
			o.queue = slices.Delete(o.queue, i, i+1)
			it.behind = o.blocked[it.Key] != nil
			return it
		}
		if it.paused {
			if pausedKeys == nil {
				pausedKeys = map[string]bool{}
			}
			pausedKeys[it.Key] = true
		}
	}
	return nil
}

// finish takes a message back from the router.
func (w *worker) finish(it *item, acked bool) {
	w.release(it.ownership, []*item{it}, func(o *ownership) {
		switch {
		case !acked:
			w.again(it)
		case it.row:
			o.finishRow(it)
		default:
			o.finishEvent(it)
		}
	})
}

// release ends one message or batch, and starts what it held up. settle is
// called under the lock unless the consumer is lost.
func (w *worker) release(o *ownership, items []*item, settle func(o *ownership)) {
	w.mu.Lock()
	w.inflight--
	o.rest()
	for _, it := range items {
		delete(o.busy, it.Key)
	}
	ended := o.ending && w.inflight == 0
	if !o.ending {
		settle(o)
	} else {
		giveUp(items)
	}
	if ended {
		w.ownership = nil
	}
	w.dispatch()
	more := !o.ending && o.behind && o.room()
	w.mu.Unlock()

	switch {
	case ended:
		w.b.recheck()
	case more:
		poke(w.b.urgent)
	}
	poke(w.b.nudged)
	w.b.progress.raise()
}

func (o *ownership) finishEvent(it *item) {
	if it.msg != nil {
		it.msg.Ack()
	} else {
		o.track.finish(it.mark)
	}
	switch it.outcome {
	case behind:
		if it.added {
			o.blocked[it.Key].rows++
		}
	case postponed:
		o.blocked[it.Key] = &blockedKey{rows: 1, due: it.due}
	}
}

func (o *ownership) finishRow(it *item) {
	h := o.blocked[it.Key]
	h.loaded = false
	if it.outcome == postponed {
		h.due = it.due
		return
	}
	h.rows--
	h.due = time.Time{} // those behind it have waited long enough
	if h.rows <= 0 {
		delete(o.blocked, it.Key)
	}
}

// again brings back a message that could neither be handled nor put aside,
// as when the database is away. Its key waits with it. The caller holds mu.
func (w *worker) again(it *item) {
	o := it.ownership
	it.outcome = none
	it.paused = true
	if it.row {
		o.rows = append(o.rows, it)
		o.busy[it.Key] = true
	} else {
		o.queue = slices.Insert(o.queue, 0, it)
	}
	time.AfterFunc(w.b.tune.nackDelay, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		it.paused = false
		if it.row {
			delete(o.busy, it.Key)
		}
		w.dispatch()
	})
}
