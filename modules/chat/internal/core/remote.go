package core

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// remote wakes those who wait for runs that other processes answer. One look
// at the database serves all of them, however many they are.
type remote struct {
	mu      sync.Mutex
	waiting map[*waiter]struct{}
	idle    chan struct{} // of the goroutine that looks; closed when nobody waits
}

// waiter waits for an event behind a sequence number.
type waiter struct {
	run, after int64
	woken      chan struct{}
}

// wait returns when the run has an event behind after or is gone, or with the
// error of ctx.
func (r *remote) wait(ctx context.Context, s *Service, run, after int64) error {
	w := &waiter{run: run, after: after, woken: make(chan struct{})}
	r.mu.Lock()
	if r.waiting == nil {
		r.waiting = map[*waiter]struct{}{}
	}
	r.waiting[w] = struct{}{}
	if r.idle == nil {
		r.idle = make(chan struct{})
		go r.look(s, r.idle)
	}
	r.mu.Unlock()
	select {
	case <-w.woken:
		return nil
	case <-ctx.Done():
		r.remove(func(other *waiter) bool { return other == w })
		return ctx.Err()
	}
}

// look wakes waiters until there are none.
func (r *remote) look(s *Service, idle <-chan struct{}) {
	tick := time.NewTicker(s.Intervals.Poll)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-idle:
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.base), 10*time.Second)
		last, err := s.Store.Sequences(ctx, r.runs())
		if err != nil { // those who wait find out by themselves
			s.Log.WarnContext(ctx, "looking at the runs of other processes", "error", err)
		}
		cancel()
		r.remove(func(w *waiter) bool {
			sequence, there := last[w.run]
			return !there || sequence > w.after
		})
	}
}

// runs are those that are waited for.
func (r *remote) runs() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[int64]bool{}
	for w := range r.waiting {
		seen[w.run] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// remove wakes the waiters that which says and forgets them.
func (r *remote) remove(which func(*waiter) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.waiting {
		if which(w) {
			close(w.woken)
			delete(r.waiting, w)
		}
	}
	if len(r.waiting) == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}
