package sqldb

import (
	"context"
	"errors"
	"fmt"
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
	of map[K]*sharedRead[V] // those under way
}

// sharedRead is a read that is under way, and what waits behind it.
type sharedRead[V any] struct {
	next *answer[V] // nil while nobody waits
}

type answer[V any] struct {
	ctx   context.Context // of the caller who came first
	read  func(ctx context.Context) (V, error)
	there chan struct{} // closed when value and err are
	value V
	err   error
}

// Do answers read, or what another caller with this key reads from now on.
// Callers share the value, so they must not change it. A transaction is the
// caller's own, so read must not run in one.
func (s *SharedReads[K, V]) Do(ctx context.Context, key K, read func(ctx context.Context) (V, error)) (V, error) {
	s.mu.Lock()
	under, busy := s.of[key]
	if !busy {
		if s.of == nil {
			s.of = map[K]*sharedRead[V]{}
		}
		s.of[key] = &sharedRead[V]{}
		s.mu.Unlock()
		defer s.ended(key)
		return read(ctx)
	}
	if under.next == nil {
		under.next = &answer[V]{ctx: ctx, read: read, there: make(chan struct{})}
	}
	a := under.next
	s.mu.Unlock()
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
	go func() {
		// It goes on when whoever came first has left.
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
	}()
}
