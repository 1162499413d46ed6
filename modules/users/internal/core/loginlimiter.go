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
	// A host that guesses at many addresses is slowed to one in three seconds,
	// and so is, a little later, the network of many such hosts.
	hostGuesses    = 300
	hostEases      = 3 * time.Second
	networkGuesses = 1200
	networkEases   = 3 * time.Second
	// knownLife is how long an address that signed in from a host counts there
	// for itself: what others guess in its network does not slow it.
	knownLife = 30 * 24 * time.Hour
)

// Attempt is where a sign-in comes from.
type Attempt struct {
	From    netip.Addr
	Request string // id, for the audit log
}

// host is one machine, or one link of IPv6, on which addresses are chosen at will.
func (a Attempt) host() netip.Prefix { return a.prefix(32, 64) }

// network is the part of an address that one subscriber can't choose at will.
// In IPv6 that is what a provider routes to a site, which may be a /48: by /64,
// a single link of it, one subscriber would be 65,536 networks. That a few
// subscribers with less may share one is the lesser harm.
func (a Attempt) network() netip.Prefix { return a.prefix(24, 48) }

func (a Attempt) prefix(bits4, bits6 int) netip.Prefix {
	from := a.From.Unmap()
	bits := bits6
	if from.Is4() {
		bits = bits4
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
	pairs     *tallies[pair, row]
	addresses *tallies[string, bucket]
	hosts     *tallies[netip.Prefix, bucket]
	networks  *tallies[netip.Prefix, bucket]
	known     *tallies[pair, time.Time] // until when
}

// pair is an address and where somebody signs in to it: a network, or a host
// that is known.
type pair struct {
	address string
	at      netip.Prefix
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
	return &loginLimiter{
		clock: c, pairs: newTallies[pair, row](), addresses: newTallies[string, bucket](), hosts: newTallies[netip.Prefix, bucket](),
		networks: newTallies[netip.Prefix, bucket](), known: newTallies[pair, time.Time](),
	}
}

// guess is one attempt that was let through and counts as wrong until told
// otherwise, so that a hundred at once count like a hundred in a row.
type guess struct {
	limiter *loginLimiter
	pair    pair
	host    pair
	address *bucket
	// Of a known host nothing is counted for those around it.
	at, network *bucket
}

// begin lets an attempt through, or answers ErrTooMany with how long to wait.
func (l *loginLimiter) begin(address string, a Attempt) (*guess, error) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	host := pair{address, a.host()}
	p := pair{address, a.network()}
	known := l.knows(host, now)
	if known {
		p = host
	}
	r := l.pairs.at(p, func(r *row) bool { return now.Sub(r.last) >= lockLife && !now.Before(r.locked) })
	if now.Sub(r.last) >= lockLife {
		*r = row{}
	}
	if now.Before(r.locked) {
		return nil, ErrTooMany.After(r.locked.Sub(now))
	}
	g := &guess{limiter: l, pair: p, host: host}
	if !known {
		g.at = l.hosts.at(host.at, func(b *bucket) bool { return b.now(now, hostEases) == 0 })
		g.network = l.networks.at(p.at, func(b *bucket) bool { return b.now(now, networkEases) == 0 })
		if g.at.now(now, hostEases)+1 > hostGuesses || g.network.now(now, networkEases)+1 > networkGuesses {
			return nil, ErrTooMany.After(networkEases)
		}
		g.at.add(now, hostEases, 1)
		g.network.add(now, networkEases, 1)
	}
	g.address = l.addresses.at(address, func(b *bucket) bool { return b.now(now, addressEases) == 0 })
	g.address.add(now, addressEases, 1)
	r.wrong++
	r.last = now
	switch {
	case r.wrong >= wrongInARow:
		r.locked = now.Add(lockLife)
	case !known && g.address.level > addressGuesses:
		r.locked = now.Add(slowLife)
	}
	return g, nil
}

// knows reports whether the address signed in from the host lately.
func (l *loginLimiter) knows(host pair, now time.Time) bool {
	until := l.known.find(host)
	return until != nil && now.Before(*until)
}

// saw notes that the address is signed in at a host.
func (l *loginLimiter) saw(address string, a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(pair{address, a.host()})
}

func (l *loginLimiter) note(host pair) {
	now := l.clock.Now()
	if host.address != "" && host.at.IsValid() {
		*l.known.at(host, func(until *time.Time) bool { return !now.Before(*until) }) = now.Add(knownLife)
	}
}

// right ends the row, and makes the host known.
func (g *guess) right() {
	g.limiter.mu.Lock()
	defer g.limiter.mu.Unlock()
	g.limiter.pairs.drop(g.pair)
	g.limiter.note(g.host)
	g.uncount()
}

// clear forgets what was wrong for the address from there: its owner has just
// proved who they are in another way.
func (l *loginLimiter) clear(address string, a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pairs.drop(pair{address, a.network()})
}

// void takes back a guess that was never checked.
func (g *guess) void() {
	g.limiter.mu.Lock()
	defer g.limiter.mu.Unlock()
	if r := g.limiter.pairs.find(g.pair); r != nil && r.wrong > 0 {
		r.wrong--
		r.locked = time.Time{}
	}
	g.uncount()
}

func (g *guess) uncount() {
	now := g.limiter.clock.Now()
	g.address.add(now, addressEases, -1)
	if g.at != nil {
		g.at.add(now, hostEases, -1)
		g.network.add(now, networkEases, -1)
	}
}

func (b *bucket) now(now time.Time, eases time.Duration) float64 {
	return max(0, b.level-float64(now.Sub(b.at))/float64(eases))
}

func (b *bucket) add(now time.Time, eases time.Duration, n float64) {
	b.level, b.at = max(0, b.now(now, eases)+n), now
}
