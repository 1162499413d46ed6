package web_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"parley/platform/web"
	"parley/platform/webtest"
)

func build(routes ...web.Route) (*web.Server, error) {
	return web.New(web.Config{Routes: routes, Authenticator: people, Log: slog.New(slog.DiscardHandler)})
}

func never[Q any](context.Context, Q) (thingView, error) { return thingView{}, nil }

func TestTheServerRefusesRoutesThatDoNotFit(t *testing.T) {
	type other struct {
		ID int64 `path:"id"`
	}
	type text struct {
		ThingID string `path:"thing_id"`
	}
	type list struct {
		IDs []int64 `query:"ids"`
	}
	type unnamed struct {
		Form struct{ Name string }
	}
	for want, routes := range map[string][]web.Route{
		"GET /api/thing has no policy": {web.GET("/api/thing", "", never[nothing], web.Policy{})},
		"GET /api/thing/{thing_id}: the path has parameters [thing_id] and the request": {web.GET("/api/thing/{thing_id}", "", never[nothing], web.User())},
		"GET /api/thing: the path has parameters [] and the request":                    {web.GET("/api/thing", "", never[idRequest], web.User())},
		"conflicts with existing wildcard":                                              {web.GET("/api/thing/{thing_id}", "", never[idRequest], web.User()), web.GET("/api/thing/{id}/x", "", never[other], web.User())},
		"already registered":                                                            {web.GET("/api/thing", "", never[nothing], web.User()), web.GET("/api/thing", "", never[nothing], web.User())},
		"not an int64":                                                                  {web.GET("/api/thing/{thing_id}", "", never[text], web.User())},
		"unsupported type []int64":                                                      {web.GET("/api/thing", "", never[list], web.User())},
		"unsupported type string":                                                       {web.POST("/api/thing", "", never[unnamed], web.User())},
		"is not a struct":                                                               {web.POST("/api/thing", "", never[int], web.User())},
	} {
		if _, err := build(routes...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want … %s …", err, want)
		}
	}
}

func TestTheDocumentDescribesEveryRoute(t *testing.T) {
	s, err := build(things()...)
	if err != nil {
		t.Fatal(err)
	}
	answer := webtest.New(t, s).Do("GET", "/openapi.json", nil).Want(200)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Description string
			Tags        []string
			Security    []map[string][]string
			RequestBody struct{ Content map[string]any }
			Responses   map[string]struct{ Content map[string]any }
			Parameters  []struct{ Name, In string }
		}
		Components map[string]map[string]any
	}
	answer.JSON(&doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	ids := map[string]bool{}
	for _, r := range s.Routes() {
		op, ok := doc.Paths[r.Path][strings.ToLower(r.Method)]
		if !ok || op.Summary != r.Name || !strings.HasSuffix(op.Description, "Who: "+r.Policy.String()+".") || op.Tags[0] != "Thing" {
			t.Errorf("%s %s is described as %+v", r.Method, r.Path, op)
		}
		if op.OperationID == "" || ids[op.OperationID] {
			t.Errorf("operation id %q is empty or used twice", op.OperationID)
		}
		ids[op.OperationID] = true
		if (len(op.Security) == 0) != r.Policy.Public() {
			t.Errorf("%s %s: security %v", r.Method, r.Path, op.Security)
		}
		if _, ok := op.Responses["default"]; !ok {
			t.Errorf("%s %s has no error response", r.Method, r.Path)
		}
	}
	for path, kind := range map[string]string{"/api/login": "application/x-www-form-urlencoded", "/api/thing": "application/json", "/api/thing/{thing_id}/file": "multipart/form-data"} {
		if _, ok := doc.Paths[path]["post"].RequestBody.Content[kind]; !ok {
			t.Errorf("POST %s does not take %s", path, kind)
		}
	}
	var names []string
	for _, p := range doc.Paths["/api/thing"]["get"].Parameters {
		names = append(names, p.In+" "+p.Name)
	}
	if got := strings.Join(names, ", "); got != "query page, query items_per_page, query cursor, query text, query since, query live, query kind" {
		t.Errorf("parameters %s", got)
	}
	for _, ref := range regexp.MustCompile(`"\$ref": "([^"]*)"`).FindAllStringSubmatch(string(answer.Body), -1) {
		kind, name, _ := strings.Cut(strings.TrimPrefix(ref[1], "#/components/"), "/")
		if _, there := doc.Components[kind][name]; !there {
			t.Errorf("%s leads nowhere", ref[1])
		}
	}
	if !json.Valid(s.OpenAPI()) || string(s.OpenAPI()) != string(answer.Body) {
		t.Error("the served document is another one")
	}
}

func TestTheDocsNeedNoOtherHost(t *testing.T) {
	c := api(t)
	page := c.Do("GET", "/docs", nil).Want(200)
	linked := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(page.Body), -1)
	if len(linked) < 3 {
		t.Fatalf("the page has only the links %v", linked)
	}
	for _, link := range linked {
		if !strings.HasPrefix(link[1], "/docs/") {
			t.Errorf("%s is elsewhere", link[1])
			continue
		}
		if got := c.Do("GET", link[1], nil).Want(200); len(got.Body) == 0 {
			t.Errorf("%s is empty", link[1])
		}
	}
	for _, url := range regexp.MustCompile(`(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+`).FindAllString(string(page.Body), -1) {
		t.Errorf("the page refers to %s", url)
	}
	if !strings.Contains(string(page.Body), "/openapi.json") {
		t.Error("the page does not show the document")
	}
}
