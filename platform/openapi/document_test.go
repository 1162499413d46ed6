package openapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/web"
)

// The operations that the tests describe are routes of platform/web, whose
// document this is.

type nothing struct{}

type idRequest struct {
	WidgetID int64 `path:"widget_id"`
}

type listRequest struct{ web.ListQuery }

type part struct {
	Name string `json:"name"`
}

type inner struct {
	ID   int64   `json:"id"`
	Nick *string `json:"nick"`
}

type small struct {
	Size int `json:"size"`
}

// widgetView has what huma alone describes badly: a part that is embedded
// without being exported, and pointers to objects and times.
type widgetView struct {
	inner
	GoneOn *web.Time `json:"gone_on"`
	Part   *small    `json:"part"`
	Secret *string   `json:"secret,omitempty"`
}

type gadgetView struct {
	_ struct{} `schema:"Contraption"`

	ID int64 `json:"id"`
}

// either is a widget or a list of gadgets.
type either struct{ list []gadgetView }

func (either) Forms() []any { return []any{widgetView{}, []gadgetView{}} }

func (e either) MarshalJSON() ([]byte, error) { return json.Marshal(e.list) }

type widgetRequest struct {
	WidgetID int64 `path:"widget_id"`
	Body     struct {
		Name  string               `json:"name"`
		Live  bool                 `json:"live,omitempty"`
		Kind  *string              `json:"kind,omitempty" enum:"big,small"`
		Tags  []string             `json:"tags,omitempty"`
		Small small                `json:"small,omitempty"`
		Nick  web.Optional[string] `json:"nick,omitempty"`
		Deep  struct {
			X int `json:"x"`
		} `json:"deep"`
	}
}

// described are the parts of a document that the tests look at.
type described struct {
	Paths map[string]map[string]struct {
		Security    []map[string][]string
		Responses   map[string]any
		RequestBody any
	}
	Components struct {
		Responses map[string]any
		Schemas   map[string]struct {
			Properties map[string]any
			Required   []string
		}
	}
}

func build(routes ...web.Route) (*web.Server, error) {
	return web.New(web.Config{Routes: routes, Log: slog.New(slog.DiscardHandler)})
}

func describe(t *testing.T, routes ...web.Route) described {
	t.Helper()
	s, err := build(routes...)
	if err != nil {
		t.Fatal(err)
	}
	var d described
	if err := json.Unmarshal(s.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func answering[Q, A any](context.Context, Q) (a A, err error) { return a, err }

// inShort is a value as JSON.
func inShort(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAnAnswerIsDescribedWithAllItShowsAndNullWhereThatMayStand(t *testing.T) {
	d := describe(t, web.GET("/api/widget", "Get Widget", answering[nothing, widgetView], web.User()))
	got := map[string]string{}
	for name, p := range d.Components.Schemas["Widget"].Properties {
		got[name] = inShort(t, p)
	}
	want := map[string]string{
		"id":      `{"format":"int64","type":"integer"}`,
		"nick":    `{"type":["string","null"]}`,
		"gone_on": `{"description":"Time at which it was gone, in UTC.","examples":["2024-10-02T00:02:24.378434Z"],"format":"date-time","type":["string","null"]}`,
		"part":    `{"anyOf":[{"$ref":"#/components/schemas/Small"},{"type":"null"}]}`,
		"secret":  `{"type":"string"}`, // left out, never null
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"id", "nick", "gone_on", "part"}, d.Components.Schemas["Widget"].Required); diff != "" {
		t.Error(diff)
	}
}

func TestABodyIsNamedAfterItsOperationAndTakesNullForWhatMayBeLeftOut(t *testing.T) {
	d := describe(t, web.PUT("/api/widget/{widget_id}", "Edit a Widget", answering[widgetRequest, gadgetView], web.User()))
	got := map[string]string{}
	for name, p := range d.Components.Schemas["EditWidgetRequest"].Properties {
		got[name] = inShort(t, p)
	}
	want := map[string]string{
		"name":  `{"type":"string"}`,
		"live":  `{"type":["boolean","null"]}`,
		"kind":  `{"enum":["big","small",null],"type":["string","null"]}`,
		"tags":  `{"items":{"type":"string"},"type":["array","null"]}`,
		"small": `{"anyOf":[{"$ref":"#/components/schemas/Small"},{"type":"null"}]}`,
		"nick":  `{"type":["string","null"]}`,
		"deep":  `{"$ref":"#/components/schemas/EditWidgetRequestDeep"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, ok := d.Components.Schemas["Contraption"]; !ok {
		t.Errorf("the answer has not the name of its tag, but one of %v", d.Components.Schemas)
	}
}

func TestAnAnswerOfSeveralFormsIsDescribedWithAllOfThem(t *testing.T) {
	d := describe(t, web.GET("/api/widget", "Get Widget", answering[nothing, either], web.User()))
	want := `"oneOf":[{"$ref":"#/components/schemas/Widget"},{"items":{"$ref":"#/components/schemas/Contraption"},"type":"array"}]`
	if got := inShort(t, d.Paths["/api/widget"]["get"].Responses["200"]); !strings.Contains(got, want) {
		t.Errorf("no %s in %s", want, got)
	}
}

func TestAListHasMetaAlways(t *testing.T) {
	d := describe(t,
		web.GET("/api/widget", "Get Widgets", answering[listRequest, web.List[gadgetView]], web.User()),
		web.GET("/api/gadget", "Get Gadgets", answering[nothing, web.WithMeta[[]gadgetView, small]], web.User()),
		web.GET("/api/none", "Get Nothing", answering[nothing, *nothing], web.User()),
	)
	for path, want := range map[string]string{
		"/api/widget": `"required":["success","message","data","meta"]`,
		"/api/gadget": `"required":["success","message","data"]`,
		"/api/none":   `"data":{"description":"What the operation answers.","type":"null"}`,
	} {
		if got := inShort(t, d.Paths[path]["get"].Responses["200"]); !strings.Contains(got, want) {
			t.Errorf("%s: no %s in %s", path, want, got)
		}
	}
}

func TestTheStatusesThatARouteTellsOfAreDescribed(t *testing.T) {
	d := describe(t,
		web.GET("/api/widget", "Get Widget", answering[nothing, gadgetView], web.User()),
		web.POST("/api/widget", "Create Widget", answering[nothing, gadgetView], web.User(), web.Created()),
		web.GET("/api/widget/{widget_id}", "Get One", answering[idRequest, gadgetView], web.User()),
		web.PUT("/api/widget/{widget_id}", "Edit", answering[widgetRequest, gadgetView], web.User()),
		web.POST("/api/widget/find", "Find", answering[nothing, gadgetView], web.User(), web.Safe()),
		web.POST("/api/sign-in", "Sign In", answering[nothing, gadgetView], web.Anyone("they sign in"), web.Refuses(401, 429)),
		web.POST("/api/refresh", "Refresh", answering[nothing, gadgetView], web.RefreshToken()),
	)
	for call, want := range map[string]string{
		"get /api/widget":             "200 400 401 403 500 503 default",
		"post /api/widget":            "201 400 401 403 409 413 422 500 503 default",
		"get /api/widget/{widget_id}": "200 400 401 403 404 500 503 default",
		"put /api/widget/{widget_id}": "200 400 401 403 404 409 413 415 422 500 503 default",
		"post /api/widget/find":       "200 400 401 403 413 500 503 default",
		"post /api/sign-in":           "200 400 401 413 429 500 503 default",
		"post /api/refresh":           "200 400 401 413 500 503 default",
	} {
		method, path, _ := strings.Cut(call, " ")
		if got := strings.Join(slices.Sorted(maps.Keys(d.Paths[path][method].Responses)), " "); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
	if got := inShort(t, d.Paths["/api/refresh"]["post"].Security); got != `[{"refresh":[]}]` {
		t.Errorf("who refreshes sends %s", got)
	}
	if got := inShort(t, d.Paths["/api/widget"]["get"].Security); got != `[{"bearer":[]},{"subscription_key":[]},{"bearer":[],"subscription_key":[]}]` {
		t.Errorf("who calls sends %s", got)
	}
	if got := inShort(t, d.Paths["/api/sign-in"]["post"].Security); got != `[]` {
		t.Errorf("who signs in sends %s", got)
	}
}

func TestTheHeadersOfAnswersAreDescribed(t *testing.T) {
	d := describe(t, web.POST("/api/widget", "Create Widget", answering[nothing, gadgetView], web.User(), web.Refuses(429)))
	for where, want := range map[string]struct {
		response any
		headers  []string
	}{
		"a success":         {d.Paths["/api/widget"]["post"].Responses["200"], []string{"X-Request-Id", "Idempotency-Replayed"}},
		"no credentials":    {d.Components.Responses["Unauthorized"], []string{"X-Request-Id", "WWW-Authenticate"}},
		"a conflict":        {d.Components.Responses["Conflict"], []string{"X-Request-Id", "Location"}},
		"too many requests": {d.Components.Responses["TooManyRequests"], []string{"X-Request-Id", "Retry-After"}},
		"not now":           {d.Components.Responses["ServiceUnavailable"], []string{"X-Request-Id", "Retry-After", "Location"}},
	} {
		for _, header := range want.headers {
			if got := inShort(t, want.response); !strings.Contains(got, `"`+header+`":{"description":"`) {
				t.Errorf("%s: no %s in %s", where, header, got)
			}
		}
	}
}

func TestTheDocumentHasOnlyWhatAReaderOfTheStandardKnows(t *testing.T) {
	type request struct {
		Kind string `query:"kind" pattern:"^[a-z]*$" patternDescription:"letters"`
		Body struct {
			Name string `json:"name" pattern:"^[a-z]*$" patternDescription:"letters"`
		}
	}
	s, err := build(web.POST("/api/widget", "Create Widget", answering[request, gadgetView], web.User()))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.OpenAPI()); strings.Contains(got, "patternDescription") || !strings.Contains(got, `"pattern"`) || !strings.Contains(got, `"servers"`) {
		t.Error(got)
	}
}

func TestTwoSchemasOfOneNameStopTheStart(t *testing.T) {
	mine := answering[nothing, part]
	theirs := answering[nothing, web.Part]
	if _, err := build(web.GET("/api/a", "A", mine, web.User()), web.GET("/api/b", "B", theirs, web.User())); err == nil || !strings.Contains(err.Error(), "the name Part") {
		t.Errorf("%v", err)
	}
	type part struct { // looks as the other one does, and is one with it to clients
		Name string `json:"name"`
	}
	if _, err := build(web.GET("/api/a", "A", mine, web.User()), web.GET("/api/b", "B", answering[nothing, part], web.User())); err != nil {
		t.Error(err)
	}
}
