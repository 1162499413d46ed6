package web

import (
	"net/netip"
	"sync"
	"time"

	"parley/platform/kernel/apperr"
)

const (
	// maxBody is the size of a JSON or urlencoded body, in bytes.
	maxBody = 1 << 20
	// maxPublicBody is that of an operation that anybody may call.
	maxPublicBody = 16 << 10
	// maxNoBody is that of an operation that takes none: many clients send an
	// empty object all the same.
	maxNoBody = 4 << 10
	// maxElements bounds the values in a JSON body, which take many times the
	// memory of their text.
	maxElements = 50_000

	// maxBodies and maxBodiesOfOne bound the bytes of bodies that are being
	// read at the same time, of all clients and of one network address.
	maxBodies      = 32 << 20
	maxBodiesOfOne = 8 << 20
)

// ErrBusy answers a body that comes while too much of others is being read.
var ErrBusy = apperr.New(apperr.Unavailable, "too_many_bodies", "The server is reading too many requests at once; try again in a moment.").After(time.Second)

// bodyBudget counts the bytes of bodies in memory.
type bodyBudget struct {
	mu    sync.Mutex
	total int64
	of    map[netip.Addr]int64
}

// take answers whether n more bytes of a client may be kept.
func (b *bodyBudget) take(client netip.Addr, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.total+n > maxBodies || b.of[client]+n > maxBodiesOfOne {
		return false
	}
	if b.of == nil {
		b.of = map[netip.Addr]int64{}
	}
	b.total, b.of[client] = b.total+n, b.of[client]+n
	return true
}

// give returns what was taken.
func (b *bodyBudget) give(client netip.Addr, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total -= n
	if b.of[client] -= n; b.of[client] <= 0 {
		delete(b.of, client)
	}
}
