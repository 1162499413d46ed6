package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/platform/web"
	"parley/platform/webtest"
)

// matrix sends the requests of scenarios.
type matrix struct {
	t          *testing.T
	own, other *ground
	shared     map[choice]ids // what only refused requests and readers meet
	bodies     map[string]map[string]any
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{t: t, shared: map[choice]ids{}}
	m.own, m.other = grounds(t)
	m.bodies = m.schemas()
	return m
}

func (m *matrix) routes() []web.Route {
	routes := slices.Clone(m.own.house.Server.Handler.(*web.Server).Routes())
	// Readers first: what is made by calls that get through is nobody's fact.
	slices.SortStableFunc(routes, func(a, b web.Route) int {
		reads := func(r web.Route) int { return map[bool]int{true: 0, false: 1}[r.Method == http.MethodGet] }
		return reads(a) - reads(b)
	})
	return routes
}

// call sends a scenario's request. What gets through and changes something
// gets resources of its own.
func (m *matrix) call(r web.Route, who string, s scenario, through bool) webtest.Answer {
	m.t.Helper()
	at, choices := ids{}, s.fields
	made := map[string]ids{}
	for name, c := range choices {
		made[name] = m.resource(c, who, through && r.Method != http.MethodGet)
		at[name] = made[name][named(c.kind)]
	}
	for name, belongs := range made { // a review is asked for in its own agent
		for parent, id := range belongs {
			if c, there := choices[parent]; there && c.kind != choices[name].kind && c.place == choices[name].place && c.of == 0 {
				at[parent] = id
			}
		}
	}
	path, query := r.Path, url.Values{}
	for name, id := range at {
		if strings.Contains(path, "{"+name+"}") {
			path = strings.ReplaceAll(path, "{"+name+"}", fmt.Sprint(id))
		} else if r.Method == http.MethodGet {
			query.Set(name, fmt.Sprint(id))
		}
	}
	path = strings.ReplaceAll(path, "{version}", "1") // which every agent has
	for _, belongs := range made {                    // a webhook's delivery
		if id, ok := belongs["delivery_id"]; ok {
			path = strings.ReplaceAll(path, "{delivery_id}", fmt.Sprint(id))
		}
	}
	path = strings.ReplaceAll(path, "{delivery_id}", "999999")
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	m.prepare(r, path)
	if r.Method == http.MethodGet && r.Path == "/api/sharepoint/item" {
		path += "?full_path=none" // the shape, and no more
	}
	if r.Path == "/api/notification/unsubscribe" {
		path += "?token=none" // the shape, and no more
	}
	if r.Method == http.MethodDelete && strings.HasSuffix(r.Path, "/document") {
		path += "?confirm=" + url.QueryEscape(m.nameOf(strings.TrimSuffix(path, "/document")))
	}
	client := m.own.by(who)
	if through && r.Path == "/api/notification/stream" { // which has no end of its own
		client = client.Begun()
	}
	if strings.HasSuffix(r.Path, "/document") && r.Method == http.MethodPost {
		return client.Upload(path, map[string]string{"content_type": "text", "source": "another text " + m.own.name()})
	}
	if r.Path == "/api/login/access-token" {
		return client.Do(r.Method, path, url.Values{"username": {"member@own.example"}, "password": {password}})
	}
	schema, has := m.bodies[r.Method+" "+r.Path]
	if !has {
		return client.Do(r.Method, path, nil)
	}
	return client.Do(r.Method, path, m.body(schema, s, at))
}

// prepare makes what a request is about and no single resource stands for: the
// connection of an agent and a corpus, the budget of the organization.
func (m *matrix) prepare(r web.Route, path string) {
	if r.Path == "/api/analytics/budget" && r.Method != http.MethodPut {
		for _, g := range []*ground{m.own, m.other} {
			g.by(g.chief).Do("PUT", r.Path, `{"tokens":1000}`).Want(http.StatusOK)
		}
	}
	if r.Method == http.MethodPost || !strings.HasSuffix(r.Path, "/corpus/{corpus_id}") || !strings.HasPrefix(r.Path, "/api/agent/") {
		return
	}
	for _, g := range []*ground{m.own, m.other} {
		g.by(g.chief).Do("POST", path, nil) // where both are theirs
	}
}

// nameOf is the name of a resource, for whichever organization has it.
func (m *matrix) nameOf(path string) string {
	m.t.Helper()
	name := "none"
	for _, g := range []*ground{m.own, m.other} {
		if answer := g.by(g.chief).Do("GET", path, nil); answer.Status == http.StatusOK {
			var of struct{ Name string }
			answer.Data(&of)
			name = of.Name
		}
	}
	return name
}

// resource is what a choice stands for.
func (m *matrix) resource(c choice, who string, fresh bool) ids {
	m.t.Helper()
	make, in := foreignOnes[c.kind], m.other
	switch {
	case c.place == "unknown":
		return ids{named(c.kind): 999_999}
	case c.place == "own" && c.specimen().name == oneself:
		return ids{named(c.kind): m.own.ids[who]}
	case c.place == "own":
		make, in = c.specimen().make, m.own
	}
	if fresh {
		return make(in)
	}
	if _, ok := m.shared[c]; !ok {
		m.shared[c] = make(in)
	}
	return m.shared[c]
}

// schemas are those of the JSON bodies, by operation.
func (m *matrix) schemas() map[string]map[string]any {
	m.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema map[string]any }
			}
		}
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(m.own.house.Server.Handler.(*web.Server).OpenAPI(), &doc); err != nil {
		m.t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for path, operations := range doc.Paths {
		for method, operation := range operations {
			if content, ok := operation.RequestBody.Content["application/json"]; ok {
				schema := content.Schema
				if ref, ok := schema["$ref"].(string); ok {
					schema = doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
				}
				out[strings.ToUpper(method)+" "+path] = schema
			}
		}
	}
	return out
}

// body is the smallest body that a schema accepts and that says what the
// scenario does.
func (m *matrix) body(schema map[string]any, s scenario, at ids) map[string]any {
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		property, _ := properties[name.(string)].(map[string]any)
		out[name.(string)] = m.value(name.(string), property, s, at)
	}
	queries := []any{map[string]any{"query": "What is this?", "expected_answer": "That."}}
	for name, value := range map[string]any{"user_query": "What is this?", "name": m.own.name(), "queries": queries} {
		if _, ok := properties[name]; ok { // asked for by a rule beyond the schema
			out[name] = value
		}
	}
	if _, ok := properties["user_ids"]; ok && out["user_ids"] == nil { // nobody is not everybody
		out["user_ids"] = []any{999_999}
	}
	for name := range at {
		if property, ok := properties[name].(map[string]any); ok {
			out[name] = m.value(name, property, s, at)
		}
	}
	for name, value := range s.values {
		if out[name] = value; value == fresh {
			out[name] = m.own.name() + "@own.example"
		}
	}
	return out
}

func (m *matrix) value(name string, property map[string]any, s scenario, at ids) any {
	kind := typeOf(property)
	isList := kind == "array"
	id, chosen := at[name]
	switch {
	case chosen && isList:
		return []any{id}
	case chosen:
		return id
	case name == "user_ids":
		return []any{m.own.user()["user_id"]}
	case name == "role" && slices.Contains(enumOf(property), "viewer"): // on a corpus
		return "viewer"
	case name == "role":
		if s.values["resource_type"] == "organization" || strings.HasSuffix(s.fields["permission_id"].String(), "organization)") {
			return "user"
		}
		return "member"
	case name == "email", name == "alias":
		return m.own.name() + "@own.example"
	case name == "expires_on":
		return time.Now().Add(time.Hour)
	case name == "url":
		return nobodyListens
	case name == "kind": // of webhooks
		return "chat.run_completed.v1"
	case name == "old_password":
		return password
	case name == "new_password":
		return password + "!"
	}
	if values, ok := property["enum"].([]any); ok {
		return values[0]
	}
	switch kind {
	case "array":
		items, _ := property["items"].(map[string]any)
		return []any{m.value(strings.TrimSuffix(name, "s"), items, s, at)}
	case "integer", "number":
		return 1
	case "boolean":
		return false
	}
	return "text " + m.own.name()
}

// enumOf are the values that a schema allows.
func enumOf(schema map[string]any) []any {
	values, _ := schema["enum"].([]any)
	return values
}

// typeOf is a schema's type; that of a value when null may stand for it.
func typeOf(schema map[string]any) string {
	if both, ok := schema["type"].([]any); ok {
		return fmt.Sprint(both[0])
	}
	return fmt.Sprint(schema["type"])
}
