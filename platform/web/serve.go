package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
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
	if r.Long && !r.Policy.public {
		allowLong(g.Request)
		request := g.Request
		again := func() (actor.Actor, error) { return s.authenticate(request.Context(), request) }
		g.Request = request.WithContext(context.WithValue(request.Context(), callerKey{}, again))
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
