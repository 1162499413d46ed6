package sqlstore

import (
	"container/list"
	"context"
	"sync"

	"parley/modules/analytics/internal/core/segment"
)

// cacheBytes bounds the faces that a process keeps in memory.
const cacheBytes = 128 << 20

// faceKey names a face of a segment.
type faceKey struct {
	org  int64
	face segment.Face
	segment.Ref
}

// faceCost is what an entry takes beside its bytes, about.
const faceCost = 200

// cache keeps faces as questions read them, and that nothing is stored. For each
// organization it is as of a version of its segments.
type cache struct {
	mu       sync.Mutex
	versions map[int64]int64
	of       map[int64]int // how many entries an organization has
	entries  map[faceKey]*list.Element
	order    *list.List // of *entry, the one used last in front
	bytes    int
	limit    int
	loads    map[int64]chan struct{} // has room while nobody loads faces of an organization
}

// made is a face as questions read it, and how many bytes it takes.
type made struct {
	made any
	size int
}

type entry struct {
	key faceKey
	made
}

func newCache(limit int) *cache {
	return &cache{
		versions: map[int64]int64{},
		of:       map[int64]int{},
		entries:  map[faceKey]*list.Element{},
		order:    list.New(),
		limit:    limit,
		loads:    map[int64]chan struct{}{},
	}
}

// version is up to which change of an organization's segments the cache is. A
// cache without any of them is as of whatever version is asked for.
func (c *cache) version(org, wanted int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[org] == 0 && c.versions[org] < wanted {
		c.versions[org] = wanted
	}
	return c.versions[org]
}

// changed notes which segments were changed until a version.
func (c *cache) changed(org, version int64, changed []faceKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version <= c.versions[org] {
		return
	}
	for _, k := range changed {
		for _, f := range k.face.Made() {
			if e := c.entries[faceKey{k.org, f, k.Ref}]; e != nil {
				c.remove(e)
			}
		}
	}
	c.versions[org] = version
}

// get puts the faces that are there at the places of their keys, and answers the
// places of the others, or errMoved.
func (c *cache) get(org, version int64, keys []faceKey, found []any) (missing []int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions[org] != version {
		return nil, errMoved
	}
	for i, k := range keys {
		e := c.entries[k]
		if e == nil {
			missing = append(missing, i)
			continue
		}
		c.order.MoveToFront(e)
		found[i] = e.Value.(*entry).made.made //nolint:forcetypeassert // nothing else is in it
	}
	return missing, nil
}

// put keeps faces as they were at a version; not if others have seen a later one.
func (c *cache) put(org, version int64, faces map[faceKey]made) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions[org] != version {
		return
	}
	for k, face := range faces {
		if c.entries[k] != nil || face.size > c.limit/4 {
			continue
		}
		c.entries[k] = c.order.PushFront(&entry{k, face})
		c.bytes += face.size + faceCost
		c.of[org]++
	}
	for c.bytes > c.limit {
		c.remove(c.order.Back())
	}
}

// forget drops all of an organization.
func (c *cache) forget(org int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.entries {
		if k.org == org {
			c.remove(e)
		}
	}
}

func (c *cache) remove(e *list.Element) {
	old := c.order.Remove(e).(*entry) //nolint:forcetypeassert // nothing else is in it
	delete(c.entries, old.key)
	if c.of[old.key.org]--; c.of[old.key.org] == 0 {
		delete(c.of, old.key.org)
	}
	c.bytes -= old.size + faceCost
}

// load waits until nobody else loads faces of an organization, and keeps others
// from it until done. It answers the error of ctx when that ends before.
func (c *cache) load(ctx context.Context, org int64) (done func(), err error) {
	c.mu.Lock()
	turn := c.loads[org]
	if turn == nil {
		turn = make(chan struct{}, 1)
		c.loads[org] = turn
	}
	c.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
