package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"parley/platform/auditlog"
	"parley/platform/kernel/access"
	"parley/platform/observe"
	"parley/platform/openapi"
)

// Config is what the HTTP side needs.
type Config struct {
	Routes        []Route
	Pages         []Page
	Authenticator Authenticator
	Idempotency   Idempotency // nil: the header has no effect
	// Secret keys the stored fingerprints of idempotent requests. After it is
	// changed, earlier requests can't be repeated with their key.
	Secret []byte
	// Deciders decide about the resources that policies name. They are asked
	// before a stored answer is sent again.
	Deciders access.Deciders
	// Auditor keeps the audit log; nil keeps none.
	Auditor auditlog.Auditor
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Registry       *prometheus.Registry
	Checks         []observe.Check
	MaxUpload      int64 // bytes of a multipart body; 0 means 100 MiB
	// Unavailable reports whether an error is the storage's, which may be
	// better in a moment: it is answered with 503.
	Unavailable func(error) bool
	Timeout     time.Duration // of an ordinary request; 0 means 30 s
	Version     string
	AsyncAPI    []byte // the document of the events that leave the server
	// Origins are those whose web applications may call; "*" alone is every one.
	Origins []string
	// Words are what the OpenAPI document says beside what routes and types do.
	Words openapi.Words
}

// Server answers the API's requests.
type Server struct {
	config   Config
	engine   *gin.Engine
	handler  http.Handler // engine, behind what other origins may do
	schemas  *openapi.Schemas
	told     told
	document []byte // OpenAPI
	duration *prometheus.HistogramVec
	streams  openStreams
	bodies   bodyBudget
}

// New builds the server. It fails on a route without a policy, on a policy
// about what the request doesn't have or nobody decides on, on two routes with
// one path, and on a request type that does not fit its path.
func New(c Config) (_ *Server, err error) {
	if c.MaxUpload <= 0 {
		c.MaxUpload = 100 << 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	// The order in which modules are put together must not show in OpenAPI.
	c.Routes = slices.Clone(c.Routes)
	slices.SortStableFunc(c.Routes, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	gin.SetMode(gin.ReleaseMode)
	s := &Server{config: c, engine: gin.New(), schemas: openapi.NewSchemas()}
	if err := c.Deciders.Check(); err != nil {
		return nil, err
	}
	s.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "parley_http_request_duration_seconds", Help: "Time to answer, by route and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"method", "route", "status"})
	if c.Registry != nil {
		if err := c.Registry.Register(s.duration); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	s.engine.RedirectTrailingSlash = false
	s.engine.RedirectFixedPath = false
	s.engine.HandleMethodNotAllowed = true
	s.engine.ContextWithFallback = true
	s.engine.Use(s.around)
	s.engine.NoRoute(s.unknown)
	s.engine.NoMethod(s.unknown)
	// gin panics on conflicting paths; to the caller that is an error.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("building the routes: %v", p)
		}
	}()
	for i := range c.Routes {
		if err := s.add(&c.Routes[i]); err != nil {
			return nil, err
		}
	}
	if s.document, err = s.describe(); err != nil {
		return nil, err
	}
	s.addServerRoutes()
	s.addPages()
	s.handler = crossOrigin(c.Origins, s.engine)
	if telling, ok := c.Authenticator.(Telling); ok {
		telling.OnChange(s.streams.changed)
	}
	return s, nil
}

func (s *Server) add(r *Route) error {
	if !r.Policy.Declared() {
		return fmt.Errorf("%s %s has no policy", r.Method, r.Path)
	}
	var err error
	if r.binding, err = newBinding(s.schemas, r.request, r.params()); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	r.binding.tag = cursorTag(r.Path)
	r.binding.limit = r.bodyLimit()
	r.binding.anyBody = r.anyBody
	if r.csv {
		if r.columns, err = columnsOf(r); err != nil {
			return err
		}
	}
	if err := s.fits(r); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	s.engine.Handle(r.Method, r.ginPath(), func(g *gin.Context) { s.serve(g, r) })
	return nil
}

// bodyLimit is the largest body of the operation that is kept in memory.
func (r *Route) bodyLimit() int64 {
	switch {
	case r.binding.body == nil && r.binding.formAt == nil:
		return maxNoBody
	case r.Policy.public:
		return maxPublicBody
	}
	return maxBody
}

// Drain ends every stream, so that a shutdown does not wait for them.
func (s *Server) Drain() { s.streams.drain() }

// OpenAPI is the document as it is served.
func (s *Server) OpenAPI() []byte { return s.document }

// Routes are the operations, as they were given.
func (s *Server) Routes() []Route { return s.config.Routes }

var errDraining = errors.New("the server is going down")
