package web

import (
	"mime"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parley/platform/kernel/text"
	"parley/platform/openapi"
)

// fuzzed has each type that a query may have.
type fuzzed struct {
	ListQuery
	ID     int64      `path:"id"`
	Number *int64     `query:"number" minimum:"0"`
	Flag   *bool      `query:"flag"`
	From   *time.Time `query:"from"`
	Text   string     `query:"text" maxLength:"20"`
	Kind   string     `query:"kind" enum:"a,b"`
	Key    string     `header:"X-Key" maxLength:"8"`
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"", "number=1", "number=01", "number=+1", "number=-0", "number=9223372036854775808", "flag=TRUE", "from=2024-10-02T00:02:24Z", "from=0000-01-01T00:00:00%2B23:59", "text=%00", "text=%ff",
		"text=%F0%9F%98%80", "kind=a&kind=b", "page=1&cursor=", "page=0", "items_per_page=1000000", "cursor=eyJpIjoxfQ", "a;b=c", "%zz", "=&=", "number[]=1", "number=1&Number=2", "TEXT=x",
	} {
		f.Add(q, "1", "k")
	}
	b, err := newBinding(openapi.NewSchemas(), reflect.TypeFor[fuzzed](), []string{"id"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query, id, key string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		r.Header["X-Key"] = []string{key}
		v, err := b.bind(reflect.TypeFor[fuzzed](), r, func(string) string { return id }, 0)
		if err != nil {
			return
		}
		got, ok := v.Interface().(fuzzed)
		sent, err := url.ParseQuery(query)
		if !ok || err != nil {
			t.Fatalf("%q was bound: %v", query, err)
		}
		if strconv.FormatInt(got.ID, 10) != id || got.ID < 1 || got.Number != nil && (*got.Number < 0 || sent.Get("number") != strconv.FormatInt(*got.Number, 10)) {
			t.Errorf("%q and %q became %+v", id, query, got)
		}
		if utf8.RuneCountInString(got.Text) > 20 || !utf8.ValidString(got.Text) || strings.ContainsRune(got.Text, 0) || got.Kind != "" && got.Kind != "a" && got.Kind != "b" {
			t.Errorf("%q became %+v", query, got)
		}
		for name, values := range sent {
			if len(values) != 1 || !strings.Contains(" page items_per_page cursor number flag from text kind ", " "+name+" ") {
				t.Errorf("%q was taken with %q", query, name)
			}
		}
	})
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"username=a%40b.c&password=x+y", "a=1&a=2", "a;b", "%", "=", "&&", "a=%00", "\xff=\xfe"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseForm(raw)
		if err != nil {
			return
		}
		again := url.Values{}
		for name, value := range got {
			again.Set(name, value)
		}
		back, err := parseForm([]byte(again.Encode()))
		if err != nil || !reflect.DeepEqual(back, got) {
			t.Errorf("%q became %q, and %q: %v", raw, got, back, err)
		}
	})
}

func FuzzAccept(f *testing.F) {
	for _, s := range []string{"text/csv", "*/*;q=0.1, text/csv;q=1.000", "text/csv;q=2", "text/*;Q=0.5;a=b,application/json", ",,;;==", "text/csv;q=0.0001", "a/b/c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		ranges := mediaRanges([]string{header, header})
		if len(ranges) > maxRanges {
			t.Errorf("%d ranges", len(ranges))
		}
		for _, m := range ranges {
			if m.q < 0 || m.q > 1000 || m.major != strings.ToLower(m.major) {
				t.Errorf("%q has %+v", header, m)
			}
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept"] = []string{header}
		if wantsCSV(r) && !strings.Contains(header, "/") {
			t.Errorf("%q wants CSV", header)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "//", "/api/user/1/", "///a//b//", "", "a", "/..", "/%2e%2e/", "/api/user/01", "/api/user/１"} {
		f.Add(s)
	}
	route := Route{Path: "/api/user/{user_id}"}
	f.Fuzz(func(t *testing.T, path string) {
		got := normal(path)
		if normal(got) != got || strings.HasPrefix(got, "//") || len(got) > 1 && strings.HasSuffix(got, "/") {
			t.Errorf("%q became %q", path, got)
		}
		if route.leads(got) {
			if id, err := strconv.ParseInt(strings.TrimPrefix(got, "/api/user/"), 10, 64); err != nil || got != "/api/user/"+strconv.FormatInt(id, 10) || id < 1 {
				t.Errorf("%q leads to a user", path)
			}
		}
	})
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"a.txt", "../../etc/passwd", `C:\a.txt`, "a\r\nSet-Cookie: x=1", "\x00", "é.pdf", "\xe9.pdf", "\"; filename=b", "a;b=c", strings.Repeat("x", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		header := contentDisposition(name)
		if strings.ContainsAny(header, "\r\n\x00") {
			t.Errorf("%q makes the header %q", name, header)
		}
		if utf8.ValidString(name) {
			if _, params, err := mime.ParseMediaType(header); header != "" && (err != nil || params["filename"] != name) {
				t.Errorf("%q is sent as %q, which is %q: %v", name, header, params["filename"], err)
			}
		}
		// What an upload calls itself never has a directory.
		var body strings.Builder
		w := multipart.NewWriter(&body)
		if _, err := w.CreateFormFile("file", name); err != nil || w.Close() != nil {
			return
		}
		r := httptest.NewRequest("POST", "/", strings.NewReader(body.String()))
		r.Header.Set("Content-Type", w.FormDataContentType())
		var m Multipart[struct{}]
		if m.open(r, 1<<20, nil) != nil {
			return
		}
		_ = m.Each(func(p Part) error {
			if !utf8.ValidString(p.FileName) || strings.Contains(p.FileName, "/") || p.FileName != text.Readable(p.FileName) {
				t.Errorf("%q was uploaded as %q", name, p.FileName)
			}
			return nil
		})
	})
}
