package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/platform/web"
)

func TestAPageRunsOnlyWhatStandsInIt(t *testing.T) {
	s, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Pages: []web.Page{{Path: "/hello", HTML: "<style>b{}</style><script>1</script><script src=x></script>"}}})
	if err != nil {
		t.Fatal(err)
	}
	for method, status := range map[string]int{http.MethodGet: 200, http.MethodHead: 200, http.MethodPost: 405} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/hello", http.NoBody))
		if w.Code != status {
			t.Errorf("%s: %d", method, w.Code)
		}
		if status != 200 {
			continue
		}
		h := w.Header()
		// The digests of "1" and "b{}".
		want := "default-src 'none'; script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='; style-src 'sha256-"
		if got := h.Get("Content-Security-Policy"); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'") {
			t.Errorf("the policy is %q", got)
		}
		if h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("headers %v", h)
		}
	}
}

func TestWhoComesWithoutCredentialsSendsLittle(t *testing.T) {
	c := api(t)
	c.Do("POST", "/api/login", strings.Repeat("x", 16<<10+1)).Want(413)
	if c.Do("POST", "/api/login", strings.Repeat("x", 16<<10)).Status == 413 {
		t.Error("16 KiB are too many")
	}
	if c.As("user").Do("POST", "/api/thing", strings.Repeat("x", 16<<10+1)).Status == 413 {
		t.Error("a user may send no more")
	}
}
