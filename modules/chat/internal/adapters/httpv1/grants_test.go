package httpv1_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

// in is a moment after the start of a test in fake time, as JSON has it.
func in(d time.Duration) string {
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(time.RFC3339Nano)
}

func grantBody(target string, expires time.Duration) string {
	return fmt.Sprintf(`{%s,"reason":"A complaint.","expires_on":%q}`, target, in(expires))
}

const week = 7 * 24 * time.Hour

func TestAGrantIsMadeListedAndEnded(t *testing.T) {
	play(t, says("x"), func(s *scene) {
		expires := time.Date(2000, 1, 8, 0, 0, 0, 0, time.UTC)
		made := s.nobody.Play(webtest.Scenario{
			Who: "ann", Method: "POST", Path: "/api/content-grant", Body: grantBody(`"user_id":7`, week), Status: 201,
			Events: []event.Event{chat.ContentGrantCreated{GrantID: 1, OrganizationID: 1, GrantedTo: 8, UserID: 7, ExpiresOn: expires}},
		})
		const want = `{"success":true,"message":"Content grant created successfully.","data":{"id":1,"user":7,"agent":null,"granted_to":8,"reason":"A complaint.",` +
			`"expires_on":"2000-01-08T00:00:00.000000Z","ended_on":null,"created_by":"ann@example.com","created_on":"2000-01-01T00:00:00.000000Z","modified_by":"",` +
			`"modified_on":"2000-01-01T00:00:00.000000Z"}}`
		if diff := cmp.Diff(want, strings.TrimSpace(string(made.Body))); diff != "" {
			t.Error(diff)
		}
		s.nobody.Play(webtest.Scenario{
			Who: "ann", Method: "POST", Path: "/api/content-grant", Body: grantBody(`"agent_id":3`, time.Hour), Status: 201,
			Events: []event.Event{chat.ContentGrantCreated{GrantID: 2, OrganizationID: 1, GrantedTo: 8, AgentID: 3, ExpiresOn: time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC)}},
		})
		time.Sleep(time.Hour)
		ended := s.nobody.Play(webtest.Scenario{
			Who: "ann", Method: "DELETE", Path: "/api/content-grant/1", Status: 200,
			Events: []event.Event{chat.ContentGrantEnded{GrantID: 1, OrganizationID: 1, GrantedTo: 8, UserID: 7, EndedBy: 8}},
		})
		if body := string(ended.Body); !strings.Contains(body, `"ended_on":"2000-01-01T01:00:00.000000Z"`) || !strings.Contains(body, `"modified_by":"ann@example.com"`) {
			t.Error(body)
		}
		for _, id := range []string{"1", "2"} { // ended, and expired
			s.nobody.Play(webtest.Scenario{Who: "ann", Method: "DELETE", Path: "/api/content-grant/" + id, Status: 409, Code: "chat.grant_ended"})
		}
		s.nobody.Play(webtest.Scenario{Who: "ann", Method: "DELETE", Path: "/api/content-grant/3", Status: 404, Code: "chat.grant_not_found"})
		s.ann.Expecting(webtest.Named("chat.content_grant_created.v1")).Do("POST", "/api/content-grant", grantBody(`"user_id":7`, 2*time.Hour)).Want(201)
		for query, want := range map[string]string{"": "321", "?is_live=true": "3", "?is_live=false": "21", "?user_id=7": "31", "?agent_id=3": "2", "?user_id=9": "", "?items_per_page=1&page=2": "2"} {
			var list []struct{ ID int64 }
			s.ann.Do("GET", "/api/content-grant"+query, nil).Want(200).Data(&list)
			got := ""
			for _, g := range list {
				got += fmt.Sprint(g.ID)
			}
			if got != want {
				t.Errorf("%q lists %s, want %s", query, got, want)
			}
		}
		s.jo.Do("GET", "/api/content-grant", nil).Refused(403, "forbidden")
		s.jo.Do("DELETE", "/api/content-grant/3", nil).Refused(404, "chat.grant_not_found")
		s.nobody.Do("GET", "/api/content-grant", nil).Refused(401, "unauthenticated")
	})
}

func TestAGrantThatCanNotBeIsRefusedInTheOrderOfTheChecks(t *testing.T) {
	for name, c := range map[string]struct {
		body         string
		status       int
		code, fields string
	}{
		"no body":                    {"", 400, "malformed_request", ""},
		"no reason":                  {`{"user_id":7,"expires_on":"2000-01-02T00:00:00Z"}`, 400, "malformed_request", "reason"},
		"no end":                     {`{"user_id":7,"reason":"a"}`, 400, "malformed_request", "expires_on"},
		"an unknown field":           {grantBody(`"user_id":7,"granted_to":9`, time.Hour), 400, "malformed_request", "granted_to"},
		"no moment":                  {`{"user_id":7,"reason":"a","expires_on":"tomorrow"}`, 422, "unacceptable_value", "expires_on"},
		"an empty reason":            {`{"user_id":7,"reason":"","expires_on":"2000-01-02T00:00:00Z"}`, 422, "unacceptable_value", "reason"},
		"a blank reason":             {`{"user_id":7,"reason":" ","expires_on":"2000-01-02T00:00:00Z"}`, 422, "chat.grant_reason", "reason"},
		"too long a reason":          {`{"user_id":7,"reason":"` + strings.Repeat("ä", 1001) + `","expires_on":"2000-01-02T00:00:00Z"}`, 422, "unacceptable_value", "reason"},
		"nobody":                     {grantBody(`"user_id":null`, time.Hour), 422, "chat.grant_target", "user_id"},
		"neither":                    {grantBody(`"x":0`, time.Hour), 400, "malformed_request", "x"},
		"both":                       {grantBody(`"user_id":7,"agent_id":3`, time.Hour), 422, "chat.grant_target", "agent_id"},
		"the past":                   {grantBody(`"user_id":7`, -time.Second), 422, "chat.grant_expiry", "expires_on"},
		"longer than a week":         {grantBody(`"user_id":7`, week+time.Second), 422, "chat.grant_expiry", "expires_on"},
		"a value before the user":    {grantBody(`"user_id":404`, week+time.Second), 422, "chat.grant_expiry", "expires_on"},
		"a user who isn't there":     {grantBody(`"user_id":404`, time.Hour), 404, "users.not_found", ""},
		"an agent that isn't there":  {grantBody(`"agent_id":4`, time.Hour), 404, "agents.not_found", ""},
		"a global admin, or oneself": {grantBody(`"user_id":8`, time.Hour), 403, "chat.grant_on_global_admin", ""},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, says("x"), func(s *scene) {
				var body any
				if c.body != "" {
					body = c.body
				}
				got := s.nobody.Play(webtest.Scenario{Who: "ann", Method: "POST", Path: "/api/content-grant", Body: body, Status: c.status, Code: c.code})
				if got.Fields() != c.fields {
					t.Errorf("fields %q: %s", got.Fields(), got.Body)
				}
			})
		})
	}
	play(t, says("x"), func(s *scene) {
		s.nobody.Play(webtest.Scenario{Who: "jo", Method: "POST", Path: "/api/content-grant", Body: grantBody(`"user_id":9`, time.Hour), Status: 403, Code: "forbidden"})
	})
}

func TestThroughAGrantTheAnswersAreTheAskersAndEachReadIsTold(t *testing.T) {
	play(t, says("Green ", "[1]."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		s.ann.Expecting(webtest.Named("chat.content_grant_created.v1")).Do("POST", "/api/content-grant", grantBody(`"user_id":7`, time.Hour)).Want(201)
		read := chat.ContentRead{GrantID: 1, OrganizationID: 1, ReaderID: 8, UserID: 7, AgentID: 3, ThreadID: 1, AgentResponseID: 1}
		thread, list := read, read
		thread.AgentResponseID, list.AgentResponseID, list.ThreadID = 0, 0, 0
		for path, want := range map[string]event.Event{
			"/api/agent-response/1":                           read,
			"/api/agent-response/1/thoughts":                  read,
			"/api/agent-response/1/supporting-content":        read,
			"/api/agent-response/1/events":                    read,
			"/api/agent-response/1/events?starting_after=4":   read,
			"/api/chat-thread/1":                              thread,
			"/api/agent/3/chat-thread?content_grant_id=1":     list,
			"/api/chat-thread/1?items_per_page=1&page=1":      thread,
			"/api/agent/3/chat-thread?content_grant_id=1&x=0": nil,
		} {
			if want == nil {
				s.ann.Do("GET", path, nil).Want(400)
				continue
			}
			own := strings.TrimSuffix(path, "?content_grant_id=1")
			mine := s.nobody.Play(webtest.Scenario{Who: "jo", Method: "GET", Path: own, Status: 200})
			got := s.nobody.Play(webtest.Scenario{Who: "ann", Method: "GET", Path: path, Status: 200, Events: []event.Event{want}})
			if diff := cmp.Diff(string(mine.Body), string(got.Body)); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		var threads []json.RawMessage
		s.ann.Do("GET", "/api/agent/3/chat-thread", nil).Want(200).Data(&threads)
		if len(threads) != 0 {
			t.Errorf("without the grant %s is listed as one's own", threads)
		}
		for _, write := range []webtest.Scenario{
			{Method: "POST", Path: "/api/agent-response/1/cancel"},
			{Method: "POST", Path: "/api/chat-thread/1/corpus/5"},
			{Method: "POST", Path: runPath, Body: `{"user_query":"And?","chat_thread_id":1}`},
			{Method: "POST", Path: runPath + "/stream", Body: `{"user_query":"And?","chat_thread_id":1}`},
		} {
			write.Who, write.Status, write.Code = "ann", 403, "chat.read_only"
			s.nobody.Play(write)
		}
		time.Sleep(time.Hour)
		for _, path := range []string{"/api/agent-response/1", "/api/agent-response/1/events", "/api/chat-thread/1"} {
			s.nobody.Play(webtest.Scenario{Who: "ann", Method: "GET", Path: path, Status: 404, Code: "chat.not_found"})
		}
		s.nobody.Play(webtest.Scenario{Who: "ann", Method: "GET", Path: "/api/agent/3/chat-thread?content_grant_id=1", Status: 403, Code: "chat.grant_unusable"})
		s.nobody.Play(webtest.Scenario{Who: "jo", Method: "GET", Path: "/api/agent/3/chat-thread?content_grant_id=1", Status: 404, Code: "chat.grant_not_found"})
	})
}
