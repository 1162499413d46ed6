package webtest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"parley/platform/web"
)

type nothing struct{}

type thingRequest struct {
	ThingID int64 `path:"thing_id"`
}

// liar shows something else than its fields, as said.
type liar struct {
	ID   int64     `json:"id"`
	On   web.Time  `json:"on"`
	Gone *web.Time `json:"gone"`

	said string
}

func (l liar) MarshalJSON() ([]byte, error) { return json.RawMessage(l.said), nil }

func liars(said string) (*web.Server, error) {
	one := func(context.Context, thingRequest) (liar, error) { return liar{said: said}, nil }
	all := func(context.Context, nothing) (web.WithMeta[[]liar, liar], error) {
		return web.WithMeta[[]liar, liar]{Data: []liar{{said: said}}, Meta: &liar{said: said}}, nil
	}
	return web.New(web.Config{
		Log: slog.New(slog.DiscardHandler), Authenticator: Actors{"jo": {UserID: 7}},
		Routes: []web.Route{
			web.GET("/api/liar/all", "All", all, web.User()),
			web.GET("/api/liar/{thing_id}", "One", one, web.User()),
		},
	})
}

// recorder takes the failures that are due.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, _ ...any) { r.failures = append(r.failures, format) }

func TestAnAnswerThatTheDocumentDoesNotDescribeFailsTheTest(t *testing.T) {
	const on = `"2024-10-02T00:02:24.378434Z"`
	for said, fails := range map[string]bool{
		`{"id":1,"on":` + on + `,"gone":null}`:         false,
		`{"id":1,"on":` + on + `,"gone":` + on + `}`:   false,
		`{"id":1,"on":` + on + `}`:                     true, // a field is missing
		`{"id":1,"on":` + on + `,"gone":null,"new":1}`: true, // one that is not described
		`{"id":1,"on":null,"gone":null}`:               true,
		`{"id":"1","on":` + on + `,"gone":null}`:       true,
		`{"id":1,"on":"yesterday","gone":null}`:        true,
	} {
		s, err := liars(said)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/api/liar/1", "/api/liar/all", "/api/liar/1/"} {
			r := &recorder{TB: t}
			New(r, s).As("jo").Do("GET", path, nil).Want(200)
			if (len(r.failures) > 0) != fails {
				t.Errorf("GET %s, which answers %s: %v", path, said, r.failures)
			}
		}
	}
}

func TestRefusalsAreHeldToTheDocumentToo(t *testing.T) {
	s, err := liars(`{}`)
	if err != nil {
		t.Fatal(err)
	}
	promised, err := contractOf(s)
	if err != nil {
		t.Fatal(err)
	}
	client := New(t, s).As("jo")
	good := client.Do("GET", "/api/liar/0", nil).Refused(404, "not_found")
	client.Do("PUT", "/api/liar/1", nil).Refused(405, "method_not_allowed")
	client.Do("GET", "/api/nowhere", nil).Refused(404, "not_found")
	client.As("").Do("GET", "/api/liar/1", nil).Refused(401, "unauthenticated")
	client.Do("GET", "/healthz", nil).Want(200)
	for name, change := range map[string]func(*Answer){
		"a field less":     func(a *Answer) { a.Body = []byte(strings.Replace(string(a.Body), `"code"`, `"kode"`, 1)) },
		"another type":     func(a *Answer) { a.Header = http.Header{"Content-Type": {"text/html"}} },
		"no type":          func(a *Answer) { a.Header = http.Header{} },
		"no JSON":          func(a *Answer) { a.Body = a.Body[1:] },
		"a status besides": func(a *Answer) { a.Status = 204 },
	} {
		bad := good
		change(&bad)
		if promised.check("GET", "/api/liar/0", bad) == nil {
			t.Errorf("%s is let pass", name)
		}
	}
}

type makeRequest struct {
	Body struct {
		Name string `json:"name"`
		Note string `json:"note,omitempty"`
	}
}

func TestABodyIsHeldToTheDocument(t *testing.T) {
	s, err := web.New(web.Config{
		Log: slog.New(slog.DiscardHandler), Authenticator: Actors{"jo": {UserID: 7}},
		Routes: []web.Route{
			web.POST("/api/thing", "Make", func(context.Context, makeRequest) (nothing, error) { return nothing{}, nil }, web.User()),
			web.POST("/api/touch", "Touch", func(context.Context, nothing) (nothing, error) { return nothing{}, nil }, web.User()),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	promised, err := contractOf(s)
	if err != nil {
		t.Fatal(err)
	}
	for body, fits := range map[string]bool{
		`{"name":"a"}`: true, `{"name":"a","note":null}`: true,
		`{"name":null}`: false, `{}`: false, `{"name":"a","more":1}`: false, `{`: false,
	} {
		if err := promised.checkBody("POST", "/api/thing?x=1", []byte(body)); (err == nil) != fits {
			t.Errorf("%s: %v", body, err)
		}
	}
	client := New(t, s).As("jo")
	client.Do("POST", "/api/thing", `{"name":"a","note":null}`).Want(200)
	client.Do("POST", "/api/thing", `{"name":null}`).Want(400)
	client.Do("POST", "/api/touch", `{}`).Want(200)
	r := &recorder{TB: t}
	New(r, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"success":true,"message":"","data":{}}`))
	})).CheckedAgainst(s).Do("POST", "/api/thing", `{"name":null}`)
	if len(r.failures) != 1 || !strings.Contains(r.failures[0], "took what") {
		t.Errorf("%v", r.failures)
	}
}
