package webtest

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// Actors are the callers by token. It implements web.Authenticator.
type Actors map[string]actor.Actor

// Authenticate implements web.Authenticator.
func (a Actors) Authenticate(_ context.Context, c web.Credentials) (actor.Actor, error) {
	if who, ok := a[c.Bearer]; ok {
		return who, nil
	}
	return actor.Actor{}, web.ErrUnauthenticated
}

// Serve builds a server of the routes and answers its client.
func Serve(t testing.TB, a web.Authenticator, routes ...[]web.Route) Client {
	t.Helper()
	s, err := web.New(web.Config{Routes: slices.Concat(routes...), Authenticator: a, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return New(t, s)
}
