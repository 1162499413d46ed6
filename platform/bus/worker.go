package bus

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

const (
	// queueLimit bounds the events that wait in memory for one consumer.
	queueLimit = 512
	// openLimit bounds the events that are finished behind a slow one.
	openLimit = 4096
	// heldLimit bounds the keys whose events wait in bus_deliveries. A
	// consumer that fails for more of them stands still.
	heldLimit = 10_000
)

// worker runs one consumer in this process. The feed pushes events in, the
// router takes messages out; neither waits for the other.
type worker struct {
	b        *Bus
	spec     Consumer
	handlers map[string]Handler
	out      chan *message.Message // room for every message in flight

	mu       sync.Mutex
	closed   bool
	quiet    bool    // nothing new is started: Stop began
	inflight int     // messages and batches
	t        *tenure // nil while another process owns the consumer
}

// tenure is one unbroken time of owning a consumer.
type tenure struct {
	epoch  int64
	ctx    context.Context // of the handlers; ends with the tenure
	cancel context.CancelCauseFunc
	ending bool

	read    position // everything up to here was pushed
	behind  bool     // and more is known to follow
	queue   []*item
	rows    []*item // due rows of bus_deliveries, at most one per key
	turn    bool
	busy    map[string]bool  // keys in flight
	held    map[string]*hold // keys with rows in bus_deliveries
	track   track
	flushed position
}

// hold is one key with rows waiting in bus_deliveries.
type hold struct {
	rows   int
	due    time.Time // of the first; the zero time is now
	loaded bool
}

// item is one delivery. The goroutine that handles it owns the last
// lines until the message is acked.
type item struct {
	outboxRow
	w      *worker
	t      *tenure
	mark   *mark // nil for a row of bus_deliveries
	paused bool
	alone  bool // a batch with it failed: it goes through the router

	attempts int
	behind   bool // its key is held: store it, do not handle it

	outcome   outcome
	permanent bool      // the last error will not go away
	due       time.Time // of a postponed one
	added     bool      // a behind one was not stored before
}

type itemKey struct{}

func newWorker(b *Bus, c Consumer) *worker {
	c.Concurrency = max(c.Concurrency, 1)
	w := &worker{b: b, spec: c, handlers: map[string]Handler{}, out: make(chan *message.Message, c.Concurrency)}
	for _, h := range c.Handlers {
		w.handlers[h.Event] = h
	}
	return w
}

// begin starts a tenure.
func (w *worker) begin(ctx context.Context, epoch int64, from position, held map[string]*hold) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &tenure{epoch: epoch, read: from, flushed: from, behind: true, busy: map[string]bool{}, held: held, track: track{acked: from}}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	w.t = t
}

// end stops the tenure: no more deliveries, and those under way are cancelled.
func (w *worker) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t == nil {
		return
	}
	w.t.ending = true
	w.t.cancel(errLost)
	if w.inflight == 0 {
		w.t = nil
	}
}

// wants answers where to read on for this consumer, if it can take more.
func (w *worker) wants() (from position, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t == nil {
		return position{}, false
	}
	return w.t.read, !w.quiet && w.t.room()
}

func (t *tenure) room() bool {
	return !t.ending && len(t.queue) <= queueLimit/2 && len(t.track.open) < openLimit && len(t.held) < heldLimit
}

// offer pushes what comes after the worker's place. full tells that the
// batch may not reach the end of the outbox. It answers whether the worker
// would read on at once.
func (w *worker) offer(batch []outboxRow, full bool) (more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.t
	if t == nil || t.ending {
		return false
	}
	t.behind = full
	for _, r := range batch {
		if !r.at().after(t.read) {
			continue
		}
		if len(t.queue) >= queueLimit {
			t.behind = true
			break
		}
		t.read = r.at()
		if _, ok := w.handlers[r.Name]; !ok {
			t.track.skip(r.at())
			continue
		}
		t.queue = append(t.queue, &item{outboxRow: r, w: w, t: t, mark: t.track.add(r.at())})
	}
	w.dispatch()
	return t.behind && t.room()
}

// dispatch starts what may start, in turn from the due rows and from the
// queue, so that neither starves. The caller holds mu.
func (w *worker) dispatch() {
	for w.t != nil && !w.t.ending && !w.quiet && !w.closed && w.inflight < w.spec.Concurrency {
		t := w.t
		t.turn = !t.turn
		var it *item
		if t.turn {
			it = t.nextRow()
		}
		if it == nil {
			if batch := w.nextBatch(); batch != nil {
				w.inflight++
				w.b.running.Go(func() { w.runBatch(batch) })
				continue
			}
			it = t.nextQueued()
		}
		if it == nil {
			it = t.nextRow()
		}
		if it == nil {
			return
		}
		t.busy[it.Key] = true
		w.inflight++
		w.send(it)
	}
}

// send hands one event to the router.
func (w *worker) send(it *item) {
	msg := message.NewMessage(it.ID, []byte(it.Payload))
	msg.Metadata = message.Metadata{"name": it.Name, "key": it.Key, "occurred_at": it.OccurredAt.UTC().Format(time.RFC3339Nano)}
	msg.SetContext(context.WithValue(it.t.ctx, itemKey{}, it))
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

func (t *tenure) nextRow() *item {
	for i, it := range t.rows {
		if !t.busy[it.Key] {
			t.rows = slices.Delete(t.rows, i, i+1)
			return it
		}
	}
	return nil
}

func (t *tenure) nextQueued() *item {
	var blocked map[string]bool
	for i, it := range t.queue {
		if !t.busy[it.Key] && !it.paused && !blocked[it.Key] {
			t.queue = slices.Delete(t.queue, i, i+1)
			it.behind = t.held[it.Key] != nil
			return it
		}
		if it.paused {
			if blocked == nil {
				blocked = map[string]bool{}
			}
			blocked[it.Key] = true
		}
	}
	return nil
}

// finish takes a message back from the router.
func (w *worker) finish(it *item, acked bool) {
	w.release(it.t, []*item{it}, func(t *tenure) {
		switch {
		case !acked:
			w.again(it)
		case it.mark != nil:
			t.finishEvent(it)
		default:
			t.finishRow(it)
		}
	})
}

// release ends one message or batch, and starts what it held up. settle is
// called under the lock unless the consumer is lost.
func (w *worker) release(t *tenure, items []*item, settle func(t *tenure)) {
	w.mu.Lock()
	w.inflight--
	for _, it := range items {
		delete(t.busy, it.Key)
	}
	ended := t.ending && w.inflight == 0
	if !t.ending {
		settle(t)
	}
	if ended {
		w.t = nil
	}
	w.dispatch()
	more := !t.ending && t.behind && t.room()
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

func (t *tenure) finishEvent(it *item) {
	t.track.finish(it.mark)
	switch it.outcome {
	case behind:
		if it.added {
			t.held[it.Key].rows++
		}
	case postponed:
		t.held[it.Key] = &hold{rows: 1, due: it.due}
	}
}

func (t *tenure) finishRow(it *item) {
	h := t.held[it.Key]
	h.loaded = false
	if it.outcome == postponed {
		h.due = it.due
		return
	}
	h.rows--
	h.due = time.Time{} // those behind it have waited long enough
	if h.rows <= 0 {
		delete(t.held, it.Key)
	}
}

// again brings back a message that could neither be handled nor put aside,
// as when the database is away. Its key waits with it. The caller holds mu.
func (w *worker) again(it *item) {
	t := it.t
	it.outcome = none
	it.paused = true
	if it.mark != nil {
		t.queue = slices.Insert(t.queue, 0, it)
	} else {
		t.rows = append(t.rows, it)
		t.busy[it.Key] = true
	}
	time.AfterFunc(w.b.tune.nackDelay, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		it.paused = false
		if it.mark == nil {
			delete(t.busy, it.Key)
		}
		w.dispatch()
	})
}

// close ends the router's subscription.
func (w *worker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		close(w.out)
	}
}

// subscriber is a worker as the router sees it.
type subscriber struct{ w *worker }

// Subscribe implements message.Subscriber.
func (s subscriber) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	context.AfterFunc(ctx, s.w.close)
	return s.w.out, nil
}

// Close implements message.Subscriber.
func (s subscriber) Close() error {
	s.w.close()
	return nil
}
