// Package bytecache keeps values in memory up to a number of bytes. What was not
// used for long is dropped first.
package bytecache

import (
	"math"

	"github.com/maypok86/otter/v2"
)

// overhead is what the cache itself needs for an entry, in bytes.
const overhead = 128

// Cache maps keys to values. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	entries *otter.Cache[K, V]
}

// New returns an empty cache that holds at most limit bytes. size answers the
// bytes of an entry, which must not change while the cache holds it.
func New[K comparable, V any](limit uint64, size func(K, V) int) *Cache[K, V] {
	return &Cache[K, V]{otter.Must(&otter.Options[K, V]{
		MaximumWeight: max(limit, 1), // 0 would be no bound at all
		Weigher: func(k K, v V) uint32 {
			return uint32(min(max(size(k, v), 0)+overhead, math.MaxUint32)) //nolint:gosec // bounded by the line itself
		},
		Executor: func(run func()) { run() }, // so that the bound holds when Set returns
	})}
}

// Get answers the value of a key, false when the cache does not hold it.
func (c *Cache[K, V]) Get(key K) (V, bool) { return c.entries.GetIfPresent(key) }

// Set puts a value in place of the one before. A value that is larger than the
// whole cache is not kept.
func (c *Cache[K, V]) Set(key K, value V) { c.entries.Set(key, value) }

// Bytes is how much the cache holds.
func (c *Cache[K, V]) Bytes() uint64 {
	c.entries.CleanUp()
	return c.entries.WeightedSize()
}
