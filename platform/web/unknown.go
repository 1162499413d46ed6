package web

import (
	"net/http"
	"slices"
	"strconv"
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
	if slices.Contains(serverPaths, path) {
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

// leads reports whether the path is one of the route's, with ids in it.
func (r Route) leads(path string) bool {
	wanted, given := strings.Split(r.Path, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return false
	}
	for i, w := range wanted {
		if _, isID := pathID(given[i]); strings.HasPrefix(w, "{") && !isID {
			return false
		} else if !strings.HasPrefix(w, "{") && w != given[i] {
			return false
		}
	}
	return true
}

// pathID reads a segment that is an id: a positive integer and nothing else.
func pathID(segment string) (int64, bool) {
	id, err := strconv.ParseInt(segment, 10, 64)
	return id, err == nil && id > 0 && segment[0] != '+'
}

// methodLabel bounds what a client can make a metric of.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
