package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
)

// The rhythm of a stream.
const (
	pingEvery    = 15 * time.Second // a comment keeps proxies from closing it
	recheckEvery = time.Second      // of the caller's credentials, which are kept in memory; a change is told before
	checkTimeout = 5 * time.Second
	uncheckedFor = 30 * time.Second // at most, while the credentials can't be looked at
	writeTimeout = 10 * time.Second // for a client that stopped reading
)

// EventStream is an answer that is sent event by event as
// "data: <one line of JSON>\n\n".
type EventStream struct {
	// Next answers the next event as one line of ASCII JSON, io.EOF after the
	// last, or ctx's error when none came in time or the caller's rights changed;
	// it is then called again. The actor of ctx is who the caller is now, with the rights that they have now.
	Next func(ctx context.Context) ([]byte, error)
	// Replayed marks the stored answer of an earlier request.
	Replayed bool
}

func (e EventStream) respond(s *Server, g *gin.Context, r *Route) {
	h := g.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	if e.Replayed {
		h.Set(replayedHeader, "true")
	}
	g.Status(http.StatusOK)
	rc := http.NewResponseController(g.Writer)
	ctx := g.Request.Context()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	open := &openStream{user: actor.From(ctx).UserID, end: cancel, check: func() error { return nil }}
	if request := g.Request; !r.Policy.public {
		var who atomic.Pointer[actor.Actor]
		first := actor.From(ctx)
		who.Store(&first)
		ctx = actor.Living(ctx, func() actor.Actor { return *who.Load() })
		open.check = func() error {
			ctx, done := context.WithTimeout(ctx, checkTimeout)
			defer done()
			now, err := s.authenticate(ctx, request)
			if err == nil {
				who.Store(&now)
			}
			return err
		}
	}
	defer s.streams.add(open)()
	// The head goes out at once, so that the client knows that it is accepted.
	g.Writer.WriteHeaderNow()
	if !put(g, rc, nil) {
		return
	}
	lastPing := time.Now()
	for ctx.Err() == nil { // also ends a stream whose events never pause
		wait, stop := context.WithDeadline(ctx, lastPing.Add(pingEvery))
		open.rouse.Store(&stop)
		line, err := e.Next(wait)
		silent, roused := errors.Is(wait.Err(), context.DeadlineExceeded), errors.Is(wait.Err(), context.Canceled)
		stop()
		switch {
		case err == nil:
			line = append(append([]byte("data: "), line...), "\n\n"...)
		case errors.Is(err, io.EOF), ctx.Err() != nil:
			return
		case roused:
			continue
		case silent:
			line = []byte(": ping\n")
		default:
			s.config.Log.ErrorContext(ctx, "stream broken off", "error", err)
			return
		}
		if !put(g, rc, line) {
			return
		}
		lastPing = time.Now()
	}
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
