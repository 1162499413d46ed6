package core

import (
	"context"
	"sync"
	"time"
)

// readers are those of this process who wait for events of runs that they read
// through a grant. They are few, so that each change of a right rouses all.
type readers struct {
	mu      sync.Mutex
	waiting map[*context.CancelFunc]struct{}
	rouses  int64 // how often they were roused
}

// enter answers a context that ends when the readers are roused and when a grant
// that lasts so long expires, how often they were roused before, and how to leave
// before.
func (r *readers) enter(ctx context.Context, lasts time.Duration) (turn context.Context, rouses int64, leave func()) {
	turn, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	rouses = r.rouses
	if r.waiting == nil {
		r.waiting = map[*context.CancelFunc]struct{}{}
	}
	r.waiting[&cancel] = struct{}{}
	r.mu.Unlock()
	expiry := func() bool { return false }
	if lasts > 0 { // one that has expired is not waited with
		// A moment later: the clock that it goes by is another one.
		expiry = time.AfterFunc(lasts+time.Millisecond, cancel).Stop
	}
	return turn, rouses, func() {
		expiry()
		r.mu.Lock()
		delete(r.waiting, &cancel)
		r.mu.Unlock()
		cancel()
	}
}

// rouse makes all look again at what they may read.
func (r *readers) rouse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rouses++
	for cancel := range r.waiting {
		(*cancel)()
	}
}

// GrantsChanged tells that a grant ended, here or in another process.
func (s *Service) GrantsChanged() { s.readers.rouse() }
