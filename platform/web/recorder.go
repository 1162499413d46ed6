package web

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/idempotency"
)

// recorder keeps a copy of what is answered, but of a larger answer than is
// stored only enough to tell.
type recorder struct {
	gin.ResponseWriter
	body bytes.Buffer
}

// Write implements io.Writer.
func (r *recorder) Write(b []byte) (int, error) {
	if room := idempotency.MaxAnswer + 1 - r.body.Len(); room > 0 {
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
		r.body.Write(make([]byte, idempotency.MaxAnswer+1)) // which is not kept
	}
}

// Unwrap lets http.ResponseController through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteString implements io.StringWriter.
func (r *recorder) WriteString(s string) (int, error) { return r.Write([]byte(s)) }
