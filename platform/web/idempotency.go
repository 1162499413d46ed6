package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/apperr"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
	maxKey            = 255
)

// The errors of an idempotent request.
var (
	ErrKeyReused  = apperr.New(apperr.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request; use a new one.")
	ErrInProgress = apperr.New(apperr.Conflict, "request_in_progress", "The first request with this Idempotency-Key still runs; ask again in a moment.")
	ErrNotKept    = apperr.New(apperr.Conflict, "answer_not_kept", "The request with this Idempotency-Key was done, but its answer was too large to keep; read what it made instead of repeating it.")
	ErrKeyLength  = apperr.New(apperr.Unprocessable, "idempotency_key_too_long", "An Idempotency-Key has 1 to 255 characters.")
)

// Claim names one request that must have its effect once.
type Claim struct {
	UserID      int64
	Key         string
	Fingerprint string // of method, path and body
}

// MaxStored is the size of an answer that is kept, in bytes.
const MaxStored = 1 << 20

// Stored is the answer of a request that was done. A body of more than
// MaxStored bytes is not whole and is not to be kept.
type Stored struct {
	Status int
	Body   []byte
}

// Idempotency remembers requests and their answers for 24 hours.
type Idempotency interface {
	// Begin claims the key. It answers what is stored when the same request
	// was done (or ErrNotKept), ErrInProgress while it runs, and ErrKeyReused
	// when the key belongs to another request.
	Begin(ctx context.Context, c Claim) (*Stored, error)
	// Finish stores the answer of a claimed request.
	Finish(ctx context.Context, c Claim, s Stored) error
	// Forget gives the key free, after a failure that may be tried again.
	Forget(ctx context.Context, c Claim) error
}

// newClaim fingerprints a request that has an Idempotency-Key. The body is
// read and put back; it is answered too, but for an upload. The secret keeps
// whoever reads the stored fingerprint from trying out what a short password
// in the body was.
func newClaim(r *http.Request, secret []byte) (c Claim, raw []byte, err error) {
	c = Claim{Key: r.Header.Get(idempotencyHeader)}
	if len(c.Key) > maxKey {
		return c, nil, ErrKeyLength
	}
	h := hmac.New(sha256.New, secret)
	io.WriteString(h, r.Method+" "+normal(r.URL.Path)+"?"+r.URL.RawQuery+"\n")
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		// An upload is read once, as it arrives; its boundary differs in every
		// request anyway. Its length stands for it.
		io.WriteString(h, strconv.FormatInt(r.ContentLength, 10))
	} else {
		if raw, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody)); err != nil {
			return c, nil, tooLarge(err, maxBody)
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
	claim, raw, err := newClaim(g.Request, s.config.Secret)
	if err != nil {
		s.fail(g, err)
		return
	}
	who, err := s.caller(g, r)
	if err != nil {
		s.fail(g, err)
		return
	}
	if r.mayCall(who) != nil { // which answer says
		s.answer(g, r)
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
				s.config.Log.ErrorContext(ctx, "giving an idempotency key free", "error", err)
			}
		}
	}()
	s.answer(g, r)
	if code := rec.Status(); code >= http.StatusInternalServerError || mayChange[code] {
		return
	}
	if err := s.config.Idempotency.Finish(ctx, claim, Stored{Status: rec.Status(), Body: rec.body.Bytes()}); err != nil {
		s.config.Log.ErrorContext(ctx, "storing the answer of an idempotent request", "error", err)
		return
	}
	done = true
}

// mayChange are the refusals that another moment decides otherwise, without
// any other request: they are not kept.
var mayChange = map[int]bool{
	http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusNotFound: true, http.StatusTooManyRequests: true,
}

// recorder keeps a copy of what is answered, but of a larger answer than is
// stored only enough to tell.
type recorder struct {
	gin.ResponseWriter
	body bytes.Buffer
}

// Write implements io.Writer.
func (r *recorder) Write(b []byte) (int, error) {
	if room := MaxStored + 1 - r.body.Len(); room > 0 {
		r.body.Write(b[:min(len(b), room)])
	}
	return r.ResponseWriter.Write(b)
}

// replace keeps another body than the one that was sent, or none that could
// be mistaken for it.
func (r *recorder) replace(answer any) {
	r.body.Reset()
	if err := json.NewEncoder(&r.body).Encode(answer); err != nil {
		r.body.Reset()
		r.body.Write(make([]byte, MaxStored+1)) // which is not kept
	}
}

// Unwrap lets http.ResponseController through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteString implements io.StringWriter.
func (r *recorder) WriteString(s string) (int, error) { return r.Write([]byte(s)) }
