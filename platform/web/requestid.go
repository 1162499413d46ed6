package web

import (
	"context"
	"net/http"
	"regexp"

	"parley/platform/kernel/id"
)

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
