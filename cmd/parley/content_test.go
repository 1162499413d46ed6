package main_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/webtest"
	"parley/platform/webtest/modelstub"
)

// audited is a read in the audit log.
type audited struct {
	User     int64
	Target   string
	Subjects []string
	Detail   map[string]any
	Outcome  string
	From     string `json:"from_address"`
	On       string `json:"created_on"`
}

// reads answers the reads in the audit log, oldest first.
func reads(c webtest.Client) []audited {
	var all, out []audited
	c.Do("GET", "/api/audit-log?items_per_page=500", nil).Want(200).Data(&all)
	for i := len(all) - 1; i >= 0; i-- {
		if strings.HasPrefix(all[i].Target, "GET ") {
			out = append(out, all[i])
		}
	}
	return out
}

// A global admin reads nothing of a user, makes a content grant, and reads what
// it opens. Each read is in the audit log, and the user is told once.
func TestContentIsReadThroughAGrantAndEachReadIsAudited(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		stub := modelstub.New(modelstub.Behaviour{Answer: func(modelstub.Request) string { return "In 1871." }})
		model := httptest.NewServer(stub)
		defer model.Close()
		s := newServer(t, kind, "PARLEY_LLM_URL="+model.URL+"/v1", "PARLEY_LLM_MODEL=stub")
		s.start()
		admin := s.admin()
		w := build(admin)
		person := func(email string, admins bool) int64 {
			return admin.Do("POST", "/api/user", map[string]any{"email": email, "password": adminPassword, "is_superuser": admins}).Want(201).ID()
		}
		joID, annID, secondID := person("jo@example.org", false), person("ann@example.org", false), person("second@example.org", true)
		jo, ann, second := s.client("jo@example.org", adminPassword), s.client("ann@example.org", adminPassword), s.client("second@example.org", adminPassword)
		adminID := admin.Do("GET", "/api/user/me", nil).Want(200).ID()
		type asked struct {
			Response int64 `json:"agent_response_id"`
			Thread   int64 `json:"thread_id"`
		}
		question := func(c webtest.Client) (a asked) {
			c.Do("POST", fmt.Sprintf("/api/agent/%d/response", w.agent), `{"user_query":"When was it built?"}`).Want(200).Data(&a)
			return a
		}
		ofJo, ofAnn, ofSecond := question(jo), question(ann), question(second)
		threadPath := func(a asked) string { return fmt.Sprintf("/api/chat-thread/%d", a.Thread) }
		answerPath := func(a asked) string { return fmt.Sprintf("/api/agent-response/%d", a.Response) }
		list := fmt.Sprintf("/api/agent/%d/chat-thread", w.agent)
		grant := func(c webtest.Client, field string, id int64) int64 {
			return c.Do("POST", "/api/content-grant", map[string]any{field: id, "reason": "A complaint.", "expires_on": time.Now().Add(time.Hour)}).Want(201).ID()
		}
		told := func(c webtest.Client, want ...string) {
			t.Helper()
			eventually(t, func() string {
				var ns []struct{ Message string }
				c.Do("GET", "/api/notification", nil).Want(200).Data(&ns)
				var got []string
				for _, n := range ns {
					got = append(got, n.Message)
				}
				if len(got) != len(want) {
					return fmt.Sprintf("told were %q", got)
				}
				for i := range want {
					if !strings.Contains(got[i], want[i]) {
						t.Fatalf("told were %q, want %q", got, want)
					}
				}
				return ""
			})
		}

		// Without a grant nothing is there, and no read is noted.
		for _, path := range []string{threadPath(ofJo), answerPath(ofJo), answerPath(ofJo) + "/events"} {
			if theirs, absent := admin.Do("GET", path, nil).Refused(404, "chat.not_found"), admin.Do("GET", "/api/chat-thread/99999", nil).Want(404); theirs.Message() != absent.Message() {
				t.Errorf("%q differs from %q", theirs.Message(), absent.Message())
			}
		}
		jo.Do("GET", threadPath(ofJo), nil).Want(200)
		if got := reads(admin); len(got) > 0 {
			t.Fatalf("audited before any grant: %+v", got)
		}

		onJo := grant(admin, "user_id", joID)
		told(jo, "may read your conversations until")
		paths := []string{
			threadPath(ofJo), answerPath(ofJo), answerPath(ofJo) + "/thoughts", answerPath(ofJo) + "/supporting-content", answerPath(ofJo) + "/events",
			fmt.Sprintf("%s?content_grant_id=%d", list, onJo),
		}
		for i, path := range paths {
			admin.Do("GET", path, nil).Want(200)
			got := reads(admin)
			if len(got) != i+1 {
				t.Fatalf("GET %s: the audit log has %+v", path, got)
			}
			subjects := []string{fmt.Sprintf("content_grant/%d", onJo), fmt.Sprintf("user/%d", joID)}
			target, _, isList := strings.Cut(path, "?")
			detail := map[string]any{}
			switch {
			case isList:
				detail["content_grant_id"] = float64(onJo)
			case i == 0:
				subjects = append(subjects, fmt.Sprintf("thread/%d", ofJo.Thread))
			default:
				subjects = append(subjects, fmt.Sprintf("thread/%d", ofJo.Thread), fmt.Sprintf("agent_response/%d", ofJo.Response))
			}
			want := audited{User: adminID, Target: "GET " + target, Subjects: subjects, Detail: detail, Outcome: "done", From: "127.0.0.1", On: got[i].On}
			if diff := cmp.Diff(want, got[i]); diff != "" || got[i].On == "" {
				t.Error(diff)
			}
		}
		told(jo, "may read your conversations until")
		noted := len(reads(admin))

		// It lets nobody else read, and nobody write.
		second.Do("GET", threadPath(ofJo), nil).Refused(404, "chat.not_found")
		admin.Do("GET", threadPath(ofAnn), nil).Refused(404, "chat.not_found")
		admin.Do("POST", fmt.Sprintf("%s/corpus/%d", threadPath(ofJo), w.corpus), nil).Refused(403, "chat.read_only")
		admin.Do("POST", answerPath(ofJo)+"/cancel", nil).Refused(403, "chat.read_only")
		admin.Do("POST", fmt.Sprintf("/api/agent/%d/response", w.agent), map[string]any{"user_query": "And?", "chat_thread_id": ofJo.Thread}).Refused(403, "chat.read_only")
		admin.Do("POST", "/api/content-grant", map[string]any{"user_id": secondID, "reason": "a", "expires_on": time.Now().Add(time.Hour)}).Refused(403, "chat.grant_on_global_admin")

		// One on the agent opens everybody's but global admins'; who was read is told.
		onAgent := grant(second, "agent_id", w.agent)
		second.Do("GET", threadPath(ofAnn), nil).Want(200)
		second.Do("GET", answerPath(ofAnn), nil).Want(200)
		admin.Do("GET", threadPath(ofSecond), nil).Refused(404, "chat.not_found")
		var threads []struct{ User int64 }
		second.Do("GET", fmt.Sprintf("%s?content_grant_id=%d", list, onAgent), nil).Want(200).Data(&threads)
		if diff := cmp.Diff([]struct{ User int64 }{{annID}, {joID}}, threads); diff != "" {
			t.Error(diff)
		}
		told(ann, "has read conversations of yours with agent")
		told(jo, "has read conversations of yours with agent", "may read your conversations until")
		if got := len(reads(admin)); got != noted+3 {
			t.Errorf("%d reads are audited, want %d", got, noted+3)
		}

		// An API key reaches what its groups say.
		var key struct{ Key string }
		second.Do("POST", "/api/api-key", map[string]any{"name": "grants", "scope": "restricted", "groups": map[string]string{"content_grant": "write"}}).Want(201).Data(&key)
		narrow := webtest.At(t, "http://"+s.addr).With("Ocp-Apim-Subscription-Key", key.Key)
		narrow.Do("DELETE", fmt.Sprintf("/api/content-grant/%d", grant(narrow, "user_id", annID)), nil).Want(200)
		narrow.Do("GET", threadPath(ofAnn), nil).Refused(403, "users.key_scope")
		told(ann, "may read your conversations until", "has read conversations of yours with agent")

		// A stream that is open ends with the grant.
		stub.Set(modelstub.Behaviour{Answer: func(modelstub.Request) string { return "This answer never comes to its end." }, HangAfter: 3})
		own := jo.Stream("POST", fmt.Sprintf("/api/agent/%d/response/stream", w.agent), map[string]any{"user_query": "How long is it?"})
		running := own.Until("assistant_stream")
		events := fmt.Sprintf("/api/agent-response/%d/events", running)
		through := admin.Stream("GET", events, nil)
		through.Until("assistant_stream")
		second.Do("DELETE", fmt.Sprintf("/api/content-grant/%d", onJo), nil).Want(200)
		if rest := through.All(); len(rest) > 0 && (rest[len(rest)-1].Step() == "end" || rest[len(rest)-1].Step() == "error") {
			t.Errorf("the stream went on: %v", rest)
		}
		admin.Do("GET", events, nil).Refused(404, "chat.not_found")
		jo.Do("POST", fmt.Sprintf("/api/agent-response/%d/cancel", running), nil).Want(200)
		if rest := own.All(); len(rest) == 0 || rest[len(rest)-1].Step() != "error" {
			t.Errorf("the asker's stream: %v", rest)
		}
		admin.Do("GET", threadPath(ofJo), nil).Refused(404, "chat.not_found")
		admin.Do("DELETE", fmt.Sprintf("/api/content-grant/%d", onJo), nil).Refused(409, "chat.grant_ended")

		// A user who becomes a global admin is out of reach; a reader who is none any
		// more reads nothing.
		grant(admin, "user_id", annID)
		admin.Do("GET", threadPath(ofAnn), nil).Want(200)
		admin.Do("PUT", fmt.Sprintf("/api/user/%d", annID), map[string]any{"is_superuser": true}).Want(200)
		admin.Do("GET", threadPath(ofAnn), nil).Refused(404, "chat.not_found")
		second.Do("GET", answerPath(ofAnn), nil).Refused(404, "chat.not_found")
		second.Do("GET", threadPath(ofJo), nil).Want(200)
		admin.Do("DELETE", fmt.Sprintf("/api/user/%d", secondID), nil).Want(200)
		second.Do("GET", threadPath(ofJo), nil).Want(401)
		eventually(t, func() string {
			var live []struct{ ID int64 }
			admin.Do("GET", fmt.Sprintf("/api/content-grant?is_live=true&agent_id=%d", w.agent), nil).Want(200).Data(&live)
			if len(live) > 0 {
				return fmt.Sprintf("of a deleted admin's grants %+v live", live)
			}
			return ""
		})
	})
}
