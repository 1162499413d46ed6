package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/id"
	"parley/platform/observe"
)

// ServeHTTP implements http.Handler. Trailing and doubled leading slashes are
// taken away in front of the router: a redirect would lose the body.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := normal(r.URL.Path)
	if strings.Contains(strings.ToUpper(r.URL.RawPath), "%2F") {
		// To a proxy it is a part of a segment, and its rules are about segments.
		// Nothing here has one in its name.
		p = r.URL.RawPath
	}
	if p != r.URL.Path {
		u := *r.URL
		u.Path, u.RawPath = p, ""
		c := *r
		c.URL = &u
		r = &c
	}
	s.handler.ServeHTTP(w, r)
}

func normal(path string) string {
	for strings.HasPrefix(path, "//") {
		path = path[1:]
	}
	for len(path) > 1 && strings.HasSuffix(path, "/") {
		path = path[:len(path)-1]
	}
	return path
}

// around gives every request its id, counts and times it, and turns a panic
// into a 500.
func (s *Server) around(g *gin.Context) {
	start := time.Now()
	id := requestID(g.Request)
	g.Header("X-Request-Id", id)
	g.Header("X-Content-Type-Options", "nosniff")
	g.Header("Cache-Control", "no-store")
	ctx := observe.With(withRequestID(g.Request.Context(), id), slog.String("request_id", id))
	ctx = context.WithValue(ctx, addressKey{}, clientAddress(g.Request, s.config.TrustedProxies))
	g.Request = g.Request.WithContext(ctx)
	defer func() {
		if p := recover(); p != nil {
			s.broke(g, p)
		}
		path := g.FullPath()
		if path == "" {
			path = "none"
		}
		took := time.Since(start)
		s.duration.WithLabelValues(methodLabel(g.Request.Method), path, fmt.Sprint(g.Writer.Status())).Observe(took.Seconds())
		s.config.Log.DebugContext(g.Request.Context(), "request", "method", g.Request.Method, "route", path, "status", g.Writer.Status(), "ms", took.Milliseconds())
	}()
	if len(g.Request.TransferEncoding) > 0 {
		// It may have come with a length as well, of which net/http tells nothing. To
		// a proxy that went by the length, what follows is no request of its own.
		g.Header("Connection", "close")
	}
	defer s.guard(g)()
	g.Next()
}

// broke answers a request that panicked.
func (s *Server) broke(g *gin.Context, p any) {
	s.config.Log.ErrorContext(g.Request.Context(), "panic", "panic", p, "stack", string(debug.Stack()))
	if !g.Writer.Written() {
		s.fail(g, ErrInternal)
	}
	g.Abort()
}

// methodLabel bounds what a client can make a metric of.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

var wellFormedID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

type requestIDKey struct{}

// requestID takes over the client's id when it is well-formed.
func requestID(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); wellFormedID.MatchString(given) {
		return given
	}
	return id.New()
}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the id of the request of ctx, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
