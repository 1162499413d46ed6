package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// The sizes of a job, in bytes.
const (
	maxName    = 200
	maxPayload = 64 << 10
	maxError   = 2_000
)

// maxAtOnce bounds the jobs and keys of one call.
const maxAtOnce = 1_000

// Queue implements work.Queue over a store, and is what operators use. A
// process has one, and at most one Runner on it.
type Queue struct {
	store   Store
	signals Signals // nil without other processes
	clock   clock.Clock
	woken   chan struct{}
	// cancelled is whether the runner is to look for cancelled jobs.
	cancelled atomic.Bool
}

var _ work.Queue = (*Queue)(nil)

// NewQueue returns the queue in store. signals may be nil.
func NewQueue(store Store, signals Signals, c clock.Clock) *Queue {
	return &Queue{store: store, signals: signals, clock: c, woken: make(chan struct{}, 1)}
}

// Put implements work.Queue.
func (q *Queue) Put(ctx context.Context, jobs ...work.Job) error {
	if len(jobs) > maxAtOnce {
		return fmt.Errorf("%d jobs at once are more than %d", len(jobs), maxAtOnce)
	}
	if len(jobs) == 0 {
		return nil
	}
	now := q.clock.Now()
	added := slices.Clone(jobs)
	for i := range added {
		j := &added[i]
		switch {
		case j.Kind == "" || len(j.Kind) > maxName || len(j.Key) > maxName:
			return fmt.Errorf("the job %q of kind %q has no kind, or a kind or key of more than %d bytes", j.Key, j.Kind, maxName)
		case len(j.Payload) > maxPayload:
			return fmt.Errorf("the payload of a job of kind %s has %d bytes, more than %d", j.Kind, len(j.Payload), maxPayload)
		}
		if j.DueAt = clock.Stored(j.DueAt); j.DueAt.Before(now) {
			j.DueAt = now
		}
	}
	if err := q.store.Add(ctx, added, now); err != nil {
		return fmt.Errorf("putting %d jobs of kind %s: %w", len(added), added[0].Kind, err)
	}
	uow.AfterCommit(ctx, func() { q.wake(false) })
	return nil
}

// Cancel implements work.Queue.
func (q *Queue) Cancel(ctx context.Context, kind string, keys ...string) error {
	if len(keys) > maxAtOnce {
		return fmt.Errorf("%d keys at once are more than %d", len(keys), maxAtOnce)
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == "" })
	if len(keys) == 0 {
		return nil
	}
	running, err := q.store.Cancel(ctx, kind, keys, q.clock.Now())
	if err != nil {
		return fmt.Errorf("cancelling jobs of kind %s: %w", kind, err)
	}
	if running {
		uow.AfterCommit(ctx, func() { q.wake(true) })
	}
	return nil
}

// wake makes the runners look: here at once, elsewhere soon.
func (q *Queue) wake(cancelled bool) {
	q.wakeHere(cancelled)
	if q.signals != nil {
		q.signals.Send(cancelled)
	}
}

func (q *Queue) wakeHere(cancelled bool) {
	if cancelled {
		q.cancelled.Store(true)
	}
	poke(q.woken)
}

// Dead lists up to limit (at most 1,000) dead jobs, the latest first.
func (q *Queue) Dead(ctx context.Context, limit int) ([]Stored, error) {
	dead, err := q.store.DeadJobs(ctx, min(max(limit, 1), maxAtOnce))
	if err != nil {
		return nil, fmt.Errorf("listing dead jobs: %w", err)
	}
	return dead, nil
}

// ErrNotDead answers Retry for an id that no dead job has.
var ErrNotDead = errors.New("not all of these are dead jobs; none is retried")

// Retry makes dead jobs ready in the unit of ctx, with all their attempts
// before them. It is all or nothing only within a unit: an id that no dead job
// has is ErrNotDead.
func (q *Queue) Retry(ctx context.Context, ids ...int64) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 || len(ids) > maxAtOnce {
		return fmt.Errorf("name between 1 and %d jobs to retry, not %d", maxAtOnce, len(ids))
	}
	n, err := q.store.Retry(ctx, ids, q.clock.Now())
	if err != nil {
		return fmt.Errorf("retrying dead jobs: %w", err)
	}
	if n != int64(len(ids)) {
		return ErrNotDead
	}
	uow.AfterCommit(ctx, func() { q.wake(false) })
	return nil
}

// sentence is an error as a job keeps it: text that every database takes, and
// not too long.
func sentence(err error) string {
	s := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "\ufffd")
	if len(s) <= maxError {
		return s
	}
	cut := maxError
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// poke makes a signal pending on a channel of capacity one.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
