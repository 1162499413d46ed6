package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/web"
	"parley/platform/webtest"
)

// streaming is a server with one stream, in a bubble where time is ours. The
// wire is a pipe, so a client that does not read stalls the server at once.
type streaming struct {
	t      *testing.T
	server *web.Server
	events chan []byte // what Next answers; closing it ends the stream
	ended  chan struct{}
	mu     sync.Mutex
	known  bool // whether the credentials are good
	silent bool // the storage does not answer
	level  actor.Level
	told   func(userIDs ...int64)
	wire   net.Conn
	body   *bufio.Reader
}

// Authenticate implements web.Authenticator.
func (s *streaming) Authenticate(context.Context, web.Credentials) (actor.Actor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.silent:
		return actor.Actor{}, io.ErrUnexpectedEOF
	case !s.known:
		return actor.Actor{}, web.ErrUnauthenticated
	}
	who := people["user"]
	who.Level = s.level
	return who, nil
}

// OnChange implements web.Telling.
func (s *streaming) OnChange(told func(userIDs ...int64)) { s.told = told }

func (s *streaming) promote() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.level = actor.GlobalAdmin
}

// silence is whether the storage does not answer from now on.
func (s *streaming) silence(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = silent
}

func (s *streaming) suspend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = false
}

func (s *streaming) next(ctx context.Context) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case e, ok := <-s.events:
		if !ok {
			return nil, io.EOF
		}
		return e, nil
	}
}

// inStream runs test against a stream of what is sent to events.
func inStream(t *testing.T, test func(s *streaming)) { inStreamOf(t, nil, test) }

func inStreamOf(t *testing.T, next func(context.Context) ([]byte, error), test func(s *streaming)) {
	synctest.Test(t, func(t *testing.T) {
		s := &streaming{t: t, events: make(chan []byte), ended: make(chan struct{}), known: true}
		if next == nil {
			next = s.next
		}
		handler := func(context.Context, nothing) (web.EventStream, error) { return web.EventStream{Next: next}, nil }
		var err error
		s.server, err = web.New(web.Config{Routes: []web.Route{web.GET("/api/stream", "Stream", handler, web.User(), web.Long())}, Authenticator: s, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		client, wire := net.Pipe()
		s.wire = client
		listener := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
		listener.conn <- wire
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(s.ended)
			s.server.ServeHTTP(w, r)
		})}
		go func() { _ = srv.Serve(listener) }()
		if _, err := fmt.Fprint(client, "GET /api/stream HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		test(s)
		_ = client.Close()
		_ = srv.Close()
		synctest.Wait()
	})
}

// open reads the head of the answer.
func (s *streaming) open() *http.Response {
	s.t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(s.wire), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.body = bufio.NewReader(r.Body)
	return r
}

func (s *streaming) line() string {
	s.t.Helper()
	line, err := s.body.ReadString('\n')
	if err != nil {
		s.t.Fatalf("%v after %q", err, line)
	}
	return line
}

func (s *streaming) finished() bool {
	synctest.Wait()
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// oneConn is a listener that accepts one connection.
type oneConn struct {
	conn   chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *oneConn) Close() error { l.once.Do(func() { close(l.closed) }); return nil }

// Addr implements net.Listener.
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

func TestAStreamIsDataLinesAndNothingElse(t *testing.T) {
	inStream(t, func(s *streaming) {
		go func() {
			s.events <- []byte(`{"sequence_number":1}`)
			s.events <- []byte(`{"sequence_number":2}`)
			close(s.events)
		}()
		r := s.open()
		h := r.Header
		if r.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" || h.Get("X-Accel-Buffering") != "no" {
			t.Errorf("%d %v", r.StatusCode, h)
		}
		all, err := io.ReadAll(s.body)
		if want := "data: {\"sequence_number\":1}\n\ndata: {\"sequence_number\":2}\n\n"; string(all) != want || err != nil {
			t.Errorf("got %q, %v", all, err)
		}
	})
}

func TestAQuietStreamIsKeptAliveByACommentEvery15Seconds(t *testing.T) {
	inStream(t, func(s *streaming) {
		began := time.Now()
		s.open()
		for n := 1; n <= 3; n++ {
			if got := s.line(); got != ": ping\n" {
				t.Fatalf("got %q", got)
			}
			if got := time.Since(began); got != time.Duration(n)*15*time.Second {
				t.Errorf("ping %d came after %v", n, got)
			}
		}
		go func() { s.events <- []byte(`{}`) }()
		if got := s.line() + s.line(); got != "data: {}\n\n" {
			t.Errorf("got %q right after a ping", got)
		}
		time.Sleep(10 * time.Second) // of the bubble
		go func() { s.events <- []byte(`{}`) }()
		if got := s.line() + s.line(); got != "data: {}\n\n" {
			t.Errorf("got %q", got)
		}
		last := time.Now()
		if got := s.line(); got != ": ping\n" || time.Since(last) != 15*time.Second {
			t.Errorf("got %q %v after the last event", got, time.Since(last))
		}
	})
}

func TestAStreamEndsWhenTheServerDrains(t *testing.T) {
	inStream(t, func(s *streaming) {
		go func() { s.events <- []byte(`{}`) }()
		s.open()
		_, _ = s.line(), s.line()
		began := time.Now()
		s.server.Drain()
		s.server.Drain() // twice is no harm
		if rest, err := io.ReadAll(s.body); err != nil || len(rest) != 0 || time.Since(began) != 0 {
			t.Errorf("got %q, %v after %v", rest, err, time.Since(began))
		}
	})
}

func TestABusyStreamEndsWhenTheServerDrains(t *testing.T) {
	inStream(t, func(s *streaming) {
		go func() {
			for {
				select {
				case s.events <- []byte(`{}`):
				case <-s.ended:
					return
				}
			}
		}()
		s.open()
		_, _ = s.line(), s.line()
		s.server.Drain()
		if _, err := io.Copy(io.Discard, s.body); err != nil || !s.finished() {
			t.Errorf("it goes on: %v", err)
		}
	})
}

func TestAStreamEndsWhenTheClientGoes(t *testing.T) {
	inStream(t, func(s *streaming) {
		go func() { s.events <- []byte(`{}`) }()
		s.open()
		_, _ = s.line(), s.line()
		if s.finished() {
			t.Fatal("the stream ended by itself")
		}
		_ = s.wire.Close()
		if !s.finished() {
			t.Error("the stream goes on without a reader")
		}
	})
}

func TestAStreamDropsAReaderWhoStalls(t *testing.T) {
	inStream(t, func(s *streaming) {
		began := time.Now()
		go func() {
			big := []byte(`"` + strings.Repeat("x", 64<<10) + `"`)
			for {
				select {
				case s.events <- big:
				case <-s.ended:
					return
				}
			}
		}()
		<-s.ended // nobody reads
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("dropped after %v", took)
		}
	})
}

func TestASourceThatBreaksEndsTheStreamQuietly(t *testing.T) {
	inStreamOf(t, func(context.Context) ([]byte, error) { return nil, errors.New("secret") }, func(s *streaming) {
		s.open()
		if rest, err := io.ReadAll(s.body); err != nil || len(rest) != 0 || !s.finished() {
			t.Errorf("got %q, %v", rest, err)
		}
	})
}

func TestAnOperationMayAnswerInEitherForm(t *testing.T) {
	type request struct {
		Accept string `header:"Accept"`
	}
	run := func(_ context.Context, r request) (web.Either[thingView], error) {
		if r.Accept != "text/event-stream" {
			return web.Either[thingView]{Data: thingView{ID: 7}, Replayed: true}, nil
		}
		left := []string{`{"sequence_number":1,"step":"start"}`, `{"sequence_number":2,"step":"end"}`}
		return web.Either[thingView]{Stream: &web.EventStream{Next: func(context.Context) ([]byte, error) {
			if len(left) == 0 {
				return nil, io.EOF
			}
			e := left[0]
			left = left[1:]
			return []byte(e), nil
		}}}, nil
	}
	c := webtest.Serve(t, people, []web.Route{web.POST("/api/run", "Run", run, web.User(), web.Long(), web.IdempotentByHandler())}).As("user")
	plain := c.Do("POST", "/api/run", nil)
	if plain.ID() != 7 || plain.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%s %v", plain.Body, plain.Header)
	}
	for name, events := range map[string][]webtest.Event{
		"over a server": c.Stream("POST", "/api/run", nil).All(),
		"finished":      c.With("Accept", "text/event-stream").Do("POST", "/api/run", nil).Events(),
	} {
		if len(events) != 2 || events[0].Step() != "start" || events[1].Step() != "end" {
			t.Errorf("%s: %v", name, events)
		}
	}
}

func TestEventsAreOneLineOfASCII(t *testing.T) {
	line, err := web.ASCII(map[string]string{"a": "é\n\u2028😀<\x7f"})
	if want := `{"a":"\u00e9\n\u2028\ud83d\ude00<` + "\x7f" + `"}`; string(line) != want || err != nil {
		t.Errorf("got %s, %v", line, err)
	}
}
