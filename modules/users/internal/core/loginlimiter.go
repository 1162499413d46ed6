package core

import (
	"net/netip"
	"sync"
	"time"

	"parley/platform/kernel/clock"
)

// The limits of guessing passwords. Each process counts for itself: behind a
// load balancer with n processes an attacker has at most n times as many
// guesses.
const (
	// wrongInARow wrong passwords for one address from one network lock the
	// address for that network.
	wrongInARow = 10
	lockLife    = 15 * time.Minute
	// After so many guesses at an address, from all networks together, each
	// network has one guess a minute: slow, but the owner is never locked out.
	addressGuesses = 50
	addressEases   = 30 * time.Second // one guess is forgotten
	slowLife       = time.Minute
	// A network that guesses at many addresses is slowed to one in three seconds.
	networkGuesses = 300
	networkEases   = 3 * time.Second
	// maxTallies bounds each of the three maps.
	maxTallies = 50_000
)

// Attempt is where a sign-in comes from.
type Attempt struct {
	From    netip.Addr
	Request string // id, for the audit log
}

// network is the part of an address that one subscriber can't choose at will.
// In IPv6 that is what a provider routes to a site, which may be a /48: by /64,
// a single link of it, one subscriber would be 65,536 networks. That a few
// subscribers with less may share one is the lesser harm.
func (a Attempt) network() netip.Prefix {
	from := a.From.Unmap()
	bits := 48
	if from.Is4() {
		bits = 24
	}
	p, err := from.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an address that is not known: one network of them all
	}
	return p
}

// loginLimiter counts wrong passwords. It does not know which accounts exist,
// so its answers don't reveal that.
type loginLimiter struct {
	clock     clock.Clock
	mu        sync.Mutex
	pairs     map[pair]*row
	addresses map[string]*bucket
	networks  map[netip.Prefix]*bucket
}

type pair struct {
	address string
	network netip.Prefix
}

// row is how many were wrong in a row.
type row struct {
	wrong  int
	last   time.Time
	locked time.Time // until then
}

// bucket is how many were wrong lately; it leaks.
type bucket struct {
	level float64
	at    time.Time
}

func newLoginLimiter(c clock.Clock) *loginLimiter {
	return &loginLimiter{clock: c, pairs: map[pair]*row{}, addresses: map[string]*bucket{}, networks: map[netip.Prefix]*bucket{}}
}

// guess is one attempt that was let through and counts as wrong until told
// otherwise, so that a hundred at once count like a hundred in a row.
type guess struct {
	limiter *loginLimiter
	pair    pair
	address *bucket
	network *bucket
}

// begin lets an attempt through, or answers ErrTooMany with how long to wait.
func (l *loginLimiter) begin(address string, a Attempt) (*guess, error) {
	now := l.clock.Now()
	p := pair{address, a.network()}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := room(l.pairs, p, func(r *row) bool { return now.Sub(r.last) >= lockLife && !now.Before(r.locked) })
	if now.Sub(r.last) >= lockLife {
		*r = row{}
	}
	if now.Before(r.locked) {
		return nil, ErrTooMany.After(r.locked.Sub(now))
	}
	of := room(l.addresses, address, func(b *bucket) bool { return b.now(now, addressEases) == 0 })
	from := room(l.networks, p.network, func(b *bucket) bool { return b.now(now, networkEases) == 0 })
	if from.now(now, networkEases)+1 > networkGuesses {
		return nil, ErrTooMany.After(networkEases)
	}
	from.add(now, networkEases, 1)
	of.add(now, addressEases, 1)
	r.wrong++
	r.last = now
	switch {
	case r.wrong >= wrongInARow:
		r.locked = now.Add(lockLife)
	case of.level > addressGuesses:
		r.locked = now.Add(slowLife)
	}
	return &guess{limiter: l, pair: p, address: of, network: from}, nil
}

// right ends the row.
func (g *guess) right() {
	g.limiter.mu.Lock()
	defer g.limiter.mu.Unlock()
	delete(g.limiter.pairs, g.pair)
	g.uncount()
}

// clear forgets what was wrong for the address from there: its owner has just
// proved who they are in another way.
func (l *loginLimiter) clear(address string, a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pairs, pair{address, a.network()})
}

// void takes back a guess that was never checked.
func (g *guess) void() {
	g.limiter.mu.Lock()
	defer g.limiter.mu.Unlock()
	if r := g.limiter.pairs[g.pair]; r != nil && r.wrong > 0 {
		r.wrong--
		r.locked = time.Time{}
	}
	g.uncount()
}

func (g *guess) uncount() {
	now := g.limiter.clock.Now()
	g.address.add(now, addressEases, -1)
	g.network.add(now, networkEases, -1)
}

func (b *bucket) now(now time.Time, eases time.Duration) float64 {
	return max(0, b.level-float64(now.Sub(b.at))/float64(eases))
}

func (b *bucket) add(now time.Time, eases time.Duration, n float64) {
	b.level, b.at = max(0, b.now(now, eases)+n), now
}

// room finds or makes the entry. When the map is full, what is over goes
// first, and else any one.
func room[K comparable, V any](m map[K]*V, k K, over func(*V) bool) *V {
	if v := m[k]; v != nil {
		return v
	}
	if len(m) >= maxTallies {
		for other, v := range m {
			if over(v) {
				delete(m, other)
			}
		}
		for other := range m {
			if len(m) < maxTallies {
				break
			}
			delete(m, other)
		}
	}
	v := new(V)
	m[k] = v
	return v
}
