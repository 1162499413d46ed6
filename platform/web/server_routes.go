package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/platform/openapi"
)

// serverPaths are about the server itself.
var serverPaths = []string{"/healthz", "/readyz", "/openapi.json", "/asyncapi.json", "/docs", "/"}

// addServerRoutes adds what is about the server itself and needs no
// credentials. HEAD is for load balancers.
func (s *Server) addServerRoutes() {
	docs := gin.WrapH(openapi.Page("/openapi.json", "/docs"))
	for path, handle := range map[string]gin.HandlerFunc{
		"/healthz":       healthy,
		"/readyz":        s.ready,
		"/openapi.json":  func(g *gin.Context) { g.Data(http.StatusOK, "application/json", s.document) },
		"/asyncapi.json": func(g *gin.Context) { g.Data(http.StatusOK, "application/json", s.config.AsyncAPI) },
		"/docs":          docs,
		"/docs/*file":    docs,
		"/":              func(g *gin.Context) { g.Redirect(http.StatusFound, "/docs") },
	} {
		s.engine.Match([]string{http.MethodGet, http.MethodHead}, path, handle)
	}
}

func healthy(g *gin.Context) { g.String(http.StatusOK, "ok\n") }

// ready answers 200 when every check passes, else 503 with what does not.
func (s *Server) ready(g *gin.Context) {
	ctx, cancel := context.WithTimeout(g.Request.Context(), 2*time.Second)
	defer cancel()
	state := map[string]string{}
	code := http.StatusOK
	for _, c := range s.config.Checks {
		state[c.Name] = "ok"
		if err := c.Run(ctx); err != nil {
			s.config.Log.WarnContext(ctx, "not ready", "check", c.Name, "error", err)
			state[c.Name] = "failing"
			code = http.StatusServiceUnavailable
		}
	}
	g.JSON(code, state)
}

// Operations is the handler of the operators' own address: metrics, which
// name routes and consumers, and health for a process that serves nothing else.
func (s *Server) Operations() http.Handler {
	engine := gin.New()
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.config.Registry, promhttp.HandlerOpts{})))
	engine.GET("/healthz", healthy)
	engine.GET("/readyz", s.ready)
	return engine
}
