package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/observe"
)

// Credentials are what a request brings to say who acts.
type Credentials struct {
	Bearer string // of Authorization
	APIKey string // of Ocp-Apim-Subscription-Key
}

const apiKeyHeader = "Ocp-Apim-Subscription-Key"

// Authenticator turns credentials into an actor.
type Authenticator interface {
	// Authenticate answers who acts, or an error of kind Unauthenticated. A
	// suspended or deleted user is nobody from the next call on. When the
	// credentials are known but void, the actor beside the error says whose
	// they were, for the audit log.
	Authenticate(ctx context.Context, c Credentials) (actor.Actor, error)
}

// Config is what the HTTP side needs.
type Config struct {
	Routes        []Route
	Authenticator Authenticator
	Idempotency   Idempotency // nil: the header has no effect
	// Secret keys the stored fingerprints of idempotent requests. After it is
	// changed, earlier requests can't be repeated with their key.
	Secret []byte
	// Deciders decide about the resources that policies name. They are asked
	// before a stored answer is sent again.
	Deciders []access.Decider
	// Auditor keeps the audit log; nil keeps none.
	Auditor Auditor
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Registry       *prometheus.Registry
	Checks         []observe.Check
	MaxUpload      int64         // bytes of a multipart body; 0 means 100 MiB
	Timeout        time.Duration // of an ordinary request; 0 means 30 s
	Version        string
}

// Server answers the API's requests.
type Server struct {
	config   Config
	engine   *gin.Engine
	registry *schemas
	deciders map[string]mayFunc
	openapi  []byte
	duration *prometheus.HistogramVec
	// draining is closed when the server goes down, so that streams end.
	draining chan struct{}
	drain    sync.Once
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
	s := &Server{config: c, engine: gin.New(), registry: newRegistry(), draining: make(chan struct{})}
	if s.deciders, err = decidersOf(c.Deciders); err != nil {
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
	if s.openapi, err = s.describe(); err != nil {
		return nil, err
	}
	s.addServerRoutes()
	return s, nil
}

func (s *Server) add(r *Route) error {
	if !r.Policy.Declared() {
		return fmt.Errorf("%s %s has no policy", r.Method, r.Path)
	}
	var err error
	if r.binding, err = newBinding(s.registry, r.request, r.params()); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	r.binding.tag = cursorTag(r.Path)
	if err := s.fits(r); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	s.engine.Handle(r.Method, r.ginPath(), func(g *gin.Context) { s.serve(g, r) })
	return nil
}

// serve runs one request through the checks, in the contract's order.
func (s *Server) serve(g *gin.Context, r *Route) {
	ctx := g.Request.Context()
	if !r.Long {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.Timeout)
		defer cancel()
	}
	g.Request = g.Request.WithContext(ctx)
	if _, err := s.caller(g, r); err != nil {
		s.fail(g, err)
		return
	}
	if r.Long {
		allowLong(g.Request)
		again := func() (actor.Actor, error) { return s.caller(g, r) }
		g.Request = g.Request.WithContext(context.WithValue(g.Request.Context(), callerKey{}, again))
	}
	if r.idempotent() && !r.ByHandler && !r.Policy.public && g.GetHeader(idempotencyHeader) != "" {
		s.idempotent(g, r)
		return
	}
	s.answer(g, r)
}

// caller says who acts, as far as the route needs to know, and puts it into
// the request's context. It is asked again once the body has come: a client
// may take its time, and what it may do can have changed meanwhile.
func (s *Server) caller(g *gin.Context, r *Route) (actor.Actor, error) {
	if r.Policy.public {
		return actor.Actor{}, nil
	}
	ctx := g.Request.Context()
	who, err := s.authenticate(ctx, g.Request)
	if err != nil {
		s.refused(g, r, who, err)
		return who, err
	}
	if !actor.From(ctx).Known() {
		ctx = observe.With(ctx, slog.Int64("user_id", who.UserID))
	}
	g.Request = g.Request.WithContext(actor.In(ctx, who))
	return who, nil
}

// answer binds, checks the caller's level and key, and runs the handler.
func (s *Server) answer(g *gin.Context, r *Route) {
	request, err := r.binding.bind(r.request, g.Request, g.Param, s.config.MaxUpload)
	if errors.Is(err, errNoID) {
		s.unknown(g)
		return
	}
	if err != nil {
		s.fail(g, err)
		return
	}
	who := actor.From(g.Request.Context())
	if !reads(r.Method) { // a body has come meanwhile
		who, err = s.caller(g, r)
	}
	if err == nil && who.Known() {
		if err = r.mayCall(who); err == nil {
			err = r.maySend(who, func(field string) (any, bool) { return r.binding.sent(request, field) })
		}
		if err != nil {
			s.refused(g, r, who, err)
		}
	}
	if err != nil {
		s.fail(g, err)
		return
	}
	audited, entry := s.begin(g, r, who, request)
	answer, err := r.call(audited, request)
	s.end(g.Request.Context(), entry, err)
	if err != nil {
		s.refused(g, r, who, err)
		s.fail(g, err)
		return
	}
	s.write(g, r, answer)
}

func (s *Server) authenticate(ctx context.Context, r *http.Request) (actor.Actor, error) {
	c := credentials(r)
	if c == (Credentials{}) {
		return actor.Actor{}, ErrUnauthenticated
	}
	return s.config.Authenticator.Authenticate(ctx, c)
}

func credentials(r *http.Request) Credentials {
	c := Credentials{APIKey: r.Header.Get(apiKeyHeader)}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		c.Bearer = strings.TrimSpace(token)
	}
	return c
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
			s.config.Log.ErrorContext(ctx, "panic", "panic", p, "stack", string(debug.Stack()))
			if !g.Writer.Written() {
				s.fail(g, ErrInternal)
			}
			g.Abort()
		}
		path := g.FullPath()
		if path == "" {
			path = "none"
		}
		took := time.Since(start)
		s.duration.WithLabelValues(methodLabel(g.Request.Method), path, fmt.Sprint(g.Writer.Status())).Observe(took.Seconds())
		s.config.Log.DebugContext(g.Request.Context(), "request", "method", g.Request.Method, "route", path, "status", g.Writer.Status(), "ms", took.Milliseconds())
	}()
	s.guard(g)
	g.Next()
}

// write answers a success.
func (s *Server) write(g *gin.Context, r *Route, answer any) {
	switch a := answer.(type) {
	case responder:
		a.respond(s, g, r)
		return
	case ShownOnce:
		g.JSON(r.Status, success{Success: true, Message: r.Message, Data: answer})
		if rec, ok := g.Writer.(*recorder); ok {
			rec.replace(success{Success: true, Message: r.Message, Data: a.WithoutSecrets()})
		}
		return
	case enveloped:
		data, meta := a.envelope()
		if list, ok := meta.(interface{ listed() *Meta }); ok {
			list.listed().tag(r.binding.tag)
		}
		g.JSON(r.Status, success{Success: true, Message: r.Message, Data: data, Meta: meta})
		return
	}
	if r.Flat {
		g.JSON(r.Status, answer)
		return
	}
	if v := reflect.ValueOf(answer); v.Kind() == reflect.Slice && v.IsNil() {
		answer = []struct{}{}
	}
	g.JSON(r.Status, success{Success: true, Message: r.Message, Data: answer})
}

// ShownOnce is an answer with secrets in it. The repetition of the request
// with the same Idempotency-Key is answered without them.
type ShownOnce interface {
	WithoutSecrets() any
}

// responder is an answer that is not one JSON value.
type responder interface {
	respond(s *Server, g *gin.Context, r *Route)
}

// fail answers an error in the one form that errors have.
func (s *Server) fail(g *gin.Context, err error) {
	e := explain(g.Request.Context(), s.config.Log, tooLarge(err, s.config.MaxUpload))
	if e.RetryAfter > 0 {
		g.Header("Retry-After", fmt.Sprint(int64((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.Location != "" {
		g.Header("Location", e.Location)
	}
	if e.Kind == apperr.Unauthenticated {
		g.Header("WWW-Authenticate", "Bearer")
	}
	if e.Kind == apperr.TooLarge || e == errSlowBody {
		// The rest of the body is not read, so the connection can't be reused.
		g.Header("Connection", "close")
	}
	fields := e.Fields
	if fields == nil {
		fields = []apperr.Field{}
	}
	g.AbortWithStatusJSON(status(e), failure{Message: e.Message, Detail: e.Message, Code: e.Code, Errors: fields, RequestID: RequestID(g.Request.Context())})
}

// ServeHTTP implements http.Handler. Trailing and doubled leading slashes are
// taken away in front of the router: a redirect would lose the body.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := normal(r.URL.Path); p != r.URL.Path {
		u := *r.URL
		u.Path, u.RawPath = p, ""
		c := *r
		c.URL = &u
		r = &c
	}
	s.engine.ServeHTTP(w, r)
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

// Drain ends every stream, so that a shutdown does not wait for them.
func (s *Server) Drain() { s.drain.Do(func() { close(s.draining) }) }

// Routes are the operations, as they were given.
func (s *Server) Routes() []Route { return s.config.Routes }

var errDraining = errors.New("the server is going down")
