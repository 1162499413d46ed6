package web

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/gin-gonic/gin"
)

// The page at /open#/api/… signs a person in and shows what that path of the
// API answers: a link to a document that a browser can open. It carries no
// credentials, so it may be printed, sent and kept.
//
//go:embed open
var openFiles embed.FS

// openPolicy lets the page run its own script and talk to its own server.
const openPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// addOpenPage adds the page and its two files.
func (s *Server) addOpenPage() error {
	for path, f := range map[string]struct{ file, contentType string }{
		"/open":          {"page.html", "text/html; charset=utf-8"},
		"/open/page.js":  {"page.js", "text/javascript; charset=utf-8"},
		"/open/page.css": {"page.css", "text/css; charset=utf-8"},
	} {
		content, err := fs.ReadFile(openFiles, "open/"+f.file)
		if err != nil {
			return err
		}
		s.engine.Match([]string{http.MethodGet, http.MethodHead}, path, func(g *gin.Context) {
			h := g.Writer.Header()
			h.Set("Content-Security-Policy", openPolicy)
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "no-referrer")
			g.Data(http.StatusOK, f.contentType, content)
		})
	}
	return nil
}
