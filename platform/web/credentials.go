package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
	"parley/platform/observe"
)

const apiKeyHeader = "Ocp-Apim-Subscription-Key"

// Credentials are what a request brings to say who acts.
type Credentials struct {
	Bearer string // of Authorization
	APIKey string // of Ocp-Apim-Subscription-Key
}

// Authenticator turns credentials into an actor.
type Authenticator interface {
	// Authenticate answers who acts, or an error of kind Unauthenticated. A
	// suspended or deleted user is nobody from the next call on. When the
	// credentials are known but void, the actor beside the error says whose
	// they were, for the audit log.
	Authenticate(ctx context.Context, c Credentials) (actor.Actor, error)
}

// Telling is an Authenticator that tells of changes.
type Telling interface {
	Authenticator
	// OnChange has told called with users whose credentials or rights have
	// changed, after the change and in any process. It does not block. It is for
	// the time before the first request.
	OnChange(told func(userIDs ...int64))
}

func credentials(r *http.Request) Credentials {
	c := Credentials{APIKey: r.Header.Get(apiKeyHeader)}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		c.Bearer = strings.TrimSpace(token)
	}
	return c
}

func (s *Server) authenticate(ctx context.Context, r *http.Request) (actor.Actor, error) {
	if len(r.Header.Values("Authorization")) > 1 || len(r.Header.Values(apiKeyHeader)) > 1 {
		return actor.Actor{}, ErrUnauthenticated.WithMessage("Send each of your credentials once: who reads another of them takes you for somebody else.")
	}
	c := credentials(r)
	if c == (Credentials{}) {
		return actor.Actor{}, ErrUnauthenticated
	}
	return s.config.Authenticator.Authenticate(ctx, c)
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

type callerKey struct{}

// CallerNow says who acts at this moment, for handlers that read a body over
// a long time: the credentials are checked once more.
func CallerNow(ctx context.Context) (actor.Actor, error) {
	again, ok := ctx.Value(callerKey{}).(func() (actor.Actor, error))
	if !ok {
		return actor.From(ctx), nil
	}
	return again()
}
