package web_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/platform/web"
)

// limited serves a handler behind limits, and answers where.
func limited(t *testing.T, l web.ConnLimits, h http.Handler) string {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l.Limit(elsewhere{inner}, slog.New(slog.DiscardHandler))) }()
	t.Cleanup(func() { _ = server.Close() })
	return inner.Addr().String()
}

// elsewhere makes connections look as if they came from another machine.
type elsewhere struct{ net.Listener }

func (e elsewhere) Accept() (net.Conn, error) {
	c, err := e.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return far{c}, nil
}

type far struct{ net.Conn }

func (far) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.7:1234"))
}

func dial(t *testing.T, at string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// answers reports whether a request on the connection is answered.
func answers(c net.Conn) bool {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	b := make([]byte, 12)
	_, err := io.ReadFull(c, b)
	return err == nil && string(b) == "HTTP/1.1 204"
}

func TestOneAddressHasOnlySoManyConnections(t *testing.T) {
	empty := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, l := range []web.ConnLimits{
		{Most: 100, OfOneAddress: 2, WritePause: time.Minute},
		{Most: 2, OfOneAddress: 100, WritePause: time.Minute},
		{Most: 2, OfOneAddress: 1, WritePause: time.Minute, Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	} {
		at := limited(t, l, empty)
		first, second := dial(t, at), dial(t, at)
		if !answers(first) || !answers(second) {
			t.Errorf("%+v: the first two are not answered", l)
		}
		if answers(dial(t, at)) {
			t.Errorf("%+v: a third one is answered", l)
		}
		_ = first.Close()
		until(t, func() bool { return answers(dial(t, at)) })
	}
}

func TestAClientThatReadsNothingLosesItsConnection(t *testing.T) {
	ended := make(chan error, 1)
	at := limited(t, web.ConnLimits{Most: 10, OfOneAddress: 10, WritePause: 100 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		// More than the buffers of the two machines hold.
		_, err := io.WriteString(w, strings.Repeat("x", 64<<20))
		ended <- err
	}))
	c := dial(t, at)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("all of it was written")
		}
	case <-time.After(time.Minute):
		t.Fatal("it is still being written")
	}
}

func TestAClientThatReadsSlowlyGetsAll(t *testing.T) {
	const size = 8 << 20
	at := limited(t, web.ConnLimits{Most: 10, OfOneAddress: 10, WritePause: 10 * time.Second}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	}))
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	time.Sleep(20 * time.Millisecond) // the buffers are full by then, or not: both are right
	if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
}
