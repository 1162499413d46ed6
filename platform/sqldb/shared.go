package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// sharedDeadline ends a read that several wait for: it has none of theirs.
const sharedDeadline = 30 * time.Second

// errUnanswered is what those get who wait for a read that ends without an answer.
var errUnanswered = errors.New("a shared read ended without an answer")

// SharedReads lets callers who ask the same at the same moment share one read.
// Who asks while a read is under way shares the next, which begins when that
// one ends. So every caller gets what a read answered that began after they
// asked: it sees all that was committed before.
type SharedReads[K comparable, V any] struct {
	mu sync.Mutex
	of map[K]*sharedRead[V] // those under way, or about to be
}

// sharedRead is a read that is under way, and what waits behind it.
type sharedRead[V any] struct {
	next *answer[V] // nil while nobody waits
}

type answer[V any] struct {
	ctx    context.Context // of the caller who came first
	read   func(ctx context.Context) (V, error)
	shared bool          // more than one caller waits
	there  chan struct{} // closed when value and err are
	value  V
	err    error
}

// Do answers read, or what another caller with this key reads from now on.
// Callers share the value, so they must not change it. A transaction is the
// caller's own, so read must not run in one.
func (s *SharedReads[K, V]) Do(ctx context.Context, key K, read func(ctx context.Context) (V, error)) (V, error) {
	s.mu.Lock()
	if under, busy := s.of[key]; busy {
		if under.next == nil {
			under.next = newAnswer(ctx, read)
		} else {
			under.next.shared = true
		}
		a := under.next
		s.mu.Unlock()
		return a.wait(ctx)
	}
	if s.of == nil {
		s.of = map[K]*sharedRead[V]{}
	}
	first := &sharedRead[V]{next: newAnswer(ctx, read)}
	s.of[key] = first
	s.mu.Unlock()
	// One commit wakes many who go on to ask the same: let them come.
	runtime.Gosched()
	s.mu.Lock()
	a := first.next
	first.next = nil
	s.mu.Unlock()
	if a.shared {
		go s.run(key, a)
		return a.wait(ctx)
	}
	defer s.ended(key)
	return read(ctx)
}

func newAnswer[V any](ctx context.Context, read func(ctx context.Context) (V, error)) *answer[V] {
	return &answer[V]{ctx: ctx, read: read, there: make(chan struct{})}
}

// wait answers what is read, or the error of a caller who leaves before.
func (a *answer[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-a.there:
		return a.value, a.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// ended begins the read that waits behind the one that has ended.
func (s *SharedReads[K, V]) ended(key K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.of[key].next
	if a == nil {
		delete(s.of, key)
		return
	}
	s.of[key].next = nil
	go s.run(key, a)
}

// run reads for those who wait. It goes on when who came first has left.
func (s *SharedReads[K, V]) run(key K, a *answer[V]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), sharedDeadline)
	defer cancel()
	defer s.ended(key)
	defer close(a.there)
	defer func() {
		if p := recover(); p != nil {
			a.err = fmt.Errorf("a shared read panicked: %v", p)
		}
	}()
	a.err = errUnanswered // for a read that ends its goroutine
	a.value, a.err = a.read(ctx)
}
