package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// The rhythm of a stream.
const (
	pingEvery    = 15 * time.Second // a comment keeps proxies from closing it
	recheckEvery = time.Second      // of the caller's credentials, which are kept in memory
	writeTimeout = 10 * time.Second // for a client that stopped reading
	waitEvent    = time.Second      // before the other two are looked at
)

// EventStream is an answer that is sent event by event as
// "data: <one line of JSON>\n\n".
type EventStream struct {
	// Next answers the next event as one line of ASCII JSON, io.EOF after the
	// last, or ctx's error when none came in time; it is then called again.
	Next func(ctx context.Context) ([]byte, error)
}

func (e EventStream) respond(s *Server, g *gin.Context, r *Route) {
	h := g.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	g.Status(http.StatusOK)
	rc := http.NewResponseController(g.Writer)
	ctx := g.Request.Context()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.streams.add(func() { cancel(errDraining) })()
	// The head goes out at once, so that the client knows that it is accepted.
	g.Writer.WriteHeaderNow()
	if !put(g, rc, nil) {
		return
	}
	lastPing, lastCheck := time.Now(), time.Now()
	for ctx.Err() == nil { // also ends a stream whose events never pause
		wait, stop := context.WithTimeout(ctx, waitEvent)
		line, err := e.Next(wait)
		stop()
		switch {
		case err == nil:
			if !put(g, rc, append(append([]byte("data: "), line...), "\n\n"...)) {
				return
			}
			lastPing = time.Now()
		case errors.Is(err, io.EOF), ctx.Err() != nil:
			return
		case !errors.Is(err, context.DeadlineExceeded):
			s.config.Log.ErrorContext(ctx, "stream broken off", "error", err)
			return
		}
		if time.Since(lastPing) >= pingEvery {
			if !put(g, rc, []byte(": ping\n")) {
				return
			}
			lastPing = time.Now()
		}
		if !r.Policy.public && time.Since(lastCheck) >= recheckEvery {
			failed := make(chan error)
			go func() {
				_, err := s.authenticate(ctx, g.Request)
				failed <- err
			}()
			if <-failed != nil {
				return
			}
			lastCheck = time.Now()
		}
	}
}

// openStreams end when the server goes down. A stream costs no goroutine of
// its own for that.
type openStreams struct {
	mu   sync.Mutex
	over bool
	ends map[*func()]struct{}
}

// add has end called when the server goes down, unless remove is called before.
func (o *openStreams) add(end func()) (remove func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		end()
		return func() {}
	}
	if o.ends == nil {
		o.ends = map[*func()]struct{}{}
	}
	o.ends[&end] = struct{}{}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.ends, &end)
	}
}

// drain ends all streams, those that come later too.
func (o *openStreams) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for end := range o.ends {
		(*end)()
	}
	clear(o.ends)
}

// put writes and flushes; false when the client is gone or does not read.
func put(g *gin.Context, rc *http.ResponseController, b []byte) bool {
	// Not every writer of a test has deadlines; a real connection does.
	_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := g.Writer.Write(b); err != nil {
		return false
	}
	return rc.Flush() == nil
}

// Either is an answer in one of two forms: JSON data, or a stream.
type Either[T any] struct {
	Data   T
	Stream *EventStream
	// Replayed marks the stored answer of an earlier request.
	Replayed bool
}

func (e Either[T]) respond(s *Server, g *gin.Context, r *Route) {
	if e.Replayed {
		g.Header(replayedHeader, "true")
	}
	if e.Stream != nil {
		e.Stream.respond(s, g, r)
		return
	}
	g.JSON(r.Status, success{Success: true, Message: r.Message, Data: e.Data})
}

func (Either[T]) shape() (data, meta reflect.Type) { return reflect.TypeFor[T](), nil }

func (Either[T]) mayStream() {}
