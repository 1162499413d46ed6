package httpv1_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

func TestTheQuestionsOfAnAgentAreListedForItsAdmins(t *testing.T) {
	play(t, says("The coil is green [1]."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", "/api/agent/3/response", `{"user_query":"What is green?"}`).Want(200)
		s.jo.Expecting(webtest.Named("chat.response_rated.v1")).Do("POST", "/api/agent-response/1/upvote", nil).Want(200)
		time.Sleep(time.Hour)
		s.jo.Expecting(threadMade, completed).Do("POST", "/api/agent/3/response", `{"user_query":"What is odd?"}`).Want(200)

		s.nobody.Play(webtest.Scenario{Who: "jo", Method: "GET", Path: "/api/agent/3/query", Status: 403, Code: "chat.not_agent_admin"})
		s.nobody.Play(webtest.Scenario{Who: "jo", Method: "GET", Path: "/api/agent/4/query", Status: 404, Code: "agents.not_found"})
		s.nobody.Play(webtest.Scenario{Method: "GET", Path: "/api/agent/3/query", Status: 401, Code: "unauthenticated"})
		s.catalog.admin = true
		got := s.nobody.Play(webtest.Scenario{Who: "jo", Method: "GET", Path: "/api/agent/3/query?to=" + in(time.Minute), Status: 200})
		const want = `{"success":true,"message":"Agent queries retrieved successfully.","data":[{"agent_response":1,"query":"What is green?","answer":"The coil is green [1].",` +
			`"created_on":"2000-01-01T00:00:00.000000Z","is_upvote":true,"is_downvote":false,"user":null}],"meta":{"count":null,"num_pages":null,"current_page":null,"items_per_page":100,"next_cursor":null}}`
		if diff := cmp.Diff(want, strings.TrimSpace(string(got.Body))); diff != "" {
			t.Error(diff)
		}
		for query, want := range map[string]int{
			"": 2, "?feedback=upvote": 1, "?feedback=downvote": 0, "?feedback=none": 1, "?q=COILS": 2, "?q=odd": 1, "?q=odd+red": 0,
			"?from=2000-01-01&to=2000-01-01": 2, "?from=2000-01-02": 0, "?to=1999-12-31": 0, "?from=" + in(time.Hour): 1, "?items_per_page=1&page=2": 1,
		} {
			var list []struct{ Query string }
			s.jo.Do("GET", "/api/agent/3/query"+query, nil).Want(200).Data(&list)
			if len(list) != want {
				t.Errorf("%q lists %v, want %d", query, list, want)
			}
		}
		for query, code := range map[string]string{"?from=yesterday": "chat.invalid_moment", "?q=%3F": "chat.text_filter", "?page=100000": "chat.far_page"} {
			s.jo.Do("GET", "/api/agent/3/query"+query, nil).Refused(422, code)
		}

		s.ann.Expecting(webtest.Named("chat.content_grant_created.v1")).Do("POST", "/api/content-grant", grantBody(`"user_id":7`, 2*time.Hour)).Want(201)
		s.nobody.Play(webtest.Scenario{
			Who: "ann", Method: "GET", Path: "/api/agent/3/query?content_grant_id=1&q=odd", Status: 200,
			Events: []event.Event{chat.ContentRead{GrantID: 1, OrganizationID: 1, ReaderID: 8, UserID: 7, AgentID: 3, ThreadID: 2, AgentResponseID: 2}},
		})
	})
}

// What the server refuses beyond a share says when to come back.
func TestWhoAsksTooMuchIsToldWhenToAskAgain(t *testing.T) {
	play(t, script(hangs), func(s *scene) {
		for err := error(nil); err == nil; {
			_, err = s.service.Ask(context.Background(), actor.Actor{UserID: 7, OrganizationID: 1}, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		}
		refused := s.jo.Do("POST", "/api/agent/3/response", `{"user_query":"One more?"}`)
		refused.Refused(429, "chat.user_busy")
		if refused.Header.Get("Retry-After") != "5" {
			t.Error(refused.Header)
		}
	})
}
