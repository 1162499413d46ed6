package weblink_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/modules/corpora/internal/adapters/weblink"
	"parley/modules/corpora/internal/core"
	"parley/platform/safehttp"
)

const most = 100_000

func fetcher() *weblink.Fetcher {
	limits := safehttp.Limits{Connect: time.Second, Answer: 100 * time.Millisecond, Total: time.Second, Redirects: 3}
	return weblink.New(limits, most, netip.MustParsePrefix("127.0.0.1/32"))
}

func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAPageComesAsItWasSentWithTheEncodingThatItsServerDeclares(t *testing.T) {
	for name, c := range map[string]struct{ header, kind, charset, sent string }{
		"declared":                    {"text/html; charset=windows-1251", "text/html", "windows-1251", "<p>\xcf\xf0\xe8\xe2\xe5\xf2"},
		"by another name":             {`text/html; charset="GB2312"`, "text/html", "gbk", "<p>\xc4\xe3"},
		"declared by the page":        {"text/html", "text/html", "", "<meta charset=shift_jis><p>\x93\xfa\x96\x7b"},
		"an encoding nobody knows":    {"text/html; charset=klingon", "text/html", "", "<p>x"},
		"UTF-8, long after its start": {"text/plain", "text/plain", "", strings.Repeat("x", 70_000) + "ü"},
		"no text":                     {"application/pdf", "application/pdf", "", "%PDF \xf6"},
		"without a type":              {"", "application/octet-stream", "", "%PDF \xf6"},
	} {
		link := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{c.header}
			_, _ = io.WriteString(w, c.sent)
		})
		got, err := fetcher().Fetch(t.Context(), link, "", "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := io.ReadAll(got.Body)
		if err != nil || string(text) != c.sent || got.MimeType != c.kind || got.Charset != c.charset {
			t.Errorf("%s: %.100q as %s in %q, %v", name, text, got.MimeType, got.Charset, err)
		}
		if err := got.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestACopyIsAskedAboutByItsMarks(t *testing.T) {
	link := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Fri, 01 May 2026 12:00:00 GMT")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") == "Fri, 01 May 2026 12:00:00 GMT" {
			w.WriteHeader(http.StatusNotModified)
		}
	})
	first, err := fetcher().Fetch(t.Context(), link, "", "")
	if err != nil || first.Body == nil || first.MimeType != "text/html" || first.ETag != `"v1"` || first.LastModified != "Fri, 01 May 2026 12:00:00 GMT" {
		t.Fatalf("%+v, %v", first, err)
	}
	defer first.Body.Close()
	second, err := fetcher().Fetch(t.Context(), link, first.ETag, first.LastModified)
	if err != nil || second.Body != nil {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestWhatCannotBeFetchedIsExplained(t *testing.T) {
	status := func(code int) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	private := strings.Replace(status(200), "127.0.0.1", "127.0.0.2", 1)
	endless := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 10_000)); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		link, sentence string
		again          bool
	}{
		"not there":            {status(404), "status 404", false},
		"not allowed":          {status(401), "status 401", false},
		"not changed, unasked": {status(304), "status 304", false},
		"broken":               {status(502), "status 502", true},
		"busy":                 {status(429), "status 429", true},
		"private":              {private, "not public", false},
		"redirected inside":    {serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, private, http.StatusFound) }), "not public", false},
		"redirected for ever":  {serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }), "too often", false},
		"redirected to a file": {serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}), "no plain http", false},
		"no URL":       {"http://[", "no http", false},
		"nobody there": {"http://127.0.0.1:1", "could not be reached", true},
		"silent":       {serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "in time", true},
		"endless":      {serve(t, endless), "larger", false},
		"broken off": {serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "begin")
		}), "completely", true},
	} {
		got, err := fetcher().Fetch(t.Context(), c.link, "", "")
		if err == nil {
			_, err = io.ReadAll(got.Body)
			got.Body.Close()
		}
		var e *core.FetchError
		if !errors.As(err, &e) || !strings.Contains(e.Sentence, c.sentence) || e.Again != c.again {
			t.Errorf("%s: %v", name, err)
		}
	}
}
