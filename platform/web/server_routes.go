package web

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func contentDisposition(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// addServerRoutes adds what is about the server itself and needs no credentials.
func (s *Server) addServerRoutes() {
	s.engine.GET("/healthz", func(g *gin.Context) { g.String(http.StatusOK, "ok\n") })
	s.engine.GET("/readyz", s.ready)
	s.engine.GET("/openapi.json", func(g *gin.Context) { g.Data(http.StatusOK, "application/json", s.openapi) })
	s.engine.GET("/docs", serveDocs)
	s.engine.GET("/docs/*file", serveDocs)
}

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

// Metrics serves Prometheus' metrics; where, is the caller's decision.
func (s *Server) Metrics() http.Handler {
	return promhttp.HandlerFor(s.config.Registry, promhttp.HandlerOpts{})
}
