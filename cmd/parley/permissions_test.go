package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/web"
	"parley/platform/webtest"
)

// parts are how many programs share the routes of the matrix, side by side: what
// each call makes is one more right to read for those who come after it.
const parts = 4

// Every route, every kind of actor, every choice of resources that the policy
// tells apart: what is answered is what the policy promises.
func TestEveryRouteAnswersEveryActorAsItsPolicyPromises(t *testing.T) {
	routes := newMatrix(t).routes()
	shares := make([]share, parts)
	t.Run("part", func(t *testing.T) {
		for n := range shares {
			t.Run(fmt.Sprint(n+1), func(t *testing.T) {
				t.Parallel()
				shares[n].run(newMatrix(t), n)
			})
		}
	})
	all := share{done: map[string]bool{}}
	for _, s := range shares {
		all.cells, all.through = all.cells+s.cells, all.through+s.through
		maps.Copy(all.done, s.done)
	}
	t.Logf("%d cells of %d routes; in %d of them the policy lets the actor through", all.cells, len(routes), all.through)
	if len(all.done) != len(routes) {
		t.Errorf("%d of %d routes were called", len(all.done), len(routes))
	}
	// Getting through would mean little if nobody ever arrived.
	for _, r := range routes {
		if operation := r.Method + " " + r.Path; all.done[operation] == (beyondRights[operation] != "") {
			t.Errorf("%s succeeded for some actor: %v (%s)", operation, all.done[operation], beyondRights[operation])
		}
	}
	generated(t, "docs/api/permissions.md", table(routes))
}

// share is what was seen of a part of the routes.
type share struct {
	cells, through int
	done           map[string]bool // by operation: whether it succeeded for somebody
}

// run calls every nth route.
func (s *share) run(m *matrix, n int) {
	s.done = map[string]bool{}
	wrong := 0
	for i, r := range m.routes() {
		if i%parts != n {
			continue
		}
		operation := r.Method + " " + r.Path
		s.done[operation] = false
		for _, of := range scenarios(r.Policy) {
			for _, who := range actors {
				want := expected(r, who, of)
				got := m.call(r, who, of, want == 0)
				s.cells++
				if want == 0 {
					s.through++
				}
				s.done[operation] = s.done[operation] || got.Status < 300
				if !fits(got.Status, want) {
					if wrong++; wrong > 20 {
						m.t.Fatal("and more")
					}
					m.t.Errorf("%s by the %s on %s: status %d, the policy (%s) promises %s: %s", operation, who, of, got.Status, r.Policy, class(want), got.Body)
				}
			}
		}
	}
}

// beyondRights are the operations that no scenario brings to an end, and why.
var beyondRights = map[string]string{
	"POST /api/agent-response/{agent_response_id}/cancel": "the run has ended",
	"GET /api/sharepoint/item":                            "the path is no full one",
	"POST /api/agent/{agent_id}/alias":                    "the agent has an alias",
	"POST /api/users/refresh-access-token":                "nobody sends a refresh token",
	"POST /api/user/{user_id}/invitation":                 "there is no mail server",
	"POST /api/users/password-reset":                      "there is no mail server",
	"POST /api/users/password-reset/confirm":              "nobody has a token of a mail",
	"POST /api/users/signup":                              "there is no mail server",
	"POST /api/users/verify-address":                      "nobody has a token of a mail",
	"POST /api/notification/unsubscribe":                  "nobody has a token of a mail",
}

// fits reports whether a status is of the class. Getting through means that
// none of the checks for rights, nor the shape in front of them, refused.
func fits(status, want int) bool {
	if want != 0 {
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

// A list shows what a get answers, and nothing else.
func TestEveryListShowsEachActorWhatTheyMayView(t *testing.T) {
	m := newMatrix(t)
	lists := 0
	for _, r := range m.routes() {
		kind := r.Policy.Listed()
		if kind == "" {
			continue
		}
		lists++
		for _, c := range variants(kind) {
			if c.place != "own" || c.specimen().make != nil {
				m.resource(c, "", false)
			}
		}
		for _, who := range actors {
			shown := map[int64]bool{}
			for cursor := "?items_per_page=500&cursor="; cursor != ""; {
				answer := m.own.by(who).Do("GET", r.Path+cursor, nil)
				if want := expected(r, who, scenario{}); want != 0 {
					answer.Want(want)
					break
				}
				var rows []struct{ ID int64 }
				var meta struct {
					Next *string `json:"next_cursor"`
				}
				answer.Want(200).Data(&rows).Meta(&meta)
				for _, row := range rows {
					shown[row.ID] = true
				}
				cursor = ""
				if meta.Next != nil {
					cursor = "?items_per_page=500&cursor=" + *meta.Next
				}
			}
			if expected(r, who, scenario{}) != 0 {
				continue
			}
			for _, c := range variants(kind) {
				if id := m.resource(c, who, false)[named(kind)]; shown[id] != c.may(who, access.View) {
					t.Errorf("GET %s shows the %s the %s: %v", r.Path, who, c, shown[id])
				}
			}
		}
	}
	if lists < 5 {
		t.Errorf("only %d routes say what they list", lists)
	}
}

// A decider says to every actor about every resource what the routes answer,
// for each action that a policy takes on its kind.
func TestEveryKindThatAPolicyNamesHasADeciderThatSaysTheSame(t *testing.T) {
	m := newMatrix(t)
	taken := map[actor.Resource]map[access.Action]bool{}
	for _, r := range m.routes() {
		for _, n := range r.Policy.Needs() {
			if n.KindIn != "" {
				continue
			}
			if taken[n.Resource] == nil {
				taken[n.Resource] = map[access.Action]bool{}
			}
			taken[n.Resource][n.Action] = true
		}
		if kind := r.Policy.Listed(); kind != "" && taken[kind] == nil {
			taken[kind] = map[access.Action]bool{access.View: true}
		}
	}
	organization := map[string]int64{foreignAdmin: m.other.organization()["organization_id"]}
	for _, who := range colleagues {
		organization[who] = m.own.organization()["organization_id"]
	}
	for kind, actions := range taken {
		for _, c := range variants(kind) {
			if c.place == "own" && c.specimen().make == nil {
				continue // what somebody may do to themselves depends on the fields that they send
			}
			id := m.resource(c, "", false)[named(kind)]
			for who, at := range organization {
				caller, err := m.own.house.Actors.Actor(t.Context(), at, m.own.ids[who])
				if err != nil {
					t.Fatal(err)
				}
				for do := range actions {
					err := access.Deciders(m.own.house.Deciders).Ask(t.Context(), kind, caller, id, do)
					if got, want := apperr.KindOf(err), apperr.Forbidden; c.may(who, do) != (err == nil) || (err != nil && c.may(who, access.View) != (got == want)) {
						t.Errorf("the %s may %s the %s: %v", who, do, c, err)
					}
				}
			}
		}
	}
	if len(taken) < 14 {
		t.Errorf("only %d kinds stand in policies", len(taken))
	}
}

const intro = `# Who may call what

This page is computed from each route's policy. A test checks it: it calls every route as every kind of actor on every kind of resource below.
A member and an admin have their role on a team, which holds for its projects and their agents. The corpora, answers and threads are the admin's. The keys are the global admin's; the restricted one reads agents alone.

On what is another organization's, was deleted or never existed everybody gets 404.

## What an actor may do to a resource

Each cell says what the actor may do to the resource: **v**iew, **r**un, **e**dit, **m**anage (roles and access), **d**elete. An actor who may not view it gets 404, an actor who may only view it gets 403. The keys may do what the global admin may, within their scope.

`

// table is the policy table as a document.
func table(routes []web.Route) string {
	var out strings.Builder
	out.WriteString(doNotEdit + intro + "| resource |" + row(colleagues...) + "|---|" + strings.Repeat("---|", len(colleagues)) + "\n")
	for _, kind := range slices.Sorted(maps.Keys(specimens)) {
		for _, s := range specimens[kind] {
			cells := make([]string, len(colleagues))
			for i, who := range colleagues {
				cells[i] = s.may[who]
			}
			fmt.Fprintf(&out, "| %s: %s |%s", kind, s.name, row(cells...))
		}
	}
	out.WriteString("\n## Operations\n\nThe calls use the first resource of each kind.\n\n| operation | policy |" + row(actors...) + "|---|---|" + strings.Repeat("---|", len(actors)) + "\n")
	for _, r := range routes {
		cells := make([]string, len(actors))
		for i, who := range actors {
			cells[i] = "yes"
			if want := expected(r, who, scenarios(r.Policy)[0]); want != 0 {
				cells[i] = fmt.Sprint(want)
			}
		}
		fmt.Fprintf(&out, "| `%s %s` | %s |%s", r.Method, r.Path, r.Policy, row(cells...))
	}
	return out.String()
}

func row(cells ...string) string {
	var out strings.Builder
	for _, c := range cells {
		out.WriteString(" " + c + " |")
	}
	return strings.ReplaceAll(out.String(), "  |", " |") + "\n"
}

// A user who has lost the right to a resource does not get a stored answer about
// it again.
func TestAStoredAnswerIsNotForAUserWhoLostTheRight(t *testing.T) {
	own, _ := grounds(t)
	agent, project := own.teamAgent(), own.project()
	asked := own.answer()
	requests := []struct {
		who, method, path string
		body              map[string]any
		status            int
		lose              func()
		lost              int
	}{
		{member, "POST", own.path("/api/agent/%d/starred", agent, "agent_id"), nil, 201, func() {
			own.by(admin).Do("PUT", own.path("/api/agent/%d/access", agent, "agent_id"), map[string]any{"access": "Only me"}).Want(200)
		}, 404},
		{admin, "POST", "/api/agent", map[string]any{"name": "A", "project_id": project["project_id"]}, 201, func() {
			own.by(globalAdmin).Do("DELETE", own.path("/api/team/%d/user", project, "team_id"), map[string]any{"user_ids": []int64{own.ids[admin]}}).Want(200)
		}, 404},
		{admin, "POST", own.path("/api/user/%d/permission", own.user(), "user_id"), map[string]any{"resource_type": "team", "resource_id": agent["team_id"], "role": "member"}, 201, func() {
			own.by(globalAdmin).Do("DELETE", own.path("/api/team/%d/user", agent, "team_id"), map[string]any{"user_ids": []int64{own.ids[admin]}}).Want(200)
		}, 404},
		{appAdmin, "POST", own.path("/api/user/%d/permission", own.user(), "user_id"), map[string]any{"resource_type": "organization", "role": "user"}, 201, func() {
			own.by(globalAdmin).Do("PUT", fmt.Sprintf("/api/user/%d", own.ids[appAdmin]), map[string]any{"is_staff": false}).Want(200)
		}, 403},
		{admin, "PUT", own.path("/api/agent/%d/rating", asked, "agent_id"), nil, 200, func() {}, 200},
		{admin, "POST", own.path("/api/agent-response/%d/comment", asked, "agent_response_id"), map[string]any{"comment": "Thanks."}, 201, func() {
			own.by(admin).Do("DELETE", own.path("/api/chat-thread/%d", asked, "chat_thread_id"), nil).Want(200)
		}, 404},
	}
	// What only reads is read anew each time.
	for range 2 {
		answer := own.by(admin).With("Idempotency-Key", "read").Do("POST", "/api/project/details", map[string]any{"project_ids": []int64{project["project_id"]}}).Want(200)
		if answer.Header.Get("Idempotency-Replayed") != "" {
			t.Error("what a POST read is kept")
		}
	}
	for i, r := range requests {
		send := func() (int, string, string) {
			answer := own.by(r.who).With("Idempotency-Key", fmt.Sprint("k", i)).Do(r.method, r.path, r.body)
			return answer.Status, answer.Header.Get("Idempotency-Replayed"), strings.TrimSpace(string(answer.Body))
		}
		status, _, first := send()
		if status != r.status {
			t.Fatalf("%s %s: %d %s", r.method, r.path, status, first)
		}
		if again, replayed, body := send(); again != r.status || replayed != "true" || body != first {
			t.Errorf("%s %s again: %d, replayed %q, %s", r.method, r.path, again, replayed, body)
		}
		if r.lose(); r.lost != r.status {
			if status, replayed, body := send(); status != r.lost || replayed != "" {
				t.Errorf("%s %s by who lost it: %d, replayed %q, %s", r.method, r.path, status, replayed, body)
			}
		}
	}
}

func TestAStoredAnswerShowsNoPromptToAFormerAdmin(t *testing.T) {
	own, _ := grounds(t)
	agent := own.publicAgent()
	own.by(admin).Do("PUT", own.path("/api/agent/%d", agent, "agent_id"), map[string]any{"prefix_prompt": "secret", "custom_instructions": []string{"secret"}}).Want(200)
	team, staff := own.path("/api/team/%d/user", agent, "team_id"), []int64{own.ids[appAdmin]}
	own.by(globalAdmin).Do("POST", team, map[string]any{"user_ids": staff, "role": "admin"}).Want(200)
	send := func(list string) (prompt string, answer webtest.Answer) {
		answer = own.by(appAdmin).With("Idempotency-Key", list).Do("POST", own.path("/api/agent/%d/"+list, agent, "agent_id"), nil).Want(201)
		var row struct {
			Agent struct {
				Prompt       string            `json:"prefix_prompt"`
				Instructions []json.RawMessage `json:"instructions"`
				LLMConfig    json.RawMessage   `json:"llm_config"`
			}
		}
		answer.Data(&row)
		return fmt.Sprintf("%s, %d, %s", row.Agent.Prompt, len(row.Agent.Instructions), row.Agent.LLMConfig), answer
	}
	lists := []string{"recent", "starred"}
	for _, list := range lists {
		if shown, answer := send(list); shown != "secret, 1, null" {
			t.Errorf("to its admin: %s", answer.Body)
		}
	}
	own.by(globalAdmin).Do("DELETE", team, map[string]any{"user_ids": staff}).Want(200)
	for _, list := range lists {
		shown, answer := send(list)
		if shown != ", 0, null" || answer.Header.Get("Idempotency-Replayed") != "true" || !strings.Contains(string(answer.Body), `"instructions":[]`) {
			t.Errorf("to a former admin: %s", answer.Body)
		}
	}
}
