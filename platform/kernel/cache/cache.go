// Package cache keeps in memory what is read for nearly every request and
// seldom changes.
//
// A cache never answers what a finished unit of work of this process has
// changed: who changes something says so with Changing within the unit, and
// what is kept is dropped when the unit ends. Changes by other processes come
// as events, whose handlers call Drop. A reading that a change or a drop
// overtakes is answered, but not kept. In any case nothing is kept for longer
// than MaxAge, nor is more than a cache was made for.
package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
)

// MaxAge is the longest that anything is kept: the backstop for an event that
// never came.
const MaxAge = time.Minute

// errGone ends a reading whose reader panicked.
var errGone = errors.New("the reading that others waited for broke off")

// Cache keeps values V by K. Values are shared between all who ask and must
// not be changed.
type Cache[K comparable, V any] struct {
	clock clock.Clock
	size  int
	weigh func(V) int
	load  func(ctx context.Context, key K) (V, error)

	mu      sync.Mutex
	kept    map[K]entry[V]
	weight  int // of all that is kept
	reading map[K]*reading[V]
	// changed counts the open units that change a key, and broad has those
	// that change whatever matches.
	changed map[K]int
	broad   map[*func(K) bool]struct{}
}

type entry[V any] struct {
	value  V
	weight int
	until  time.Time
}

// reading is one call of load, which all wait for who ask meanwhile.
type reading[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// New returns an empty cache of what load reads, at most size of it. Values
// weigh 1, unless weigh tells otherwise.
func New[K comparable, V any](c clock.Clock, size int, weigh func(V) int, load func(ctx context.Context, key K) (V, error)) *Cache[K, V] {
	if weigh == nil {
		weigh = func(V) int { return 1 }
	}
	return &Cache[K, V]{
		clock: c, size: size, weigh: weigh, load: load,
		kept: map[K]entry[V]{}, reading: map[K]*reading[V]{}, changed: map[K]int{}, broad: map[*func(K) bool]struct{}{},
	}
}

// Get answers the value of key as it is kept, or reads it. Those who miss at
// the same time share one reading, unless a unit of theirs is open: waiting
// for another reader, who may wait for their connection, could last for ever.
// Errors are not kept.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	now := c.clock.Now()
	c.mu.Lock()
	if e, ok := c.kept[key]; ok && now.Before(e.until) {
		c.mu.Unlock()
		return e.value, nil
	}
	if uow.Inside(ctx) || c.changing(key) {
		c.mu.Unlock()
		return c.load(ctx, key)
	}
	r := c.reading[key]
	if r == nil {
		r = &reading[V]{done: make(chan struct{}), err: errGone}
		c.reading[key] = r
		c.mu.Unlock()
		c.read(ctx, key, r, now.Add(MaxAge))
		return r.value, r.err
	}
	c.mu.Unlock()
	select {
	case <-r.done:
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	if errors.Is(r.err, context.Canceled) || errors.Is(r.err, context.DeadlineExceeded) || errors.Is(r.err, errGone) {
		return c.load(ctx, key) // the others' reader has given up
	}
	return r.value, r.err
}

// read calls load and keeps what it answers, unless it was dropped meanwhile.
func (c *Cache[K, V]) read(ctx context.Context, key K, r *reading[V], until time.Time) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.reading[key] == r {
			delete(c.reading, key)
			if r.err == nil {
				c.keep(key, entry[V]{r.value, c.weigh(r.value), until})
			}
		}
		close(r.done)
	}()
	r.value, r.err = c.load(ctx, key)
}

func (c *Cache[K, V]) keep(key K, e entry[V]) {
	c.remove(key)
	if e.weight > c.size {
		return
	}
	for other := range c.kept { // any: the order of a map is as good as random
		if c.weight+e.weight <= c.size {
			break
		}
		c.remove(other)
	}
	c.kept[key] = e
	c.weight += e.weight
}

func (c *Cache[K, V]) remove(key K) {
	c.weight -= c.kept[key].weight
	delete(c.kept, key)
}

// Drop forgets keys, so that the next Get reads what is stored.
func (c *Cache[K, V]) Drop(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(keys)
}

func (c *Cache[K, V]) drop(keys []K) {
	for _, k := range keys {
		c.remove(k)
		delete(c.reading, k)
	}
}

// DropFunc forgets the keys that match. It looks at all that is kept.
func (c *Cache[K, V]) DropFunc(match func(K) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropFunc(match)
}

func (c *Cache[K, V]) dropFunc(match func(K) bool) {
	for k := range c.kept {
		if match(k) {
			c.remove(k)
		}
	}
	for k := range c.reading {
		if match(k) {
			delete(c.reading, k)
		}
	}
}

// Changing tells that the unit of ctx changes the keys: they are forgotten,
// and nothing is kept of them until it has ended. Call it within the unit.
func (c *Cache[K, V]) Changing(ctx context.Context, keys ...K) {
	c.mu.Lock()
	c.drop(keys)
	for _, k := range keys {
		c.changed[k]++
	}
	c.mu.Unlock()
	uow.AtEnd(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(keys)
		for _, k := range keys {
			if c.changed[k]--; c.changed[k] <= 0 {
				delete(c.changed, k)
			}
		}
	})
}

// ChangingFunc is Changing for all keys that match.
func (c *Cache[K, V]) ChangingFunc(ctx context.Context, match func(K) bool) {
	c.mu.Lock()
	c.dropFunc(match)
	c.broad[&match] = struct{}{}
	c.mu.Unlock()
	uow.AtEnd(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.dropFunc(match)
		delete(c.broad, &match)
	})
}

// changing reports whether an open unit changes the key.
func (c *Cache[K, V]) changing(key K) bool {
	if c.changed[key] > 0 {
		return true
	}
	for match := range c.broad {
		if (*match)(key) {
			return true
		}
	}
	return false
}

// Len answers how many entries are kept.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.kept)
}
