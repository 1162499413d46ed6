package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type anybody struct{}

func (anybody) Authenticate(_ context.Context, c web.Credentials) (actor.Actor, error) {
	if c.Bearer != "valid" {
		return actor.Actor{}, web.ErrUnauthenticated
	}
	return actor.Actor{UserID: 1}, nil
}

// fromElsewhere answers a request of a web application of an origin, from a
// server that lets origins call.
func fromElsewhere(t *testing.T, origins []string, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	one := false
	stream := func(context.Context, struct{}) (web.EventStream, error) {
		return web.EventStream{Next: func(context.Context) ([]byte, error) {
			if one {
				return nil, io.EOF
			}
			one = true
			return []byte("{}"), nil
		}}, nil
	}
	s, err := web.New(web.Config{
		Routes:        []web.Route{web.GET("/api/stream", "Follow Stream", stream, web.User(), web.Long())},
		Authenticator: anybody{}, Origins: origins, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const app = "https://app.example.com"

func TestAPreflightNeedsNoCredentials(t *testing.T) {
	w := fromElsewhere(t, []string{app}, "OPTIONS", "/api/stream", "Origin", app,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,idempotency-key,ocp-apim-subscription-key")
	h := w.Header()
	if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != app || h.Get("Access-Control-Allow-Methods") != "POST" || h.Get("Access-Control-Max-Age") == "" {
		t.Errorf("%d %v", w.Code, h)
	}
	if got := h.Get("Access-Control-Allow-Headers"); !strings.Contains(got, "authorization") || !strings.Contains(got, "idempotency-key") {
		t.Errorf("headers allowed: %q", got)
	}
	if !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
		t.Errorf("Vary is %q", h.Values("Vary"))
	}
}

func TestAnotherOriginIsToldNothing(t *testing.T) {
	for _, other := range []string{"https://app.example.com.evil.org", "http://app.example.com", "https://sub.app.example.com", "null"} {
		for _, method := range []string{"OPTIONS", "GET"} {
			w := fromElsewhere(t, []string{app}, method, "/api/stream", "Origin", other, "Access-Control-Request-Method", "GET", "Authorization", "Bearer valid")
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%s from %s is allowed to %q", method, other, got)
			}
			if !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Origin") {
				t.Errorf("%s from %s: Vary is %q", method, other, w.Header().Values("Vary"))
			}
		}
	}
}

func TestAStreamAndARefusalCanBeReadFromElsewhere(t *testing.T) {
	for header, status := range map[string]int{"Bearer valid": 200, "Bearer void": 401} {
		w := fromElsewhere(t, []string{app}, "GET", "/api/stream", "Origin", app, "Authorization", header)
		h := w.Header()
		if w.Code != status || h.Get("Access-Control-Allow-Origin") != app || h.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s: %d %v", header, w.Code, h)
		}
		for _, name := range []string{"X-Request-Id", "Retry-After", "Location", "Idempotency-Replayed"} {
			if !strings.Contains(h.Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("%s is not exposed by %q", name, h.Get("Access-Control-Expose-Headers"))
			}
		}
		if status == 200 && w.Body.String() != "data: {}\n\n" {
			t.Errorf("the stream is %q", w.Body)
		}
	}
}

func TestEveryOriginMayCallWithoutABrowsersCredentials(t *testing.T) {
	w := fromElsewhere(t, []string{"*"}, "GET", "/api/stream", "Origin", app, "Authorization", "Bearer valid")
	if h := w.Header(); w.Code != 200 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v", w.Code, h)
	}
}

func TestWithoutOriginsNothingIsSaidOfThem(t *testing.T) {
	w := fromElsewhere(t, nil, "OPTIONS", "/api/stream", "Origin", app, "Access-Control-Request-Method", "GET")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
