package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"parley/platform/observe"
	"parley/platform/web"
	"parley/platform/webtest"
)

func TestChecksRunInTheOrderOfTheContract(t *testing.T) {
	c := api(t)
	const bad, good = `{"colour":1}`, `{"name":"a"}`
	// Credentials come before the shape, and before whether the thing exists.
	c.Do("PUT", "/api/thing/1", bad).Refused(401, "unauthenticated")
	c.As("stranger").Do("PUT", "/api/thing/1", bad).Refused(401, "unauthenticated")
	c.Do("GET", "/api/thing/404", nil).Refused(401, "unauthenticated")
	c.Do("GET", "/api/thing/abc?x=1", nil).Refused(401, "unauthenticated")
	// The level comes before the body is read, and the shape before the handler.
	c.As("user").Do("PUT", "/api/thing/1", bad).Refused(403, "forbidden")
	c.As("staff").Do("PUT", "/api/thing/404", bad).Refused(400, "malformed_request")
	c.As("user").Do("PUT", "/api/thing/1", good).Refused(403, "forbidden")
	c.As("staff").Do("DELETE", "/api/thing/501", nil).Refused(403, "forbidden")
	// The handler comes last.
	c.As("staff").Do("PUT", "/api/thing/1", good).Want(200)
	c.As("admin").Do("DELETE", "/api/thing/404", nil).Refused(404, "things.not_found")
	if got := c.Do("GET", "/api/thing/1", nil).Header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate is %q", got)
	}
}

func TestCredentialsAreReadWithoutRegardToTheCaseOfTheScheme(t *testing.T) {
	c := api(t)
	c.With("Authorization", "bearer user").Do("GET", "/api/thing/1", nil).Want(200)
	for _, header := range []string{"user", "Basic user", "Bearer", "Bearer "} {
		c.With("Authorization", header).Do("GET", "/api/thing/1", nil).Refused(401, "unauthenticated")
	}
}

func TestSlashesNeverRedirect(t *testing.T) {
	staff := api(t).As("staff")
	staff.Do("PUT", "/api/thing/1/", `{"name":"a"}`).Want(200)
	staff.Do("PUT", "//api/thing/1//", `{"name":"a"}`).Want(200)
	staff.Do("GET", "///api/thing/", nil).Want(200)
	staff.Do("POST", "/api/thing/", `{"ids":[1]}`).Want(201)
	staff.Do("DELETE", "/api/thing/batch/", `{"ids":[1]}`).Want(200)
	staff.Do("GET", "/API/thing", nil).Refused(404, "not_found")
}

func TestStaticSegmentsWinOverParameters(t *testing.T) {
	var v struct{ Name string }
	api(t).As("user").Do("GET", "/api/thing/all", nil).Want(200).Data(&v)
	if v.Name != "all" {
		t.Errorf("got %q", v.Name)
	}
}

func TestAKnownPathWithAnotherMethodSaysSo(t *testing.T) {
	answer := api(t).As("user").Do("PATCH", "/api/thing/1", nil).Refused(405, "method_not_allowed")
	if got := answer.Header.Get("Allow"); got != "DELETE, GET, PUT" {
		t.Errorf("Allow is %q", got)
	}
	api(t).Do("DELETE", "/api/login", nil).Refused(405, "method_not_allowed")
	api(t).Do("POST", "/healthz", nil).Refused(405, "method_not_allowed")
	// A word where other methods have an id is no id.
	answer = api(t).As("user").Do("PUT", "/api/thing/all", nil).Refused(405, "method_not_allowed")
	if got := answer.Header.Get("Allow"); got != "GET" {
		t.Errorf("Allow is %q", got)
	}
	api(t).As("user").Do("PATCH", "/api/thing/some", nil).Refused(404, "not_found")
}

func TestAnUnknownPathIsNotThere(t *testing.T) {
	for _, path := range []string{"/api", "/api/nothing", "/api/thing/1/nothing", "/api/../healthz"} {
		api(t).Do("GET", path, nil).Refused(404, "not_found")
	}
}

func TestAnErrorHasOneForm(t *testing.T) {
	answer := api(t).As("user").With("X-Request-Id", "me-1").Do("GET", "/api/thing/409", nil).Want(409)
	var got map[string]any
	answer.JSON(&got)
	want := map[string]any{
		"success": false, "message": "The thing is busy.", "detail": "The thing is busy.", "data": nil, "code": "things.busy", "request_id": "me-1",
		"errors": []any{map[string]any{"field": "thing_id", "message": "is busy"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := api(t).As("user").Do("GET", "/api/thing/404", nil); !strings.Contains(string(got.Body), `"errors":[]`) {
		t.Errorf("no errors are not an empty list: %s", got.Body)
	}
}

func TestADefectIsLoggedAndNotShown(t *testing.T) {
	for _, path := range []string{"/api/thing/500", "/api/thing/501"} {
		var log bytes.Buffer
		s, err := web.New(web.Config{Routes: things(), Authenticator: people, Log: observe.NewLog(&log, slog.LevelInfo)})
		if err != nil {
			t.Fatal(err)
		}
		answer := webtest.New(t, s).As("user").Do("GET", path, nil).Refused(500, "internal_error")
		if strings.Contains(string(answer.Body), "secret") || answer.RequestID() == "" {
			t.Errorf("answered %s", answer.Body)
		}
		for _, part := range []string{"secret", `"request_id":"` + answer.RequestID(), `"user_id":1`} {
			if path == "/api/thing/501" && strings.Contains(part, "user_id") {
				continue // the panic is caught outside of where the caller is known
			}
			if !strings.Contains(log.String(), part) {
				t.Errorf("%s: the log lacks %s: %s", path, part, log.String())
			}
		}
	}
}

func TestARequestKeepsAWellFormedIDAndElseGetsOne(t *testing.T) {
	c := api(t).As("user")
	if got := c.With("X-Request-Id", "a-b.C_9").Do("GET", "/api/thing/1", nil).Header.Get("X-Request-Id"); got != "a-b.C_9" {
		t.Errorf("got %q", got)
	}
	made := regexp.MustCompile(`^[0-9a-f-]{36}$`)
	for _, given := range []string{"", "a b", "<x>", "a\nb", strings.Repeat("x", 101)} {
		for _, path := range []string{"/api/thing/1", "/nothing", "/healthz"} {
			if got := c.With("X-Request-Id", given).Do("GET", path, nil).Header.Get("X-Request-Id"); !made.MatchString(got) {
				t.Errorf("%s with %q: got %q", path, given, got)
			}
		}
	}
}

func TestErrorsCarryTheirHeaders(t *testing.T) {
	c := api(t).As("user")
	if got := c.Do("GET", "/api/thing/429", nil).Refused(429, "things.too_many").Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After is %q", got)
	}
	if got := c.Do("GET", "/api/thing/503", nil).Refused(503, "things.failed").Header.Get("Location"); got != "/api/thing/7" {
		t.Errorf("Location is %q", got)
	}
}

func TestAnOrdinaryRequestHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api(t).As("user").Do("GET", "/api/thing/504", nil).Refused(503, "timeout")
	})
}

func TestASuccessHasExactlyTheKeysOfTheContract(t *testing.T) {
	user := api(t).As("user")
	keys := func(method, path string, body any) []string {
		var m map[string]json.RawMessage
		user.Do(method, path, body).JSON(&m)
		return slices.Sorted(maps.Keys(m))
	}
	plain := []string{"data", "message", "success"}
	withMeta := []string{"data", "message", "meta", "success"}
	for path, want := range map[string][]string{"/api/thing/1": plain, "/api/thing/none": plain, "/api/thing": withMeta} {
		if diff := cmp.Diff(want, keys("GET", path, nil)); diff != "" {
			t.Error(path, diff)
		}
	}
	if diff := cmp.Diff(plain, keys("POST", "/api/thing", `{"ids":[1]}`)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(withMeta, keys("POST", "/api/thing", `{"ids":[99]}`)); diff != "" {
		t.Error(diff)
	}
	if got := user.Do("POST", "/api/thing", `{"ids":[1]}`).Want(201).Message(); got != "Made." {
		t.Errorf("message %q", got)
	}
}

func TestAFlatAnswerHasNoEnvelope(t *testing.T) {
	got := api(t).Do("POST", "/api/login", url.Values{"username": {"jo"}}).Want(200)
	if string(got.Body) != `{"user":"jo"}` {
		t.Errorf("got %s", got.Body)
	}
}

func TestAListSaysWhereItStands(t *testing.T) {
	user := api(t).As("user")
	var first struct {
		Next string `json:"next_cursor"`
	}
	user.Do("GET", "/api/thing", nil).Want(200).Meta(&first)
	tag, _, _ := strings.Cut(first.Next, ".")
	for _, other := range []string{"abc", "AAAA.abc", tag + "abc", "."} {
		user.Do("GET", "/api/thing?cursor="+other, nil).Refused(422, "invalid_cursor")
	}
	for query, want := range map[string]string{
		"":                               `{"count":5,"num_pages":1,"current_page":1,"items_per_page":100,"next_cursor":"TAG.abc"}`,
		"?page=2&items_per_page=2":       `{"count":5,"num_pages":3,"current_page":2,"items_per_page":2,"next_cursor":"TAG.abc"}`,
		"?cursor=":                       `{"count":null,"num_pages":null,"current_page":null,"items_per_page":100,"next_cursor":"TAG.abc"}`,
		"?cursor=TAG.x&items_per_page=7": `{"count":null,"num_pages":null,"current_page":null,"items_per_page":7,"next_cursor":"TAG.abc"}`,
		"?text=none":                     `{"count":0,"num_pages":0,"current_page":1,"items_per_page":100,"next_cursor":null}`,
	} {
		var got json.RawMessage
		user.Do("GET", "/api/thing"+strings.ReplaceAll(query, "TAG", tag), nil).Want(200).Meta(&got)
		if string(got) != strings.ReplaceAll(want, "TAG", tag) {
			t.Errorf("%q: %s", query, got)
		}
	}
}

func TestNothingIsAnEmptyList(t *testing.T) {
	user := api(t).As("user")
	for _, path := range []string{"/api/thing/none", "/api/thing?text=none"} {
		if got := user.Do("GET", path, nil); !strings.Contains(string(got.Body), `"data":[]`) {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
}

func TestTimesAreUTCWithMicroseconds(t *testing.T) {
	var v map[string]any
	api(t).As("staff").Do("PUT", "/api/thing/1", `{"name":"a"}`).Data(&v)
	if v["made_on"] != "2024-10-02T00:02:24.378434Z" || v["gone_on"] != nil {
		t.Errorf("got %v", v)
	}
}

func TestADownloadNeverRunsInOurOrigin(t *testing.T) {
	got := api(t).As("user").Do("GET", "/api/thing/1/file", nil).Want(200)
	h := got.Header
	if string(got.Body) != "<b/>" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename*=utf-8''") ||
		!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %v", got.Body, h)
	}
}

func TestTheServerAnswersForItself(t *testing.T) {
	broken := observe.Check{Name: "database", Run: func(context.Context) error { return io.ErrUnexpectedEOF }}
	s, err := web.New(web.Config{Routes: things(), Authenticator: people, Log: slog.New(slog.DiscardHandler), Registry: observe.NewRegistry(), Checks: []observe.Check{broken}})
	if err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, s)
	c.Do("GET", "/healthz", nil).Want(200)
	if got := c.Do("GET", "/readyz", nil).Want(503); string(got.Body) != `{"database":"failing"}` {
		t.Errorf("got %s", got.Body)
	}
	c.As("user").Do("GET", "/api/thing/1", nil).Want(200)
	got := webtest.New(t, s.Operations()).Do("GET", "/metrics", nil).Want(200)
	if !strings.Contains(string(got.Body), `parley_http_request_duration_seconds_count{method="GET",route="/api/thing/:thing_id",status="200"} 1`) {
		t.Errorf("got %s", got.Body)
	}
}
