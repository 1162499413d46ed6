package safehttp_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/platform/safehttp"
	"parley/platform/safehttp/safehttptest"
)

var loopback = netip.MustParsePrefix("127.0.0.1/32")

// counted is a server on 127.0.0.1 that counts its requests.
func counted(t *testing.T, handle http.HandlerFunc) (server *httptest.Server, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return server, calls
}

func get(t *testing.T, client *http.Client, link string) error {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		return safehttp.ErrForbidden // nobody can even ask for it
	}
	answer, err := client.Do((&http.Request{Method: http.MethodGet, URL: u}).WithContext(t.Context()))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

func TestNoSpellingOfAPrivateAddressIsReached(t *testing.T) {
	server, calls := counted(t, func(http.ResponseWriter, *http.Request) {})
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	client := safehttp.New(safehttp.DefaultLimits())
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1", "127.000.000.001", "0177.0.0.1", "017700000001", "0x7f.0.0.1", "0x7f000001", "2130706433", "0", "0.0.0.0",
		"127.0.0.1.", "localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"169.254.169.254", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "[fe80::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255",
		"①②⑦.⓪.⓪.①", "127。0。0。1",
	} {
		if err := get(t, client, "http://"+host+port+"/"); err == nil {
			t.Errorf("%s was reached", host)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	for _, literal := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254",
		"[::]", "[fe80::1]", "[fe80::1%25lo]", "[::1%25lo]", "[fec0::1]", "[ff02::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
		"[2002:a9fe:a9fe::1]", "[::127.0.0.1]", "[::ffff:0:7f00:1]", "[2001:0:53aa:64c::7f00:1]", "[100::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "100.64.0.1", "192.0.0.1", "198.18.0.1", "240.0.0.1", "0.0.0.0",
	} {
		if err := get(t, client, "http://"+literal+port+"/"); !errors.Is(err, safehttp.ErrPrivate) {
			t.Errorf("%s: %v", literal, err)
		}
	}
}

func TestOnlyPlainURLsAreCalled(t *testing.T) {
	server, calls := counted(t, func(http.ResponseWriter, *http.Request) {})
	client := safehttp.New(safehttp.DefaultLimits(), loopback)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, link := range []string{"http://user@" + host, "http://user:pass@" + host, "http://example.com@" + host, "file:///etc/passwd", "ftp://" + host, "gopher://" + host, "http:///x", "//" + host, "javascript:1", "http://[::1", ""} {
		if err := get(t, client, link); !errors.Is(err, safehttp.ErrForbidden) {
			t.Errorf("%q: %v", link, err)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	if err := get(t, client, server.URL); err != nil || calls.Load() != 1 {
		t.Errorf("%v, %d requests", err, calls.Load())
	}
}

func TestEveryHopOfARedirectIsChecked(t *testing.T) {
	private, calls := counted(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(private.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	to := ""
	public, _ := counted(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	client := safehttp.New(safehttp.DefaultLimits(), loopback)
	for target, want := range map[string]error{
		"http://127.0.0.2:" + port:           safehttp.ErrPrivate,
		"http://[::1]:" + port:               safehttp.ErrPrivate,
		"http://169.254.169.254/latest":      safehttp.ErrPrivate,
		"http://user:pass@127.0.0.1:" + port: safehttp.ErrForbidden,
		"file:///etc/passwd":                 safehttp.ErrForbidden,
		"/again":                             safehttp.ErrRedirects,
	} {
		if to = target; !errors.Is(get(t, client, public.URL), want) {
			t.Errorf("to %s: %v, want %v", target, get(t, client, public.URL), want)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// A name that resolves to a public address when somebody looks at it, and to a
// private one when it is called, gains nothing: the connection is checked.
func TestANameThatResolvesOtherwiseTheSecondTimeIsNotReached(t *testing.T) {
	server, calls := counted(t, func(http.ResponseWriter, *http.Request) {})
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	safehttptest.Resolve(t, "93.184.216.34", "127.0.0.1")
	found, err := net.DefaultResolver.LookupHost(t.Context(), "rebound.example")
	if err != nil || len(found) != 1 || found[0] != "93.184.216.34" {
		t.Fatalf("%v, %v", found, err)
	}
	if err := get(t, safehttp.New(safehttp.DefaultLimits()), "http://rebound.example"+port); !errors.Is(err, safehttp.ErrPrivate) {
		t.Errorf("%v", err)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	// The same name is reached where the address is allowed: it was resolved.
	if err := get(t, safehttp.New(safehttp.DefaultLimits(), loopback), "http://rebound.example"+port); err != nil || calls.Load() != 1 {
		t.Errorf("%v, %d requests arrived", err, calls.Load())
	}
}

func TestSlowAndEndlessAnswersEnd(t *testing.T) {
	limits := safehttp.Limits{Connect: time.Second, Answer: 50 * time.Millisecond, Total: 200 * time.Millisecond, Redirects: 1}
	client := safehttp.New(limits, loopback)
	for name, handle := range map[string]http.HandlerFunc{
		"headers that never come": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a body that never ends": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		},
		"a body that stops": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"endless headers": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2_000 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 100))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := counted(t, handle)
			if err := get(t, client, server.URL); err == nil {
				t.Error("it was read to its end")
			}
			client.CloseIdleConnections()
		})
	}
}
