package openapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/swaggest/swgui/v5emb"
)

// Page shows the document that is served at the URL document in Swagger UI,
// whose files are part of the binary: the page works without the internet.
// It is to be served at the path at and at everything below. No other site can
// frame it, and nothing but its own scripts runs in it.
func Page(document, at string) http.Handler {
	page := v5emb.New(title, document, at)
	policy := strings.Join([]string{
		"default-src 'self'", "script-src 'self'" + inlineScripts(page, at), "style-src 'self' 'unsafe-inline'", "img-src 'self' data:",
		"object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Frame-Options", "DENY")
		page.ServeHTTP(w, r)
	})
}

var script = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// inlineScripts are the hashes of the scripts that stand in the page itself,
// which is the same for everybody.
func inlineScripts(page http.Handler, at string) string {
	var shown rendered
	page.ServeHTTP(&shown, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}, Header: http.Header{}})
	var out strings.Builder
	for _, m := range script.FindAllSubmatch(shown.Bytes(), -1) {
		sum := sha256.Sum256(m[1])
		out.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
	}
	return out.String()
}

// rendered keeps an answer.
type rendered struct {
	bytes.Buffer
	header http.Header
}

// Header implements http.ResponseWriter.
func (r *rendered) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

// WriteHeader implements http.ResponseWriter.
func (*rendered) WriteHeader(int) {}
