package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
)

const (
	// bodyPause is the longest that a client may leave a body alone.
	bodyPause = 30 * time.Second
	// uploadLimit is the longest that an upload may take.
	uploadLimit = time.Hour
)

// errSlowBody answers a body that stopped coming, or never ends.
var errSlowBody = ErrMalformed.WithMessage("The body did not arrive in time; send it without pauses.")

// guard bounds the time in which the body comes: a request that is held open
// costs a connection and acts for a caller of long ago. The deadline stands
// from the first moment, since the rest of a body that nobody reads is waited
// for as well before the connection is used again.
func (s *Server) guard(g *gin.Context) {
	if g.Request.Body == nil || g.Request.Body == http.NoBody || g.Request.ContentLength == 0 {
		return
	}
	b := &guardedBody{ReadCloser: g.Request.Body, rc: http.NewResponseController(g.Writer), until: time.Now().Add(s.config.Timeout)}
	b.extend()
	g.Request.Body = b
}

// allowLong lets the body of an operation without a deadline take its time.
func allowLong(r *http.Request) {
	if b, ok := r.Body.(*guardedBody); ok {
		b.until = time.Now().Add(uploadLimit)
	}
}

// guardedBody is a body with deadlines.
type guardedBody struct {
	io.ReadCloser
	rc    *http.ResponseController
	until time.Time
}

func (b *guardedBody) extend() {
	by := time.Now().Add(bodyPause)
	if b.until.Before(by) {
		by = b.until
	}
	// Not every writer of a test has deadlines; a real connection does.
	_ = b.rc.SetReadDeadline(by)
}

// Read implements io.Reader.
func (b *guardedBody) Read(p []byte) (int, error) {
	b.extend()
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		// Whoever waits for the client to go away must not be woken by it.
		_ = b.rc.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlowBody
	}
	return n, err
}

type callerKey struct{}

// CallerNow says who acts at this moment, for handlers that read a body over
// a long time: the credentials are checked once more.
func CallerNow(ctx context.Context) (actor.Actor, error) {
	again, ok := ctx.Value(callerKey{}).(func() (actor.Actor, error))
	if !ok {
		return actor.From(ctx), nil
	}
	return again()
}
