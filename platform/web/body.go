package web

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// bodyPause is the longest that a client may leave a body alone.
	bodyPause = 30 * time.Second
	// uploadLimit is the longest that an upload may take, and uploadPace the
	// fewest bytes that a second brings, on average and beside one pause.
	uploadLimit = time.Hour
	uploadPace  = 1 << 10
)

// errSlowBody answers a body that stopped coming, or never ends.
var errSlowBody = ErrMalformed.WithMessage("The body did not arrive in time; send it without pauses, and a KiB a second at least.")

// guard bounds the time in which the body comes: a request that is held open
// costs a connection and acts for a caller of long ago. The deadline stands
// from the first moment, since the rest of a body that nobody reads is waited
// for as well before the connection is used again.
//
// It answers what ends the count of the body's bytes.
func (s *Server) guard(g *gin.Context) (end func()) {
	if g.Request.Body == nil || g.Request.Body == http.NoBody || g.Request.ContentLength == 0 {
		return func() {}
	}
	b := &guardedBody{
		ReadCloser: g.Request.Body, rc: http.NewResponseController(g.Writer), until: time.Now().Add(s.config.Timeout),
		budget: &s.bodies, client: ClientAddress(g.Request.Context()),
	}
	b.extend()
	g.Request.Body = b
	return b.forget
}

// allowLong lets the body of an operation without a deadline take its time.
func allowLong(r *http.Request) {
	if b, ok := r.Body.(*guardedBody); ok {
		b.until = time.Now().Add(uploadLimit)
	}
}

// streamed marks the body of an upload, which goes to the disk as it comes and
// does not count as memory.
func streamed(r *http.Request) {
	if b, ok := r.Body.(*guardedBody); ok {
		b.forget()
		b.budget = nil
	}
}

// forgetBody gives back what the body of a request took of the budget.
func forgetBody(r *http.Request) {
	if b, ok := r.Body.(*guardedBody); ok {
		b.forget()
	}
}

// guardedBody is a body with deadlines, which counts what of it is in memory.
type guardedBody struct {
	io.ReadCloser
	rc     *http.ResponseController
	until  time.Time
	come   int64         // bytes
	waited time.Duration // for them, not what the server took between
	budget *bodyBudget   // nil for what is not kept in memory
	client netip.Addr
	taken  int64
}

func (b *guardedBody) forget() {
	if b.budget != nil && b.taken > 0 {
		b.budget.give(b.client, b.taken)
		b.taken = 0
	}
}

func (b *guardedBody) extend() {
	late := b.waited - time.Duration(b.come/uploadPace)*time.Second
	by := time.Now().Add(bodyPause - max(late, 0))
	if b.until.Before(by) {
		by = b.until
	}
	// Not every writer of a test has deadlines; a real connection does.
	_ = b.rc.SetReadDeadline(by)
}

// Read implements io.Reader.
func (b *guardedBody) Read(p []byte) (int, error) {
	b.extend()
	began := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.waited += time.Since(began)
	b.come += int64(n)
	if b.budget != nil && n > 0 {
		if !b.budget.take(b.client, int64(n)) {
			return 0, ErrBusy
		}
		b.taken += int64(n)
	}
	switch {
	case err == io.EOF:
		// A handler that waits for the client to go away must not be woken by it.
		_ = b.rc.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlowBody
	}
	return n, err
}
