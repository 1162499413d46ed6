package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/platform/webtest"
)

// A proxy that goes by the length takes all of it for the body of one request,
// of whoever sent that. The second one would be answered to the next client.
func TestWhatFollowsABodyOfTwoLengthsIsNoRequest(t *testing.T) {
	server := httptest.NewServer(handler(t))
	defer server.Close()
	for _, head := range []string{
		"POST /api/thing HTTP/1.1\r\nAuthorization: Bearer user", "POST /api/thing HTTP/1.1", "POST /api/none HTTP/1.1", "GET /healthz HTTP/1.1", "GET /api/thing/1 HTTP/1.1\r\nAuthorization: Bearer user",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		second := "GET /api/thing/2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user\r\n\r\n"
		body := "2\r\n{}\r\n0\r\n\r\n" + second
		if _, err := fmt.Fprintf(conn, "%s\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%s", head, len(body), body); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(conn) // until the server closes it
		_ = conn.Close()
		if n := bytes.Count(said, []byte("HTTP/1.1 ")); n != 1 || err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: %d answers, %v\n%s", head, n, err, said)
		}
	}
}

func TestCredentialsAreSentOnce(t *testing.T) {
	s := handler(t)
	for header, values := range map[string][]string{
		"Authorization":             {"Bearer user", "Bearer staff"},
		"Ocp-Apim-Subscription-Key": {"user", "staff"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/thing/1", nil)
		r.Header[header] = values
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%s twice is answered %d", header, w.Code)
		}
		webtest.New(t, s).As("user").Do("GET", "/api/thing/1", nil).Want(200)
	}
}
