package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/work"
)

// Config is what a Runner is made of.
type Config struct {
	Queue *Queue
	// Kinds may be empty: the process then only puts jobs.
	Kinds []work.Kind
	// Owner names this process among those that share the store.
	Owner string
	// Peers tells dead processes from living ones; nil leaves that to leases.
	Peers Peers
	Log   *slog.Logger
	// Registerer gets the metrics; nil means none.
	Registerer prometheus.Registerer

	tune *tuning // tests only
}

// tuning are the times that tests shorten.
type tuning struct {
	poll    time.Duration // without any wake-up
	reap    time.Duration // between two looks at presence and leases
	revive  time.Duration // between two looks at dead jobs
	lease   time.Duration
	grace   time.Duration // that a stop leaves to handlers
	backoff func(attempts int) time.Duration
}

func defaults() *tuning {
	return &tuning{poll: 2 * time.Second, reap: time.Second, revive: time.Minute, lease: time.Minute, grace: 10 * time.Second, backoff: backoff}
}

// maxKinds bounds the kinds of an installation.
const maxKinds = 100

// backoff is the pause after a number of attempts: about 5 s, 20 s, 80 s … up
// to an hour, half as long or half as long again, so that jobs that failed
// together don't come back together.
func backoff(attempts int) time.Duration {
	pause := 5 * time.Second
	for range min(attempts-1, 10) {
		pause = min(4*pause, time.Hour)
	}
	return time.Duration((0.5 + rand.Float64()) * float64(pause))
}

// Runner does the jobs of its kinds between Start and Stop.
type Runner struct {
	queue   *Queue
	store   Store
	kinds   []work.Kind
	names   []string
	owner   string
	peers   Peers
	clock   clock.Clock
	log     *slog.Logger
	tune    *tuning
	metrics *metrics
	freed   chan struct{} // a place became free

	mu        sync.Mutex
	running   map[Fence]*claim
	exclusive bool // the job that runs must run alone
	draining  bool // a job that must run alone waits for the others to end
	stopping  bool

	life sync.Mutex         // guards what follows
	stop context.CancelFunc // nil unless started
	busy sync.WaitGroup     // loops
	jobs sync.WaitGroup
}

// NewRunner makes a runner that stands still. It refuses wrong and double
// kinds.
func NewRunner(c Config) (*Runner, error) {
	if c.Queue == nil || c.Log == nil || c.Owner == "" {
		return nil, errors.New("the runner needs a queue, a log and an owner")
	}
	if len(c.Kinds) > maxKinds {
		return nil, fmt.Errorf("%d kinds of work are more than %d", len(c.Kinds), maxKinds)
	}
	r := &Runner{
		queue: c.Queue, store: c.Queue.store, kinds: c.Kinds, owner: c.Owner, peers: c.Peers, clock: c.Queue.clock, log: c.Log,
		tune: c.tune, metrics: newMetrics(), freed: make(chan struct{}, 1), running: map[Fence]*claim{},
	}
	if r.tune == nil {
		r.tune = defaults()
	}
	seen := map[string]bool{}
	for _, k := range c.Kinds {
		if k.Name == "" || seen[k.Name] || k.Work == nil || k.Concurrency < 1 || k.MaxAttempts < 1 || k.Timeout <= 0 {
			return nil, fmt.Errorf("the kind of work %q is there twice, or lacks its name, handler, concurrency, attempts or timeout", k.Name)
		}
		seen[k.Name] = true
		r.names = append(r.names, k.Name)
	}
	if c.Registerer != nil {
		if err := c.Registerer.Register(collector{r}); err != nil {
			return nil, fmt.Errorf("registering the metrics of work: %w", err)
		}
	}
	return r, nil
}

// Start begins to work and returns at once. The runner works on when ctx
// ends, until Stop.
func (r *Runner) Start(ctx context.Context) error {
	r.life.Lock()
	defer r.life.Unlock()
	if r.stop != nil {
		return errors.New("the runner was started before")
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.metrics.run.Store(&run)
	if signals := r.queue.signals; signals != nil {
		var heard func(cancelled bool)
		if len(r.kinds) > 0 {
			heard = r.queue.wakeHere
		}
		r.busy.Go(func() { signals.Run(run, heard) })
	}
	if len(r.kinds) > 0 {
		r.busy.Go(func() { r.claimJobs(run) })
		r.busy.Go(func() { r.supervise(run) })
	}
	return nil
}

// Stop claims no more, tells the handlers to let go, and gives back what they
// have not finished when they are done, or at the latest when ctx or ten
// seconds end. A runner can't start again.
func (r *Runner) Stop(ctx context.Context) error {
	r.life.Lock()
	defer r.life.Unlock()
	if r.stop == nil {
		return nil
	}
	r.mu.Lock()
	r.stopping = true
	for _, c := range r.running {
		c.cancel(work.ErrStopped)
	}
	r.mu.Unlock()
	r.stop()
	r.busy.Wait()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.jobs.Wait()
	}()
	wait, cancel := context.WithTimeout(ctx, r.tune.grace)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-wait.Done():
	}
	// These handlers don't listen. Whatever they still write is refused.
	var left []Fence
	r.mu.Lock()
	for f, c := range r.running {
		left = append(left, f)
		r.log.WarnContext(ctx, "a job does not stop and is given back", "kind", c.stored.Kind, "job", c.stored.ID)
	}
	r.mu.Unlock()
	give, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleDeadline)
	defer cancel()
	if err := r.store.Return(give, left, r.clock.Now()); err != nil {
		return fmt.Errorf("giving jobs back: %w", err)
	}
	return nil
}

// claimJobs fills free places until ctx ends.
func (r *Runner) claimJobs(ctx context.Context) {
	poll := time.NewTicker(r.tune.poll)
	defer poll.Stop()
	for {
		if err := r.look(ctx); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "claiming jobs", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.queue.woken:
			r.lookForCancelled(ctx)
		case <-r.freed:
		case <-poll.C:
		}
	}
}

// look claims as many jobs as there are places. When nothing is due it is one
// statement, whatever the number of kinds.
func (r *Runner) look(ctx context.Context) error {
	if waits, err := r.lookAlone(ctx); waits || err != nil {
		return err
	}
	var names []string
	for _, k := range r.kinds {
		if r.free(k) > 0 {
			names = append(names, k.Name)
		}
	}
	due, err := r.store.Due(ctx, names, r.clock.Now())
	if err != nil {
		return err
	}
	if r.noteAlone(due) {
		if waits, err := r.lookAlone(ctx); waits || err != nil {
			return err
		}
	}
	for _, k := range r.kinds {
		n := r.free(k)
		if n == 0 || !due[k.Name].Jobs || ctx.Err() != nil {
			continue
		}
		claimed, err := r.claim(ctx, k, n, false)
		if err != nil {
			return err
		}
		for _, s := range claimed {
			r.start(ctx, k, s, false)
		}
	}
	return nil
}

// noteAlone lets jobs that must run alone have their turn, if some are due.
func (r *Runner) noteAlone(due map[string]Due) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range due {
		r.draining = r.draining || d.Alone
	}
	return r.draining
}

// lookAlone claims a job that must run alone once nothing else runs, and
// reports whether the others have to wait for it.
func (r *Runner) lookAlone(ctx context.Context) (waits bool, err error) {
	r.mu.Lock()
	draining, busy := r.draining, len(r.running) > 0
	waits = r.exclusive
	r.mu.Unlock()
	if waits || !draining || busy {
		return waits || draining, nil
	}
	for _, k := range r.kinds {
		claimed, err := r.claim(ctx, k, 1, true)
		if err != nil {
			return true, err
		}
		for _, s := range claimed {
			r.start(ctx, k, s, true)
			return true, nil
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = false
	return false, nil
}

func (r *Runner) claim(ctx context.Context, k work.Kind, n int, alone bool) ([]Stored, error) {
	// Once begun it goes on when the runner stops: what it claims is given back.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleDeadline)
	defer cancel()
	now := r.clock.Now()
	return r.store.Claim(ctx, ClaimRequest{Kind: k.Name, Limit: min(n, MaxClaim), Alone: alone, Owner: r.owner, Now: now, Until: now.Add(r.tune.lease)})
}

// free is how many more jobs of a kind may run.
func (r *Runner) free(k work.Kind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := k.Concurrency
	for _, c := range r.running {
		if c.kind.Name == k.Name {
			n--
		}
	}
	return max(n, 0)
}

// start works on a claimed job in a goroutine of its own.
func (r *Runner) start(ctx context.Context, k work.Kind, s Stored, alone bool) {
	ctx, c := r.begin(context.WithoutCancel(ctx), k, s, alone)
	r.jobs.Go(func() {
		r.execute(ctx, c)
		r.end(c)
		poke(r.freed)
	})
}

// begin notes a claim as running here. The context that it answers ends with it.
func (r *Runner) begin(ctx context.Context, k work.Kind, s Stored, alone bool) (context.Context, *claim) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := &claim{r: r, kind: k, stored: s, cancel: cancel}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[s.Fence()] = c
	if alone {
		r.exclusive = true
	}
	if r.stopping {
		c.cancel(work.ErrStopped)
	}
	return ctx, c
}

func (r *Runner) end(c *claim) {
	c.cancel(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, c.stored.Fence())
	r.exclusive = r.exclusive && len(r.running) > 0
}

// Drain does every job that is due, one at a time in the caller's goroutine,
// and answers how many it did. It is for tests and for a runner that was not
// started.
func (r *Runner) Drain(ctx context.Context) (n int, err error) {
	for ctx.Err() == nil {
		found := false
		for _, alone := range []bool{true, false} {
			for _, k := range r.kinds {
				claimed, err := r.claim(ctx, k, 1, alone)
				if err != nil {
					return n, err
				}
				for _, s := range claimed {
					job, c := r.begin(ctx, k, s, alone)
					r.execute(job, c)
					r.end(c)
					found = true
					n++
				}
			}
		}
		if !found {
			break
		}
	}
	return n, ctx.Err()
}
