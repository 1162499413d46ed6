package web_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/platform/web"
)

func TestABodyIsAsLargeAsItsOperationNeeds(t *testing.T) {
	c := api(t)
	large := func(n int) string { return `{"name":"` + strings.Repeat("a", n) + `"}` }
	// No body is taken here, so none is read.
	c.As("admin").Do("DELETE", "/api/thing/1", large(8<<10)).Refused(413, "request_too_large")
	c.As("staff").Do("PUT", "/api/thing/1", large(2<<20)).Refused(413, "request_too_large")
	// Anybody may send these, so they are small.
	form := func(n int) url.Values { return url.Values{"username": {"a"}, "scope": {strings.Repeat("s", n)}} }
	c.Do("POST", "/api/login", form(20<<10)).Refused(413, "request_too_large")
	c.Do("POST", "/api/login", form(100)).Want(200)
}

func TestABodyOfTooManyValuesIsRefused(t *testing.T) {
	c := api(t).As("staff")
	c.Do("POST", "/api/thing", `{"ids":[`+strings.Repeat("1,", 100_000)+`1]}`).Refused(413, "request_too_large")
	// A list over its bound is told of once, and not entry by entry.
	answer := c.Do("POST", "/api/thing", `{"ids":[`+strings.Repeat(`"x",`, 40_000)+`1]}`).Refused(422, "unacceptable_value")
	if n := strings.Count(string(answer.Body), `"field"`); n != 1 {
		t.Errorf("it tells of %d fields:\n%s", n, answer.Body)
	}
}

func TestTheBytesOfBodiesBeingReadHaveOneBound(t *testing.T) {
	server := httptest.NewServer(handler(t))
	defer server.Close()
	var held []net.Conn
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	// Each of these has sent a megabyte, but for its end.
	const size = 1<<20 - 16
	for range 8 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
		_, err = fmt.Fprintf(conn, "PUT /api/thing/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer staff\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", size+8, strings.Repeat(" ", size))
		if err != nil {
			t.Fatal(err)
		}
	}
	send := func() int {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+"/api/thing/1", strings.NewReader(`{"name":"`+strings.Repeat("a", 400)+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer staff")
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
			t.Error("a 503 without Retry-After")
		}
		return res.StatusCode
	}
	until(t, func() bool { return send() == http.StatusServiceUnavailable })
	// What they took comes back when they go.
	for _, c := range held {
		_ = c.Close()
	}
	held = nil
	until(t, func() bool { return send() != http.StatusServiceUnavailable })
}

func TestABrokenBodyIsTheClientsMistake(t *testing.T) {
	server := httptest.NewServer(handler(t))
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "PUT /api/thing/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer staff\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if raw, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(raw), "malformed_request") {
		t.Errorf("%d %s, %v", res.StatusCode, raw, err)
	}
}

// handler is the server of api, for connections of a test's own.
func handler(t *testing.T) http.Handler {
	t.Helper()
	s, err := web.New(web.Config{Routes: things(), Authenticator: people, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func until(t *testing.T, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !there(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
