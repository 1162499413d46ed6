package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/webtest/modelstub"
)

// late ends an answer some time behind the mark of its end.
type late struct {
	io.Reader
	ctx   context.Context
	by    time.Duration
	ended bool
}

// Read implements io.Reader.
func (l *late) Read(p []byte) (int, error) {
	if n, err := l.Reader.Read(p); err == nil {
		return n, nil
	}
	select {
	case <-time.After(l.by):
		l.ended = true
		return 0, io.EOF
	case <-l.ctx.Done():
		return 0, l.ctx.Err()
	}
}

// Close implements io.Closer.
func (*late) Close() error { return nil }

// RoundTrip implements http.RoundTripper.
func (l *late) RoundTrip(r *http.Request) (*http.Response, error) {
	l.ctx = r.Context()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: l}, nil
}

func TestAStreamIsReadToItsEndSoThatTheConnectionIsUsedAgain(t *testing.T) {
	for by, ends := range map[time.Duration]bool{0: true, 10 * time.Millisecond: true, time.Hour: false} {
		synctest.Test(t, func(t *testing.T) {
			server := &late{Reader: strings.NewReader(usualAnswer()), by: by}
			client, err := New(Config{BaseURL: "http://model.test", Transport: server})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			result, _, err := ask(t.Context(), client, Request{})
			if err != nil || result.FinishReason != FinishStop || server.ended != ends {
				t.Errorf("late by %s: %+v, %v; read to its end: %v", by, result, err, server.ended)
			}
			if took := time.Since(began); took > 50*time.Millisecond {
				t.Errorf("late by %s: the end was awaited for %s", by, took)
			}
		})
	}
}

func TestAServerThatSwitchesProtocolsIsLeftAtOnce(t *testing.T) {
	const enough = 5 * time.Second
	left := make(chan error, 1)
	client := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			left <- err
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(enough))
		_, err = conn.Read(make([]byte, 1))
		left <- err
	}), Config{})
	_, _, err := ask(context.Background(), client, Request{})
	wantError(t, err, CodeBadResponse)
	if err := <-left; !errors.Is(err, io.EOF) {
		t.Errorf("the client did not leave: %v", err)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		other := modelstub.New(modelstub.Behaviour{})
		elsewhere := httptest.NewServer(other)
		client := start(t, http.RedirectHandler(elsewhere.URL, status), Config{})
		_, _, err := ask(context.Background(), client, Request{})
		wantError(t, err, CodeBadResponse)
		elsewhere.Close()
		if got := other.Requests(); len(got) > 0 {
			t.Errorf("%d: sent %+v elsewhere", status, got)
		}
	}
}
