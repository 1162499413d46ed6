package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"sync/atomic"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/idempotency"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
)

// Idempotency remembers requests and their answers for idempotency.KeptFor.
type Idempotency interface {
	// Begin claims the key. It answers what is stored when the same request
	// was done (or ErrNotKept), ErrInProgress while it runs, and ErrKeyReused
	// when the key belongs to another request.
	Begin(ctx context.Context, c idempotency.Claim) (*idempotency.Answer, error)
	// Mark notes, within the unit of ctx, that the effect of a claimed request
	// is committed with it. From then on a repeat is answered with what Finish
	// stored, or with ErrLost.
	Mark(ctx context.Context, c idempotency.Claim) error
	// Finish stores the answer of a claimed request.
	Finish(ctx context.Context, c idempotency.Claim, a idempotency.Answer) error
	// Forget gives the key free, after a failure that may be tried again. The
	// key of a marked request stays taken.
	Forget(ctx context.Context, c idempotency.Claim) error
}

// newClaim fingerprints a request that has an Idempotency-Key. The body is
// read and put back; it is answered too, but for an upload. The secret keeps
// a reader of the stored fingerprint from trying out what a short password
// in the body was.
func newClaim(r *http.Request, secret []byte, limit int64) (c idempotency.Claim, raw []byte, err error) {
	key, err := headerOnce(r, idempotencyHeader)
	if err != nil {
		return c, nil, err
	}
	c = idempotency.Claim{Key: key}
	if len(c.Key) > idempotency.MaxKey {
		return c, nil, idempotency.ErrKeyLength
	}
	h := hmac.New(sha256.New, secret)
	io.WriteString(h, r.Method+" "+normal(r.URL.Path)+"?"+r.URL.RawQuery+"\n")
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		// An upload is read once, as it arrives: its digest is compared when
		// there is an answer to it.
		io.WriteString(h, kind)
	} else {
		if raw, err = readAll(r, limit); err != nil {
			return c, nil, err
		}
		h.Write(raw)
		r.Body = io.NopCloser(bytes.NewReader(raw))
	}
	c.Fingerprint = hex.EncodeToString(h.Sum(nil))
	return c, raw, nil
}

// idempotent answers a request that carries a key: from the store, or by
// running it and storing what it answered.
func (s *Server) idempotent(g *gin.Context, r *Route) {
	if s.config.Idempotency == nil {
		s.answer(g, r)
		return
	}
	if r.mayCall(actor.From(g.Request.Context())) != nil || !r.binding.hasIDs(g.Param) { // which answer says
		s.answer(g, r)
		return
	}
	claim, raw, err := newClaim(g.Request, s.config.Secret, r.binding.limit)
	if err != nil {
		s.fail(g, err)
		return
	}
	who, err := s.caller(g, r) // a body has come meanwhile
	if err != nil {
		s.fail(g, err)
		return
	}
	ctx := g.Request.Context()
	claim.UserID = who.UserID
	stored, err := s.config.Idempotency.Begin(ctx, claim)
	if err != nil {
		s.fail(g, err)
		return
	}
	if stored != nil {
		if err := s.permitted(ctx, r, who, sentIn(g.Request, g.Params, raw)); err != nil {
			s.refused(g, r, who, err)
			s.fail(g, err)
			return
		}
		if err := s.sameUpload(g.Request, stored.Upload); err != nil {
			s.fail(g, err)
			return
		}
		g.Header(replayedHeader, "true")
		g.Data(stored.Status, "application/json; charset=utf-8", stored.Body)
		return
	}
	rec := &recorder{ResponseWriter: g.Writer}
	g.Writer = rec
	// The outcome is kept even when the client has gone.
	ctx = context.WithoutCancel(ctx)
	done := false
	defer func() {
		if !done {
			if err := s.config.Idempotency.Forget(ctx, claim); err != nil {
				s.config.Log.ErrorContext(ctx, "an idempotency key could not be released", "error", err)
			}
		}
	}()
	var effect atomic.Bool
	marked, end := idempotency.Marked(g.Request.Context(), func(ctx context.Context) error {
		effect.Store(true)
		return s.config.Idempotency.Mark(ctx, claim)
	})
	defer end()
	var upload *digest
	marked, upload = digested(marked, g.Request, s.config.Secret)
	g.Request = g.Request.WithContext(marked)
	s.answer(g, r)
	code := rec.Status()
	if code >= http.StatusInternalServerError || code >= http.StatusBadRequest && !effect.Load() {
		return // nothing happened, and what stood in the way may go
	}
	if code >= http.StatusBadRequest && !upload.whole() {
		return // refused before it was read, so that what it was is not known
	}
	if err := s.config.Idempotency.Finish(ctx, claim, idempotency.Answer{Status: code, Body: rec.body.Bytes(), Upload: upload.sum()}); err != nil {
		s.config.Log.ErrorContext(ctx, "the answer of an idempotent request was not stored; a repeated request will not get it", "error", err)
		return
	}
	done = true
}
