package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
	"parley/platform/memory/keys"
	"parley/platform/web"
	"parley/platform/webtest"
)

func TestABodyIsReadInTheTimeOfItsLength(t *testing.T) {
	user := api(t).As("user")
	long := strings.Repeat("k", 201)
	answer := user.Do("POST", "/api/thing", fmt.Sprintf(`{%q:[1]}`, long)).Refused(400, "malformed_request")
	if len(answer.Body) > 1000 || strings.Contains(string(answer.Body), long) {
		t.Errorf("the name comes back: %.200s", answer.Body)
	}
	for body, want := range map[string]string{
		`{"a":[{"b":[1,{"c":"` + "\\u0000" + `"}]}]}`: "a[0].b[1].c",
		`[[],["` + "\\u0000" + `"]]`:                  "[1][0]",
		`{"a":{"b":1,"b":2}}`:                         "a.b",
		`{"a":[1],"b":["x",{"c":1,"c":2}]}`:           "b[1].c",
	} {
		if got := user.Do("POST", "/api/thing", body); got.Fields() != want {
			t.Errorf("%s: %q in %s", body, got.Fields(), got.Body)
		}
	}
}

// BenchmarkHostileBody sends a megabyte that is made to be dear: bytes/s must
// be alike for all.
func BenchmarkHostileBody(b *testing.B) {
	client := webtest.Serve(b, people, things()).As("user")
	many := func(n int, entry func(i int) string) string {
		entries := make([]string, n)
		for i := range entries {
			entries[i] = entry(i)
		}
		return strings.Join(entries, ",")
	}
	for name, body := range map[string]string{
		"one long text":        `{"text":"` + strings.Repeat("x", 1_000_000) + `"}`,
		"a long name":          `{"` + strings.Repeat("k", 500_000) + `":[` + many(200_000, func(int) string { return "1" }) + `]}`,
		"deep lists":           `{"` + strings.Repeat("k", 200) + `":` + strings.Repeat("[", 30) + many(400_000, func(int) string { return "1" }) + strings.Repeat("]", 30) + `}`,
		"many unknown fields":  `{` + many(70_000, func(i int) string { return fmt.Sprintf(`"f%d":1`, i) }) + `}`,
		"many unfit values":    `{"ids":[` + many(250_000, func(int) string { return `"x"` }) + `]}`,
		"many repeated fields": `{"ids":[1],` + many(70_000, func(int) string { return `"a":1` }) + `}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if got := client.Do("POST", "/api/thing", body); got.Status < 400 {
					b.Fatal(got.Status)
				}
			}
		})
	}
}

func TestMetricsAreNotMadeByClients(t *testing.T) {
	registry := prometheus.NewRegistry()
	s, err := web.New(web.Config{Routes: things(), Authenticator: people, Registry: registry, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	client := webtest.New(t, s).As("user")
	for i := range 50 {
		client.Do(fmt.Sprintf("M%d", i), fmt.Sprintf("/api/nothing/%d", i), nil)
	}
	client.Do("GET", "/api/thing/1", nil)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			seen = append(seen, m.GetLabel()[0].GetValue())
		}
	}
	if got := strings.Join(seen, " "); got != "GET other" {
		t.Errorf("methods %s", got)
	}
}

// turning lets the caller in until a test turns them away.
type turning struct{ away atomic.Bool }

// Authenticate implements web.Authenticator.
func (a *turning) Authenticate(context.Context, web.Credentials) (actor.Actor, error) {
	who := actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.ApplicationAdmin}
	if a.away.Load() {
		return who, web.ErrUnauthenticated
	}
	return who, nil
}

// What a request may do is what its caller may do when all of it has come.
func TestACallerWhoIsTurnedAwayMeanwhileDoesNothing(t *testing.T) {
	done := atomic.Int32{}
	put := func(context.Context, nameRequest) (thingView, error) { done.Add(1); return thingView{}, nil }
	take := func(ctx context.Context, r uploadRequest) (thingView, error) {
		if err := r.Upload.Each(func(p web.Part) error { _, err := io.Copy(io.Discard, p); return err }); err != nil {
			return thingView{}, err
		}
		if _, err := web.CallerNow(ctx); err != nil {
			return thingView{}, err
		}
		done.Add(1)
		return thingView{}, nil
	}
	people := &turning{}
	log := newNotes(memory.New(clock.System{}))
	s, err := web.New(web.Config{
		Auditor: log,
		Routes: []web.Route{
			web.POST("/api/thing/{thing_id}", "Post", put, web.User()),
			web.POST("/api/thing/{thing_id}/file", "Upload", take, web.User(), web.Long()),
		},
		Authenticator: people, Idempotency: keys.New(memory.New(clock.System{})), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	form := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n"
	for name, c := range map[string]struct{ path, kind, key, body string }{
		"a body":              {"/api/thing/1", "application/json", "", `{"name":"a"}`},
		"a body with its key": {"/api/thing/1", "application/json", "k", `{"name":"a"}`},
		"an upload":           {"/api/thing/1/file", "multipart/form-data; boundary=b", "", form},
	} {
		for _, away := range []bool{true, false} {
			people.away.Store(false)
			done.Store(0)
			before := len(log.all(t))
			body, rest := io.Pipe()
			r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+c.path, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", c.kind)
			r.Header.Set("Authorization", "Bearer x")
			if c.key != "" {
				r.Header.Set("Idempotency-Key", fmt.Sprint(c.key, away))
			}
			go func() {
				say(t, rest, c.body[:5]) // when it is taken the head has been read
				time.Sleep(50 * time.Millisecond)
				people.away.Store(away)
				say(t, rest, c.body[5:])
				rest.CloseWithError(nil)
			}()
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			want, effects := 200, int32(1)
			if away {
				want, effects = 401, 0
			}
			if answer.StatusCode != want || done.Load() != effects {
				t.Errorf("%s, turned away %v: status %d, %d effects", name, away, answer.StatusCode, done.Load())
			}
			if lines := len(log.all(t)) - before; lines != 1 {
				t.Errorf("%s, turned away %v: %d lines in the audit log", name, away, lines)
			}
		}
	}
}

// say writes; whoever was answered early hangs up.
func say(t *testing.T, w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		t.Log(err)
	}
}

type nameRequest struct {
	ThingID int64 `path:"thing_id"`
	Body    struct {
		Name string `json:"name"`
	}
}

func TestABodyThatNeverEndsIsGivenUp(t *testing.T) {
	put := func(context.Context, nameRequest) (thingView, error) { return thingView{}, nil }
	s, err := web.New(web.Config{
		Routes:        []web.Route{web.POST("/api/thing/{thing_id}", "Post", put, web.User())},
		Authenticator: &turning{}, Timeout: 200 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for token, want := range map[string]int{"x": 400, "": 401} { // also where nobody reads it
		body, rest := io.Pipe()
		t.Cleanup(func() { rest.CloseWithError(nil) })
		go say(t, rest, `{"na`)
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/api/thing/1", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != want || strings.Contains(string(text), "did not arrive in time") != (want == 400) {
			t.Errorf("%q: status %d, %s, %v", token, answer.StatusCode, text, err)
		}
	}
}

func TestTheAuditLogHoldsNoneOfTheClientsWords(t *testing.T) {
	c, log := studio(t)
	c.As("user").Do("DELETE", "/api/thing/7", nil).Refused(403, "forbidden")
	c.As("user").Do("DELETE", "/api/thing/x%0aadmin%20did%20it", nil).Refused(404, "not_found")
	for _, e := range log.all(t) {
		if e.Target != "DELETE /api/thing/7" {
			t.Errorf("target %q", e.Target)
		}
	}
}
