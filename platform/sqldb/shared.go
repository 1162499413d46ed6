package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// sharedDeadline ends a read that several wait for: it has none of theirs.
const sharedDeadline = 30 * time.Second

// errUnanswered is what those get who wait for a read that ends without an answer.
var errUnanswered = errors.New("a shared read ended without an answer")

// GatheredReads lets callers who ask for something alike at the same moment share
// one read, which gets what each of them asks for. Who asks while a read is under
// way is in the next, which begins when that one ends. So every caller gets what
// a read answered that began after they asked: it sees all that was committed
// before.
type GatheredReads[K comparable, A, V any] struct {
	mu sync.Mutex
	of map[K]*gatheredRead[A, V] // those under way, or about to be
}

// gatheredRead is a read that is under way, and what waits behind it.
type gatheredRead[A, V any] struct {
	next *gathered[A, V] // nil while nobody waits
}

// gathered is what some callers wait for.
type gathered[A, V any] struct {
	ctx    context.Context //nolint:containedctx // of the caller who came first, while others wait
	read   func(ctx context.Context, asked []A) ([]V, error)
	asked  []A
	there  chan struct{} // closed when values and err are
	values []V
	err    error
}

// Do answers what read makes of what is asked, one value for each in their order.
// Callers may share what is in the values, so they must not change it. A
// transaction is the caller's own, so read must not run in one.
func (g *GatheredReads[K, A, V]) Do(ctx context.Context, key K, asked A, read func(ctx context.Context, asked []A) ([]V, error)) (V, error) {
	g.mu.Lock()
	if under, busy := g.of[key]; busy {
		if under.next == nil {
			under.next = newGathered(ctx, read)
		}
		r := under.next
		at := len(r.asked)
		r.asked = append(r.asked, asked)
		g.mu.Unlock()
		return r.wait(ctx, at)
	}
	if g.of == nil {
		g.of = map[K]*gatheredRead[A, V]{}
	}
	first := &gatheredRead[A, V]{next: newGathered(ctx, read)}
	first.next.asked = append(first.next.asked, asked)
	g.of[key] = first
	g.mu.Unlock()
	// One commit wakes many who go on to ask the same: let them come.
	runtime.Gosched()
	g.mu.Lock()
	r := first.next
	first.next = nil
	g.mu.Unlock()
	if len(r.asked) > 1 {
		go g.run(key, r)
		return r.wait(ctx, 0)
	}
	defer g.ended(key)
	values, err := read(ctx, r.asked)
	return valueAt(values, 0, err)
}

func newGathered[A, V any](ctx context.Context, read func(ctx context.Context, asked []A) ([]V, error)) *gathered[A, V] {
	return &gathered[A, V]{ctx: ctx, read: read, there: make(chan struct{})}
}

// wait answers what is read for the caller at a place, or the error of one who
// leaves before.
func (r *gathered[A, V]) wait(ctx context.Context, at int) (V, error) {
	select {
	case <-r.there:
		return valueAt(r.values, at, r.err)
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

func valueAt[V any](values []V, at int, err error) (v V, _ error) {
	if err == nil && at >= len(values) {
		err = errUnanswered
	}
	if err != nil {
		return v, err
	}
	return values[at], nil
}

// ended begins the read that waits behind the one that has ended.
func (g *GatheredReads[K, A, V]) ended(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.of[key].next
	if r == nil {
		delete(g.of, key)
		return
	}
	g.of[key].next = nil
	go g.run(key, r)
}

// run reads for those who wait. It goes on when who came first has left.
func (g *GatheredReads[K, A, V]) run(key K, r *gathered[A, V]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), sharedDeadline)
	defer cancel()
	defer g.ended(key)
	defer close(r.there)
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("a shared read panicked: %v", p)
		}
	}()
	r.err = errUnanswered // for a read that ends its goroutine
	r.values, r.err = r.read(ctx, r.asked)
}

// SharedReads are gathered reads of callers who ask the same.
type SharedReads[K comparable, V any] struct {
	reads GatheredReads[K, func(ctx context.Context) (V, error), V]
}

// Do answers read, or what another caller with this key reads from now on.
func (s *SharedReads[K, V]) Do(ctx context.Context, key K, read func(ctx context.Context) (V, error)) (V, error) {
	return s.reads.Do(ctx, key, read, func(ctx context.Context, reads []func(ctx context.Context) (V, error)) ([]V, error) {
		v, err := reads[0](ctx)
		return slices.Repeat([]V{v}, len(reads)), err
	})
}
