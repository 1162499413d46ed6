package web

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ConnLimits bound what the connections of clients take.
type ConnLimits struct {
	// Most is how many connections there are at once, and OfOneAddress how
	// many of them from one network address. One more is closed at once.
	Most, OfOneAddress int
	// WritePause is the longest that a client may read nothing while an answer
	// is being sent.
	WritePause time.Duration
	// Proxies may have as many connections as there are: their clients share
	// them. So may this machine.
	Proxies []netip.Prefix
}

// Limit bounds the connections of a listener. A client that does not read
// holds its connection no longer than the pause, whatever is being sent.
func (l ConnLimits) Limit(inner net.Listener, log *slog.Logger) net.Listener {
	return &limitedListener{Listener: inner, limits: l, log: log, of: map[netip.Addr]int{}}
}

type limitedListener struct {
	net.Listener
	limits ConnLimits
	log    *slog.Logger

	mu    sync.Mutex
	total int
	of    map[netip.Addr]int
	told  time.Time // when a refusal was logged last
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		var client netip.Addr
		if at, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
			client = plainAddr(at.Addr())
		}
		if l.enter(client) {
			return &limitedConn{Conn: conn, pause: l.limits.WritePause, leave: sync.OnceFunc(func() { l.leave(client) })}, nil
		}
		_ = conn.Close()
	}
}

func (l *limitedListener) enter(client netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	shared := client.IsLoopback() || slices.ContainsFunc(l.limits.Proxies, func(p netip.Prefix) bool { return p.Contains(client) })
	if l.total >= l.limits.Most || !shared && l.of[client] >= l.limits.OfOneAddress {
		if now := time.Now(); now.Sub(l.told) > time.Minute {
			l.told = now
			l.log.Warn("refused a connection: there are too many", "client", client.String(), "of_client", l.of[client], "connections", l.total)
		}
		return false
	}
	l.total++
	l.of[client]++
	return true
}

func (l *limitedListener) leave(client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.of[client]--; l.of[client] <= 0 {
		delete(l.of, client)
	}
}

// limitedConn is a connection whose every write has a deadline.
type limitedConn struct {
	net.Conn
	pause time.Duration
	leave func()
	until atomic.Pointer[time.Time] // the deadline that the server set, if any
}

// writePiece is how much has to be read within the pause: a client that is
// slow but reads is not cut off.
const writePiece = 64 << 10

// Write implements net.Conn.
func (c *limitedConn) Write(b []byte) (int, error) {
	written := 0
	for {
		by := time.Now().Add(c.pause)
		if set := c.until.Load(); set != nil && set.Before(by) {
			by = *set
		}
		if err := c.Conn.SetWriteDeadline(by); err != nil {
			return written, err
		}
		piece := b[written:min(len(b), written+writePiece)]
		n, err := c.Conn.Write(piece)
		written += n
		if err != nil || written == len(b) {
			return written, err
		}
	}
}

// SetWriteDeadline implements net.Conn.
func (c *limitedConn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		c.until.Store(nil)
		return nil
	}
	c.until.Store(&t)
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *limitedConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
