package graphapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/modules/sharepoint/internal/core"
)

// FuzzGraph answers each call with the same bytes, as a broken server or
// somebody in between would.
func FuzzGraph(f *testing.F) {
	for _, body := range []string{
		`{"value":[{"id":"1","name":"a","parentReference":{"id":"r"},"file":{"mimeType":"text/plain;x"},"size":-1}],"@odata.nextLink":"http://elsewhere.example/"}`,
		`{"id":"1","name":"../x","folder":{},"root":{}}`, `{"error":{"code":"resyncRequired","innerError":{"code":"x","innerError":{}}}}`, `[`, `null`, `{"value":null}`, `{"value":[null]}`, `{"value":[{"deleted":{}}]}`,
		`{"value":[{"grantedToV2":null,"grantedToIdentitiesV2":[null],"link":{"scope":"anonymous"}}]}`, `{"access_token":"x","expires_in":-1}`,
	} {
		for _, status := range []int{200, 301, 404, 410, 429, 503} {
			f.Add(status, "99999999999999", "https://elsewhere.example/", body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, after, location, body string) {
		if status < 200 || status > 599 || strings.ContainsAny(after+location, "\r\n") || len(body) > 1<<16 {
			t.Skip()
		}
		elsewhere := 0
		s := newScene(t)
		answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "token") {
				_, _ = io.WriteString(w, `{"access_token":"x","token_type":"Bearer","expires_in":3600}`)
				return
			}
			if r.Host != s.url[len("http://"):] {
				elsewhere++
			}
			w.Header().Set("Retry-After", after)
			w.Header().Set("Location", location)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		defer answers.Close()
		s.url = answers.URL
		c := s.client("secret")
		ctx := t.Context()
		changes, err := c.Changes(ctx, "d!1", "")
		if err == nil && !strings.HasPrefix(changes.Token, s.url) {
			t.Errorf("follows %q", changes.Token)
		}
		_, _ = c.Readers(ctx, "d!1/2")
		_, _ = c.At(ctx, "/sites/hr/Documents/a")
		var entries []core.Entry
		entries, err = c.Children(ctx, "d!1/2")
		if err != nil && len(entries) > 0 {
			t.Errorf("%d entries and %v", len(entries), err)
		}
		for _, d := range s.waited {
			if d < 0 || d > time.Hour {
				t.Errorf("waited for %v", d)
			}
		}
		if elsewhere > 0 {
			t.Errorf("%d calls went elsewhere", elsewhere)
		}
	})
}
