package web

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

type addressKey struct{}

// ClientAddress is where the request of ctx comes from; invalid when that is
// not known.
func ClientAddress(ctx context.Context) netip.Addr {
	a, _ := ctx.Value(addressKey{}).(netip.Addr)
	return a
}

// clientAddress is the peer of the connection. When that is a proxy that is
// trusted, it is the last address in X-Forwarded-For that is not one: what
// stands before it was written by the client and may be anything.
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := plainAddr(peer.Addr())
	is := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	if !is(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, ok := hopAddr(strings.TrimSpace(hop))
		if !ok {
			break
		}
		if at = plainAddr(a); !is(at) {
			break
		}
	}
	return at
}

// hopAddr reads an entry of X-Forwarded-For, to which some gateways add a port.
func hopAddr(hop string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return a, true
	}
	p, err := netip.ParseAddrPort(hop)
	return p.Addr(), err == nil
}

// plainAddr is an address without its zone, and IPv4 as such.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
