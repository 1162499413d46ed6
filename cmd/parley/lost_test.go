package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"parley/modules/chat/chatfx"
	"parley/platform/config"
	"parley/platform/webtest"
	"parley/platform/webtest/modelstub"
)

// A user who loses an agent while it answers loses the stream at once; the
// others' go on.
func TestAStreamEndsForAUserWhoLosesTheAgent(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{})
	models := httptest.NewServer(stub)
	t.Cleanup(models.Close)
	g, _ := grounds(t, fx.Replace(chatfx.Settings{Models: []config.Model{{Name: "stub", Model: "stub", BaseURL: models.URL + "/v1"}}}))
	boss := g.clients[globalAdmin]
	do := func(method, path string, body any) func(ids) {
		return func(at ids) {
			t.Helper()
			for param, id := range at {
				path = strings.ReplaceAll(path, "{"+param+"}", fmt.Sprint(id))
			}
			boss.Do(method, path, body).Want(http.StatusOK)
		}
	}
	person := fmt.Sprintf("/api/user/%d", g.ids[member])
	for _, c := range []struct {
		name       string
		lose, undo func(ids)
		stays      bool // the agent's owner
	}{
		{"its level becomes narrower", do("PUT", "/api/agent/{agent_id}/access", map[string]any{"access": "Only me"}), nil, true},
		{"it is paused", do("PUT", "/api/agent/{agent_id}", map[string]any{"status": "Paused"}), nil, true},
		{"they leave the team", do("DELETE", "/api/team/{team_id}/user", map[string]any{"user_ids": []int64{g.ids[member]}}), nil, true},
		{"the project leaves the team", do("PUT", "/api/project/{project_id}", map[string]any{"team": nil}), nil, true},
		{"the agent is deleted", do("DELETE", "/api/agent/{agent_id}", nil), nil, false},
		{"the project is deleted", do("DELETE", "/api/project/{project_id}", nil), nil, false},
		{"they are suspended", do("PUT", person, map[string]any{"is_active": false}), do("PUT", person, map[string]any{"is_active": true}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := g.teamAgent()
			path := fmt.Sprintf("/api/agent/%d/response/stream", at["agent_id"])
			release := make(chan struct{})
			asked := len(stub.Requests())
			stub.Next(
				modelstub.Behaviour{Answer: func(modelstub.Request) string { return "This answer never comes to its end." }, HangAfter: 3},
				modelstub.Behaviour{Answer: func(modelstub.Request) string { <-release; return "This one does." }},
			)
			lost := g.clients[member].On(t).Stream("POST", path, map[string]any{"user_query": "How long is it?"})
			record := lost.Until("assistant_stream")
			followed := g.clients[member].On(t).Stream("GET", fmt.Sprintf("/api/agent-response/%d/events", record), nil)
			followed.Until("assistant_stream")
			other := g.clients[admin].On(t).Stream("POST", path, map[string]any{"user_query": "And this?"})
			other.Until("generation")
			// The model has both questions, or the next case would get an answer
			// that was meant for this one.
			for until := time.Now().Add(30 * time.Second); len(stub.Requests()) < asked+2; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(until) {
					t.Fatal("the model was not asked twice")
				}
			}

			g.settle() // what was told before could end the one stream before the other
			c.lose(at)
			g.settle()
			ended, again := lost.All(), followed.All()
			close(release)
			last := map[bool]string{true: "end", false: "error chat.access_lost"}[c.stays]
			if got := outcome(other.All()); got != last {
				t.Errorf("the admin's stream ends with %q, want %q", got, last)
			}
			if c.undo != nil {
				// A stream whose credentials are void may be cut off before its
				// last event, which is read when they are valid again.
				c.undo(at)
				g.clients[member] = g.signIn("member@own.example")
				ended = g.clients[member].On(t).Stream("GET", fmt.Sprintf("/api/agent-response/%d/events", record), nil).All()
				again = ended
			}
			if one, two := outcome(ended), outcome(again); one != "error chat.access_lost" || one != two {
				t.Errorf("the stream ends with %q, and for a follower with %q", one, two)
			}
			var stored struct {
				State    string
				Response struct{ Answer string }
			}
			g.clients[member].On(t).Do("GET", fmt.Sprintf("/api/agent-response/%d", record), nil).Want(http.StatusOK).Data(&stored)
			if stored.State != "cancelled" || stored.Response.Answer != "This answer never" {
				t.Errorf("stored %+v", stored)
			}
		})
	}
}

// outcome is the step of the last event, with the code of an error.
func outcome(events []webtest.Event) string {
	if len(events) == 0 {
		return ""
	}
	last := events[len(events)-1]
	output, _ := last["output"].(map[string]any)
	failure, _ := output["error"].(map[string]any)
	return strings.TrimSpace(fmt.Sprint(last.Step(), " ", map[bool]any{true: failure["code"], false: ""}[failure != nil]))
}
