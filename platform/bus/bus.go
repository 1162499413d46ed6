package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
)

// maxConsumers bounds the consumers of an installation.
const maxConsumers = 1000

// Config is what a Bus is made of.
type Config struct {
	DB     *sqldb.DB
	Outbox *Outbox
	// Unit runs the handlers; it must be over DB. Needed with consumers only.
	Unit uow.Unit
	// Consumers may be empty: the process then only publishes.
	Consumers []Consumer
	Clock     clock.Clock
	Log       *slog.Logger
	// Subscriber, if set, answers where a consumer's messages come from, in the
	// place of this process's feed; nil is the feed. A message is what Relay
	// publishes, on Topic. The process that owns the consumer subscribes, and
	// its inbox, retries and order per key are the same as over the feed.
	Subscriber func(Consumer) (message.Subscriber, error)
	// Registerer gets the metrics; nil means none.
	Registerer prometheus.Registerer
	// Retention is how long handled events are kept for new consumers and
	// replays; 0 means 7 days.
	Retention time.Duration

	tune *tuning // tests only
}

// tuning are the times and limits that tests shorten.
type tuning struct {
	poll        time.Duration // without any wake-up
	gather      time.Duration // the longest pause between two reads under load
	flush       time.Duration // between two stores of the cursors
	prune       time.Duration
	nackDelay   time.Duration
	retry       time.Duration // the first in place
	maxAttempts int
	backoff     func(attempts int) time.Duration
}

func defaults() *tuning {
	return &tuning{
		poll: 2 * time.Second, gather: 50 * time.Millisecond, flush: 50 * time.Millisecond, prune: time.Hour, nackDelay: time.Second,
		retry: 100 * time.Millisecond, maxAttempts: 8, backoff: backoff,
	}
}

// Bus hands events to consumers between Start and Stop. Its other methods
// work at any time, also in a process that never starts it.
type Bus struct {
	id        string // of this process on the channel
	db        *sqldb.DB
	order     outboxOrder
	unit      uow.Unit
	outbox    *Outbox
	clock     clock.Clock
	log       *slog.Logger
	retention time.Duration
	tune      *tuning
	metrics   *metrics
	workers   []*worker
	reading   *sqldb.Stmt // of the outbox on SQLite

	asked, answered atomic.Int64 // requests to look at ownership again
	connected       atomic.Bool
	nudged          chan struct{} // the feed has bookkeeping to do
	urgent          chan struct{} // the feed is to read at once, also under load
	progress        signal

	run     atomic.Pointer[context.Context] // from Start to Stop
	mu      sync.Mutex
	stop    context.CancelFunc // nil unless started
	lose    context.CancelCauseFunc
	router  *message.Router
	running sync.WaitGroup
}

// New makes a bus that stands still. It refuses wrong and double consumers.
func New(c Config) (*Bus, error) {
	if c.DB == nil || c.Outbox == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("the bus needs a database, an outbox, a clock and a log")
	}
	if len(c.Consumers) > 0 && c.Unit == nil {
		return nil, errors.New("the bus needs a unit of work for its consumers")
	}
	if len(c.Consumers) > maxConsumers {
		return nil, fmt.Errorf("%d consumers are more than %d", len(c.Consumers), maxConsumers)
	}
	if err := check(c.Consumers); err != nil {
		return nil, err
	}
	b := &Bus{
		id: id.New(), db: c.DB, order: outboxOrder{c.DB.Postgres()}, unit: c.Unit, outbox: c.Outbox, clock: c.Clock,
		log: c.Log, retention: c.Retention, tune: c.tune, nudged: make(chan struct{}, 1), urgent: make(chan struct{}, 1),
		reading: c.DB.Stmt(readingOnSQLite),
	}
	if b.retention <= 0 {
		b.retention = 7 * 24 * time.Hour
	}
	if b.tune == nil {
		b.tune = defaults()
	}
	for _, consumer := range c.Consumers {
		w := newWorker(b, consumer)
		if c.Subscriber != nil && consumer.relay == nil {
			var err error
			if w.from, err = c.Subscriber(consumer); err != nil {
				return nil, fmt.Errorf("finding the subscriber of %s: %w", consumer.Name, err)
			}
		}
		b.workers = append(b.workers, w)
	}
	b.metrics = newMetrics()
	if c.Registerer != nil {
		if err := c.Registerer.Register(collector{b}); err != nil {
			return nil, fmt.Errorf("registering the metrics of the bus: %w", err)
		}
	}
	return b, nil
}

// Start begins to deliver and returns when consumers that run in every process have
// their place. It does not wait for the ownership of the others. The bus runs
// on when ctx ends, until Stop.
func (b *Bus) Start(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		return errors.New("the bus was started before")
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	work, lose := context.WithCancelCause(context.WithoutCancel(ctx))
	b.stop, b.lose = stop, lose
	b.run.Store(&run)
	if b.db.Postgres() {
		b.running.Go(func() { b.notifyOthers(run) })
	}
	if len(b.workers) == 0 {
		return nil
	}
	if err := b.startConsumers(ctx, run, work); err != nil {
		lose(errLost)
		stop()
		return err
	}
	return nil
}

func (b *Bus) startConsumers(ctx, run, work context.Context) error {
	if err := b.startRouter(ctx, work); err != nil {
		return err
	}
	for _, w := range b.workers {
		if w.spec.PerProcess {
			from, err := b.now(ctx)
			if err != nil {
				return err
			}
			w.begin(work, 0, from, from, nil)
		}
	}
	if b.db.Postgres() {
		b.running.Go(func() { b.listen(run) })
	}
	b.running.Go(func() { b.feed(run, work) })
	b.running.Go(func() { b.pruneNowAndThen(run) })
	return nil
}

// Stop lets handlers under way finish until ctx ends, then cancels them,
// stores the cursors and gives up the consumers. A bus cannot start again.
func (b *Bus) Stop(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop == nil {
		return nil
	}
	for _, w := range b.workers {
		w.mu.Lock()
		w.quiet = true
		w.mu.Unlock()
	}
	err := b.await(ctx, func(context.Context) (bool, error) { return b.idle(), nil })
	if err != nil {
		b.log.WarnContext(ctx, "stopping with handlers under way; their events come again", "error", err)
	}
	b.lose(errLost)
	b.stop()
	if b.router != nil {
		if err := b.router.Close(); err != nil {
			b.log.WarnContext(ctx, "closing the router", "error", err)
		}
	}
	b.running.Wait()
	return nil
}

func (b *Bus) idle() bool {
	for _, w := range b.workers {
		w.mu.Lock()
		busy := w.inflight > 0
		w.mu.Unlock()
		if busy {
			return false
		}
	}
	return true
}

// context is that of the running bus; nil while it stands.
func (b *Bus) context() context.Context {
	if run := b.run.Load(); run != nil && (*run).Err() == nil {
		return *run
	}
	return nil
}

// Healthy is nil while the feed can read, and always in a process that only
// publishes.
func (b *Bus) Healthy(context.Context) error {
	if len(b.workers) > 0 && !b.connected.Load() {
		return errors.New("the event feed has no connection to the database")
	}
	return nil
}

type cursorRow struct {
	bun.BaseModel `bun:"table:bus_cursors,alias:c"`

	Consumer string    `bun:"consumer,pk"`
	XID      int64     `bun:"xid"`
	Seq      int64     `bun:"seq"`
	Epoch    int64     `bun:"epoch"`
	SeenAt   time.Time `bun:"seen_at"`
}

func (r cursorRow) at() position { return position{r.XID, r.Seq} }
