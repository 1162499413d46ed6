package openapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"parley/platform/openapi"
)

func TestThePageRunsItsOwnScriptsAndCannotBeFramed(t *testing.T) {
	w := httptest.NewRecorder()
	openapi.Page("/openapi.json", "/docs").ServeHTTP(w, httptest.NewRequest("GET", "/docs", nil))
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-ancestors 'none'") || w.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("the policy is %s", policy)
	}
	scripts, _, _ := strings.Cut(policy[strings.Index(policy, "script-src"):], ";")
	if strings.Contains(scripts, "unsafe") {
		t.Errorf("any script may run: %s", scripts)
	}
	inline := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(w.Body.String(), -1)
	if len(inline) == 0 {
		t.Fatal("the page has no script")
	}
	for _, m := range inline {
		sum := sha256.Sum256([]byte(m[1]))
		if !strings.Contains(scripts, base64.StdEncoding.EncodeToString(sum[:])) {
			t.Errorf("a script of the page may not run: %.80s", m[1])
		}
	}
	if strings.Contains(w.Body.String(), "onload=") || strings.Contains(w.Body.String(), "onclick=") {
		t.Error("the page has handlers that may not run")
	}
}
