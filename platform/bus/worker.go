package bus

import (
	"context"
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
	from     message.Subscriber    // nil: the feed pushes
	out      chan *message.Message // room for every message in flight

	mu        sync.Mutex
	closed    bool
	quiet     bool       // nothing new is started: Stop began
	inflight  int        // messages and batches
	ownership *ownership // nil while another process owns the consumer
}

// ownership is one unbroken time in which this process owns a consumer.
type ownership struct {
	epoch  int64
	since  position        // what comes after it nobody has handled before
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
	pace    pace                   // of what came into the queue, see Consumer.Gather
	burst   burst
	next    time.Time     // when the queue may be taken from
	began   time.Time     // of what was taken last; zero when it has ended
	ended   time.Time     // of what was taken before
	owed    time.Duration // of rest
	waking  bool          // a timer is set for that
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
	row       bool             // of bus_deliveries
	mark      *mark            // of an event from the feed
	msg       *message.Message // of one from another subscriber
	paused    bool
	alone     bool // a batch with it failed: it goes through the router

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
func (w *worker) begin(ctx context.Context, epoch int64, from, since position, blocked map[string]*blockedKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := &ownership{
		epoch:   epoch,
		since:   since,
		read:    from,
		flushed: from,
		behind:  w.from == nil,
		busy:    map[string]bool{},
		blocked: blocked,
		track:   track{acked: from},
		pace:    newPace(w.spec.Gather, consumerSlow),
		burst:   newBurst(),
	}
	o.ctx, o.cancel = context.WithCancelCause(ctx)
	w.ownership = o
	if w.from != nil {
		w.b.running.Go(func() { w.receive(o) })
	}
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
	return w.ownership.read, w.from == nil && !w.quiet && w.ownership.room()
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
	before := len(o.queue)
	for i := range batch {
		r := &batch[i]
		at := r.at()
		if !at.after(o.read) {
			continue
		}
		if len(o.queue) >= queueLimit {
			o.behind = true
			break
		}
		o.read = at
		if _, ok := w.handlers[r.Name]; !ok && w.spec.relay == nil {
			o.track.skip(at)
			continue
		}
		o.queue = append(o.queue, &item{outboxRow: *r, w: w, ownership: o, mark: o.track.add(at)})
	}
	o.arrived(len(o.queue) - before)
	w.dispatch()
	return o.behind && o.room()
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
