package core

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// waiters are those of this process who wait for events of tests. One look at
// the database serves all of them, however many they are; one at what they may
// see goes by what is kept in memory.
type waiters struct {
	mu   sync.Mutex
	all  map[*waiter]struct{}
	idle chan struct{} // of the goroutine that looks; closed when nobody waits
}

// waiter waits for an event behind a sequence number.
type waiter struct {
	test, after int64
	may         func() bool // see the test now
	woken       chan struct{}
}

// enter answers what is closed when the test may have another event, or the
// waiter may not see it any more, and how to leave before.
func (w *waiters) enter(ctx context.Context, s *Service, one *waiter) (woken <-chan struct{}, leave func()) {
	one.woken = make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[*waiter]struct{}{}
	}
	w.all[one] = struct{}{}
	if w.idle == nil {
		w.idle = make(chan struct{})
		go w.look(context.WithoutCancel(ctx), s, w.idle)
	}
	return one.woken, func() { w.leave(one) }
}

// leave forgets one waiter, if nobody has woken it.
func (w *waiters) leave(one *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, one)
	w.rest()
}

// wake wakes those who wait for a test.
func (w *waiters) wake(test int64) { w.remove(func(one *waiter) bool { return one.test == test }) }

// look wakes waiters until there are none.
func (w *waiters) look(ctx context.Context, s *Service, idle <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-idle:
			return
		}
		waiting := w.waiting()
		tests := map[int64]bool{}
		for _, one := range waiting {
			tests[one.test] = true
		}
		looking, cancel := context.WithTimeout(ctx, 10*time.Second)
		last, err := s.Store.LastEvents(looking, slices.Sorted(maps.Keys(tests)))
		cancel()
		if err != nil { // those who wait find out by themselves
			s.Log.WarnContext(ctx, "looking at the tests that are followed", "error", err)
		}
		due := map[*waiter]bool{}
		for _, one := range waiting {
			n, there := last[one.test]
			due[one] = !there || n != one.after || !one.may()
		}
		w.remove(func(one *waiter) bool { return due[one] })
	}
}

func (w *waiters) waiting() []*waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.all))
}

// remove wakes the waiters that which says and forgets them.
func (w *waiters) remove(which func(*waiter) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.all {
		if which(one) {
			close(one.woken)
			delete(w.all, one)
		}
	}
	w.rest()
}

// rest ends the looking when nobody waits. The caller holds mu.
func (w *waiters) rest() {
	if len(w.all) == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}
