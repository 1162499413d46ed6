package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// Page is a page for people: one HTML file that never changes, with its styles
// and scripts in it. It is served to anybody, so it holds nothing.
type Page struct {
	Path string
	HTML string
}

var inline = regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`)

// contentPolicy lets a browser run what stands in the page and nothing else,
// and talk to nobody but this server.
func (p Page) contentPolicy() string {
	sources := map[string]string{}
	for _, m := range inline.FindAllStringSubmatch(p.HTML, -1) {
		sum := sha256.Sum256([]byte(m[2]))
		sources[m[1]] += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	policy := []string{"default-src 'none'"}
	for _, kind := range []string{"script", "style"} {
		if s := sources[kind]; s != "" {
			policy = append(policy, kind+"-src"+s)
		}
	}
	return strings.Join(append(policy, "connect-src 'self'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'"), "; ")
}

func (s *Server) addPages() {
	for _, p := range s.config.Pages {
		policy := p.contentPolicy()
		s.engine.Match([]string{http.MethodGet, http.MethodHead}, p.Path, func(g *gin.Context) {
			g.Header("Content-Security-Policy", policy)
			g.Header("Referrer-Policy", "no-referrer")
			g.Data(http.StatusOK, "text/html; charset=utf-8", []byte(p.HTML))
		})
	}
}
