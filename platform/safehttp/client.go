package safehttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Limits are how much a request may take.
type Limits struct {
	Connect     time.Duration // to connect, and again for TLS
	Answer      time.Duration // until the headers are there
	Total       time.Duration // with the body
	Redirects   int
	IdlePerHost int // connections that are kept for the next request; 0 means 2
}

// DefaultLimits are the limits for a page that somebody named: seconds for the
// headers, two minutes in all, and five redirects.
func DefaultLimits() Limits {
	return Limits{Connect: 10 * time.Second, Answer: 20 * time.Second, Total: 2 * time.Minute, Redirects: 5}
}

// Trouble with the address of a request.
var (
	// ErrForbidden answers a URL that is no http or https URL, or has a user
	// name or a password in it.
	ErrForbidden = errors.New("safehttp: only http and https URLs without user name and password are called")
	// ErrPrivate answers an address that is not public.
	ErrPrivate = errors.New("safehttp: the address is not public")
	// ErrRedirects answers too many redirects.
	ErrRedirects = errors.New("safehttp: too many redirects")
)

// maxHeader bounds the headers of an answer, in bytes.
const maxHeader = 64 << 10

// New returns a client that reaches public addresses alone, and those of the
// allowed networks, which are for tests and for what an operator permits. It
// uses no proxy of the environment, which
// would connect in its place.
func New(l Limits, allowed ...netip.Prefix) *http.Client {
	return client(l, control(allowed))
}

// Within returns a client that reaches the networks alone.
func Within(l Limits, networks ...netip.Prefix) *http.Client {
	return client(l, func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !contains(networks, to.Addr().Unmap()) {
			return fmt.Errorf("%w, and %s is in no network that is allowed", ErrPrivate, address)
		}
		return nil
	})
}

// Reaches answers ErrPrivate for an address that New with the same allowed
// networks would not connect to.
func Reaches(a netip.Addr, allowed ...netip.Prefix) error {
	return control(allowed)("tcp", netip.AddrPortFrom(a, 443).String(), nil)
}

func contains(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

func client(l Limits, control func(network, address string, c syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: l.Connect, Control: control}
	return &http.Client{
		Timeout: l.Total,
		Transport: guarded{&http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: l.Connect, ResponseHeaderTimeout: l.Answer, MaxResponseHeaderBytes: maxHeader,
			MaxIdleConns: max(10, 16*l.IdlePerHost), MaxIdleConnsPerHost: l.IdlePerHost, IdleConnTimeout: l.Answer, ForceAttemptHTTP2: true,
		}},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > l.Redirects {
				return ErrRedirects
			}
			return check(r.URL)
		},
	}
}

// check answers ErrForbidden for a URL that is not called whatever its address.
func check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ErrForbidden
	}
	return nil
}

// control refuses a connection by the address that it is about to be made to.
func control(allowed []netip.Prefix) func(network, address string, c syscall.RawConn) error {
	// Mapped IPv4 addresses are unmapped first; others than those of the global
	// unicast range, NAT64 and 6to4 with IPv4 addresses in them are refused.
	guard := ssrf.New(ssrf.WithAnyPort())
	return func(network, address string, c syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %q is none", ErrPrivate, address)
		}
		ip := to.Addr().Unmap()
		if contains(allowed, ip) {
			return nil
		}
		if ip.Is4() {
			network = "tcp4"
		}
		if err := guard.Safe(network, netip.AddrPortFrom(ip, to.Port()).String(), c); err != nil {
			return fmt.Errorf("%w: %w", ErrPrivate, err)
		}
		return nil
	}
}

// guarded checks the URL of each request before it is looked up.
type guarded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := check(r.URL); err != nil {
		return nil, err
	}
	return g.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (g guarded) CloseIdleConnections() {
	if t, ok := g.RoundTripper.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}
