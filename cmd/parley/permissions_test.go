package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/platform/kernel/actor"
	"parley/platform/web"
	"parley/platform/webtest"
)

// expected is the status class that a policy promises: 401, 403, 404, or 0 for
// getting through; known is false where only words say it.
func expected(r web.Route, who string, where string) (status int, known bool) {
	p := r.Policy
	switch {
	case p.Public():
		return 0, false
	case who == anonymous, who == suspended:
		return http.StatusUnauthorized, true
	case who == readOnlyKey && (r.Method != http.MethodGet || p.NeedsWhole()),
		who == agentKey && (r.Method != http.MethodGet || web.KeyGroup(r.Group) != "agent" || p.NeedsWhole()),
		levels[who] < p.Least():
		return http.StatusForbidden, true
	}
	resource, _, action, aimed := p.Target()
	if !aimed {
		return 0, p.Noted() == "" && !strings.Contains(r.Path, "{")
	}
	role := actor.NoRole
	switch {
	case where == "own" && who != foreignAdmin:
		role = roles(resource, who)
	case where == "foreign" && who == foreignAdmin:
		role = actor.Admin
		if resource == "notification" {
			role = actor.NoRole // nobody was told of anything
		}
	}
	switch {
	case role == actor.NoRole:
		return http.StatusNotFound, true
	case role == actor.Member && action != web.View && action != web.Run:
		return http.StatusForbidden, p.Noted() == ""
	}
	return 0, p.Noted() == "" && resource != "notification"
}

// Every route, every kind of actor, an own, a foreign and an unknown id: what
// is answered is what the policy promises.
func TestEveryRouteAnswersEveryActorAsItsPolicyPromises(t *testing.T) {
	g := newGround(t)
	bodies := g.bodies()
	cells, worded := 0, 0
	routes := g.house.Server.Handler.(*web.Server).Routes()
	for _, r := range routes {
		_, _, _, aimed := r.Policy.Target()
		places := []string{"own"}
		if aimed {
			places = []string{"own", "foreign", "unknown"}
		}
		for _, who := range actors {
			for _, where := range places {
				want, known := expected(r, who, where)
				got := g.call(r, bodies, who, where, want == 0)
				cells++
				if !known {
					worded++
				}
				if !fits(got.Status, want, known) && !r.Policy.Public() {
					t.Errorf("%s %s by %s on %s: status %d, the policy (%s) promises %s: %s", r.Method, r.Path, who, where, got.Status, r.Policy, class(want), got.Body)
				}
			}
		}
	}
	t.Logf("%d cells of %d routes; in %d of them words decide beyond credentials", cells, len(routes), worded)
	generated(t, "docs/api/permissions.md", g.table())
}

// fits reports whether a status is of the class. Getting through means that
// none of the checks for rights, nor the shape in front of them, refused.
func fits(status, want int, known bool) bool {
	switch {
	case !known:
		return status != http.StatusUnauthorized && status < http.StatusInternalServerError
	case want != 0:
		return status == want
	}
	switch status {
	case 400, 401, 403, 404, 405, 413, 415:
		return false
	}
	return status < http.StatusInternalServerError || status == http.StatusServiceUnavailable
}

func class(status int) string {
	if status == 0 {
		return "getting through"
	}
	return fmt.Sprint(status)
}

// call sends one request. What may get through and change something gets
// resources of its own.
func (g *ground) call(r web.Route, bodies map[string]map[string]any, who, where string, through bool) webtest.Answer {
	g.t.Helper()
	changes := through && r.Method != http.MethodGet
	at := map[string]ids{"own": g.own, "foreign": g.foreign}[where]
	switch {
	case changes && where == "own":
		at = g.fresh()
	case changes && where == "foreign":
		at = g.freshForeign()
	}
	path := r.Path
	for strings.Contains(path, "{") {
		begin, end := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:begin] + fmt.Sprint(g.id(at, path[begin+1:end], who)) + path[end+1:]
	}
	client, ok := g.clients[who]
	if !ok {
		g.t.Fatalf("nobody is %s", who)
	}
	if strings.HasSuffix(r.Path, "/document") && r.Method == http.MethodPost {
		g.made++
		return client.Upload(path, map[string]string{"content_type": "text", "source": fmt.Sprintf("another text %d", g.made)})
	}
	schema, has := bodies[r.Method+" "+r.Path]
	if !has {
		return client.Do(r.Method, path, nil)
	}
	return client.Do(r.Method, path, g.body(schema, at, who))
}

func (g *ground) id(at ids, param, who string) int64 {
	if id, ok := at[param]; ok {
		return id
	}
	if param == "user_id" && at != nil {
		return g.somebody(who)
	}
	return 999_999
}

// bodies are the schemas of the JSON bodies, by operation.
func (g *ground) bodies() map[string]map[string]any {
	g.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema map[string]any }
			}
		}
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(g.house.Server.Handler.(*web.Server).OpenAPI(), &doc); err != nil {
		g.t.Fatal(err)
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

// body is the smallest body that a schema accepts, with ids that exist where
// the path's do.
func (g *ground) body(schema map[string]any, at ids, who string) map[string]any {
	g.made++
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		property, _ := properties[name.(string)].(map[string]any)
		out[name.(string)] = g.value(name.(string), property, at, who)
	}
	for name, value := range map[string]any{"user_query": "What is this?", "name": fmt.Sprintf("n%d", g.made)} {
		if _, ok := properties[name]; ok { // asked for by a rule beyond the schema
			out[name] = value
		}
	}
	return out
}

func (g *ground) value(name string, property map[string]any, at ids, who string) any {
	switch name {
	case "email":
		return fmt.Sprintf("n%d@own.example", g.made)
	case "password", "old_password", "new_password":
		return "a password of nobody"
	case "resource_type":
		return "team"
	case "resource_id":
		return g.id(at, "team_id", who)
	case "project_id", "team_id":
		return g.id(at, name, who)
	case "alias":
		return fmt.Sprintf("n%d@own.example", g.made)
	}
	if values, ok := property["enum"].([]any); ok {
		return values[0]
	}
	switch property["type"] {
	case "array":
		items, _ := property["items"].(map[string]any)
		if name == "user_ids" {
			return []any{g.somebody(who)}
		}
		return []any{g.value(strings.TrimSuffix(name, "s"), items, at, who)}
	case "integer", "number":
		return 1
	case "boolean":
		return false
	}
	return fmt.Sprintf("text %d", g.made)
}

// table is the policy table as a document.
func (g *ground) table() string {
	var out strings.Builder
	out.WriteString(doNotEdit + "# Who may call what\n\nComputed from each route's policy, and held by a test that calls every route as every kind of actor on an own, a foreign and an unknown id. " +
		"On foreign and unknown ids everybody gets 404. The member and the admin have their role on the team, which holds for its project and the project's agent; the corpus, the answer and the thread are the admin's. " +
		"The keys are the global admin's. “~” stands where a rule in words decides too.\n\n| operation | policy |")
	for _, who := range actors {
		out.WriteString(" " + who + " |")
	}
	out.WriteString("\n|---|---|" + strings.Repeat("---|", len(actors)) + "\n")
	for _, r := range g.house.Server.Handler.(*web.Server).Routes() {
		fmt.Fprintf(&out, "| `%s %s` | %s |", r.Method, r.Path, r.Policy)
		for _, who := range actors {
			want, known := expected(r, who, "own")
			cell := "yes"
			if want != 0 {
				cell = fmt.Sprint(want)
			}
			if !known {
				cell += " ~"
			}
			out.WriteString(" " + cell + " |")
		}
		out.WriteString("\n")
	}
	return out.String()
}
