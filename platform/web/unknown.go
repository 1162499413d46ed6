package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// unknown answers a path that no route of the method has: 405 with the methods
// that the path takes, or 404 when there is no such path. The router alone
// would take a word where an id belongs for a parameter.
func (s *Server) unknown(g *gin.Context) {
	g.Writer.Header().Del("Allow")
	path := g.Request.URL.Path
	methods := s.methodsOf(path)
	if len(methods) == 0 {
		s.fail(g, ErrNotFound)
		return
	}
	g.Header("Allow", strings.Join(methods, ", "))
	s.fail(g, ErrMethod)
}

// methodsOf are the methods that a path takes, sorted.
func (s *Server) methodsOf(path string) []string {
	if slices.Contains(serverPaths, path) || slices.ContainsFunc(s.config.Pages, func(p Page) bool { return p.Path == path }) {
		return []string{http.MethodGet, http.MethodHead}
	}
	var methods []string
	for _, r := range s.config.Routes {
		if r.leads(path) {
			methods = append(methods, r.Method)
		}
	}
	slices.Sort(methods)
	return methods
}
