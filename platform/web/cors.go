package web

import (
	"net/http"
	"time"

	"github.com/rs/cors"
)

// What web applications of other origins may send and read, and how long a
// browser keeps the answer to a preflight.
var (
	corsSent = []string{"Accept", "Authorization", "Cache-Control", "Content-Type", "Last-Event-ID", apiKeyHeader, idempotencyHeader, "X-Request-Id"}
	corsRead = []string{"X-Request-Id", "Retry-After", "Location", replayedHeader, "Content-Disposition", "WWW-Authenticate"}
)

const corsKept = 10 * time.Minute

// crossOrigin lets web applications of the given origins call next. A
// preflight is answered here, before anything asks for credentials. "*" stands
// for every origin, which then may not send a browser's own credentials.
// Without origins, next is what it was.
func crossOrigin(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 { // which cors takes for all of them
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins:   origins,
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowedHeaders:   corsSent,
		ExposedHeaders:   corsRead,
		AllowCredentials: origins[0] != "*",
		MaxAge:           int(corsKept.Seconds()),
	}).Handler(next)
}
