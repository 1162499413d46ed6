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
	// blockedLimit bounds the keys whose events wait in bus_deliveries. A
	// consumer that fails for more of them stands still.
	blockedLimit = 10_000
)

// worker runs one consumer in this process. The feed pushes events in, the
// router takes messages out; neither waits for the other.
type worker struct {
	b        *Bus
	spec     Consumer
	handlers map[string]Handler
	out      chan *message.Message // room for every message in flight

	mu        sync.Mutex
	closed    bool
	quiet     bool // nothing new is started: Stop began
	inflight  int
	ownership *ownership // nil while another process owns the consumer
}

// ownership is one unbroken time in which this process owns a consumer.
type ownership struct {
	epoch  int64
	ctx    context.Context // of the handlers; ends with the ownership
	cancel context.CancelCauseFunc
	ending bool

	read    position // everything up to here was pushed
	behind  bool     // and more is known to follow
	queue   []*item
	rows    []*item // due rows of bus_deliveries, at most one per key
	turn    bool
	busy    map[string]bool        // keys in flight
	blocked map[string]*blockedKey // keys with rows in bus_deliveries
	track   track
	flushed position
}

// blockedKey is one key with rows waiting in bus_deliveries.
type blockedKey struct {
	rows   int
	due    time.Time // of the first; the zero time is now
	loaded bool
}

// item is one delivery. The goroutine that handles it owns the last
// lines until the message is acked.
type item struct {
	outboxRow
	w         *worker
	ownership *ownership
	mark      *mark // nil for a row of bus_deliveries
	paused    bool

	attempts int
	behind   bool // its key is blocked: store it, do not handle it

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

// begin starts an ownership.
func (w *worker) begin(ctx context.Context, epoch int64, from position, blocked map[string]*blockedKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := &ownership{epoch: epoch, read: from, flushed: from, behind: true, busy: map[string]bool{}, blocked: blocked, track: track{acked: from}}
	o.ctx, o.cancel = context.WithCancelCause(ctx)
	w.ownership = o
}

// end stops the ownership: no more deliveries, and those under way are cancelled.
func (w *worker) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ownership == nil {
		return
	}
	w.ownership.ending = true
	w.ownership.cancel(errLost)
	if w.inflight == 0 {
		w.ownership = nil
	}
}

// wants answers where to read on for this consumer, if it can take more.
func (w *worker) wants() (from position, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ownership == nil {
		return position{}, false
	}
	return w.ownership.read, !w.quiet && w.ownership.room()
}

func (o *ownership) room() bool {
	return !o.ending && len(o.queue) <= queueLimit/2 && len(o.track.open) < openLimit && len(o.blocked) < blockedLimit
}

// offer pushes what comes after the worker's place. full tells that the
// batch may not reach the end of the outbox. It answers whether the worker
// would read on at once.
func (w *worker) offer(batch []outboxRow, full bool) (more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.ownership
	if o == nil || o.ending {
		return false
	}
	o.behind = full
	for _, r := range batch {
		if !r.at().after(o.read) {
			continue
		}
		if len(o.queue) >= queueLimit {
			o.behind = true
			break
		}
		o.read = r.at()
		if _, ok := w.handlers[r.Name]; !ok {
			o.track.skip(r.at())
			continue
		}
		o.queue = append(o.queue, &item{outboxRow: r, w: w, ownership: o, mark: o.track.add(r.at())})
	}
	w.dispatch()
	return o.behind && o.room()
}

// dispatch starts what may start. The caller holds mu.
func (w *worker) dispatch() {
	for w.ownership != nil && !w.ownership.ending && !w.quiet && !w.closed && w.inflight < w.spec.Concurrency {
		it := w.ownership.next()
		if it == nil {
			return
		}
		w.ownership.busy[it.Key] = true
		w.inflight++
		msg := message.NewMessage(it.ID, []byte(it.Payload))
		msg.Metadata = message.Metadata{"name": it.Name, "key": it.Key, "occurred_at": it.OccurredAt.UTC().Format(time.RFC3339Nano)}
		msg.SetContext(context.WithValue(w.ownership.ctx, itemKey{}, it))
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
}

// next takes the first event whose key is free, in turn from the due rows
// and from the queue, so that neither starves.
func (o *ownership) next() *item {
	o.turn = !o.turn
	if o.turn {
		if it := o.nextRow(); it != nil {
			return it
		}
		return o.nextQueued()
	}
	if it := o.nextQueued(); it != nil {
		return it
	}
	return o.nextRow()
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
	w.mu.Lock()
	o := it.ownership
	w.inflight--
	delete(o.busy, it.Key)
	ended := o.ending && w.inflight == 0
	switch {
	case o.ending:
	case !acked:
		w.again(it)
	case it.mark != nil:
		o.finishEvent(it)
	default:
		o.finishRow(it)
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
		poke(w.b.outbox.committed)
	}
	poke(w.b.nudged)
	w.b.progress.raise()
}

func (o *ownership) finishEvent(it *item) {
	o.track.finish(it.mark)
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
	if it.mark != nil {
		o.queue = slices.Insert(o.queue, 0, it)
	} else {
		o.rows = append(o.rows, it)
		o.busy[it.Key] = true
	}
	time.AfterFunc(w.b.tune.nackDelay, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		it.paused = false
		if it.mark == nil {
			delete(o.busy, it.Key)
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
