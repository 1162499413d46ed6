package webhook_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/webhook"
	"parley/platform/kernel/clock"
	"parley/platform/safehttp/safehttptest"
)

var loopback = netip.MustParsePrefix("127.0.0.1/32")

// counted is a server on 127.0.0.1 that counts its requests.
func counted(t *testing.T) (server *httptest.Server, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(server.Close)
	return server, calls
}

// A name that was public when the webhook was stored is private when it is
// called.
func TestANameIsCheckedAgainWhenItIsCalled(t *testing.T) {
	server, calls := counted(t)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	safehttptest.Resolve(t, "93.184.216.34", "127.0.0.1")
	s := webhook.New(clock.System{})
	link := "https://rebound.example" + port
	if reason := s.Check(t.Context(), link); reason != "" {
		t.Fatal(reason)
	}
	_, err := s.Send(t.Context(), link, nil, []byte("{}"))
	if err == nil || err.Error() != "The host has an address that is not public." {
		t.Errorf("got %v", err)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	if reason := s.Check(t.Context(), link); reason != "The host of the URL has an address that is not public." {
		t.Errorf("stored all the same: %q", reason)
	}
}

func TestHTTPIsForTheNetworksThatAreAllowedAlone(t *testing.T) {
	server, calls := counted(t)
	safehttptest.Resolve(t, "93.184.216.34")
	for name, c := range map[string]struct {
		networks []netip.Prefix
		link     string
		reason   string
		sent     bool
	}{
		"a private address":      {nil, server.URL, "The URL must begin with https://.", false},
		"an allowed network":     {[]netip.Prefix{loopback}, server.URL, "", true},
		"another network":        {[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, server.URL, "The host of the URL has an address that is not public.", false},
		"a public address":       {[]netip.Prefix{loopback}, "http://public.example", "The URL must begin with https://; http is for the networks that the operator allows.", false},
		"no network, the public": {nil, "http://public.example", "The URL must begin with https://.", false},
	} {
		before := calls.Load()
		s := webhook.New(clock.System{}, c.networks...)
		if reason := s.Check(t.Context(), c.link); reason != c.reason {
			t.Errorf("%s: %q", name, reason)
		}
		answer, err := s.Send(t.Context(), c.link, nil, nil)
		if (err == nil) != c.sent || (answer.Status == 200) != c.sent || (calls.Load() > before) != c.sent {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
	}
}

func TestAReceiverThatIsSlowIsGivenUp(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	s := webhook.New(clock.System{}, loopback)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Send(ctx, server.URL, nil, nil); err == nil || err.Error() != "The receiver did not answer within 15 seconds." {
		t.Errorf("got %v", err)
	}
	stopped, stop := context.WithCancelCause(t.Context())
	cause := errors.New("the process stops")
	stop(cause)
	if _, err := s.Send(stopped, server.URL, nil, nil); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

func TestACertificateIsChecked(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	if _, err := webhook.New(clock.System{}, loopback).Send(t.Context(), server.URL, nil, nil); err == nil || err.Error() != "The receiver's certificate is not valid for its host." {
		t.Errorf("got %v", err)
	}
}
