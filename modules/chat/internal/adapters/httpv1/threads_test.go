package httpv1_test

import (
	"encoding/json"
	"fmt"
	"parley/platform/webtest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatDoesNotFitIsRefusedWithItsField(t *testing.T) {
	long := strings.Repeat("a", 32001)
	turns := strings.TrimSuffix(strings.Repeat(`{"user":"a","bot":"b"},`, 101), ",")
	cases := map[string]struct {
		body         string
		status       int
		code, fields string
	}{
		"no body":                      {"", 400, "malformed_request", ""},
		"no JSON":                      {"{", 400, "malformed_request", ""},
		"an unknown field":             {`{"user_query":"a","created_by":"x"}`, 400, "malformed_request", "created_by"},
		"an unknown override":          {`{"user_query":"a","overrides":{"tops":3}}`, 400, "malformed_request", "overrides.tops"},
		"an unknown field of a turn":   {`{"history":[{"user":"a","role":"x"}]}`, 400, "malformed_request", "history[0].role"},
		"a number for text":            {`{"user_query":7}`, 400, "malformed_request", "user_query"},
		"nothing to answer":            {`{}`, 422, "chat.no_question", ""},
		"two questions":                {`{"user_query":"a","history":[{"user":"b"}]}`, 422, "chat.two_questions", ""},
		"a gap in the history":         {`{"user_query":"a","history":[{"user":"b"},{"user":"c","bot":"d"}]}`, 422, "chat.invalid_history", ""},
		"too long a question":          {`{"user_query":"` + long + `"}`, 422, "unacceptable_value", "user_query"},
		"too long a history":           {`{"user_query":"a","history":[` + turns + `]}`, 422, "unacceptable_value", "history"},
		"no passage at all":            {`{"user_query":"a","overrides":{"top":0}}`, 422, "unacceptable_value", "overrides.top"},
		"too many passages":            {`{"user_query":"a","overrides":{"top":21}}`, 422, "unacceptable_value", "overrides.top"},
		"too warm":                     {`{"user_query":"a","overrides":{"temperature":2.5}}`, 422, "unacceptable_value", "overrides.temperature"},
		"a thread that can't be":       {`{"user_query":"a","chat_thread_id":0}`, 422, "unacceptable_value", "chat_thread_id"},
		"a source with a blank":        {`{"user_query":"a","query_source":"my app"}`, 422, "unacceptable_value", "query_source"},
		"a source in capitals":         {`{"user_query":"a","query_source":"Teams"}`, 422, "unacceptable_value", "query_source"},
		"a source with a dot":          {`{"user_query":"a","query_source":"my.app"}`, 422, "unacceptable_value", "query_source"},
		"a source with a line's end":   {`{"user_query":"a","query_source":"teams\n"}`, 422, "unacceptable_value", "query_source"},
		"a source without a name":      {`{"user_query":"a","query_source":""}`, 422, "unacceptable_value", "query_source"},
		"too long a source":            {`{"user_query":"a","query_source":"` + long[:51] + `"}`, 422, "unacceptable_value", "query_source"},
		"a source of the server":       {`{"user_query":"a","query_source":"evaluation"}`, 422, "chat.reserved_source", "query_source"},
		"another one of the server":    {`{"user_query":"a","query_source":"system"}`, 422, "chat.reserved_source", "query_source"},
		"a thread that isn't there":    {`{"user_query":"a","chat_thread_id":999}`, 404, "chat.not_found", ""},
		"a corpus out of reach":        {`{"user_query":"a","overrides":{"corpus_ids":[5,66]}}`, 422, "corpora.outside_scope", "overrides.corpus_ids"},
		"a question of NUL characters": {`{"user_query":"a\u0000"}`, 422, "unacceptable_value", "user_query"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			play(t, says("x"), func(s *scene) {
				for _, path := range []string{runPath, runPath + "/stream"} {
					var body any
					if c.body != "" {
						body = c.body
					}
					refused := webtest.Scenario{Who: "jo", Method: "POST", Path: path, Body: body, Status: c.status, Code: c.code}
					got := s.nobody.With("Accept", "text/event-stream").Play(refused)
					if got.Fields() != c.fields {
						t.Errorf("fields %q: %s", got.Fields(), got.Body)
					}
				}
				s.jo.Do("GET", "/api/agent-response/1", nil).Want(404) // nothing was stored
			})
		})
	}
}

func TestWhatFitsIsTaken(t *testing.T) {
	for name, body := range map[string]string{
		"a null thread":               `{"user_query":"a","chat_thread_id":null}`,
		"a question in history":       `{"history":[{"user":"a","bot":"b"},{"user":"c"}]}`,
		"an open turn with null":      `{"history":[{"user":"a","bot":null}]}`,
		"a source of all it may have": `{"user_query":"a","query_source":"my_app-2"}`,
		"everything": `{"user_query":"a","history":[],"query_source":"teams","model":"m-1","caching_enabled":true,
			"overrides":{"corpus_ids":[5],"top":3,"sources":false,"suggest_followup_questions":true,"cache_skip":true,"temperature":0}}`,
	} {
		t.Run(name, func(t *testing.T) {
			play(t, says("x"), func(s *scene) { s.jo.Expecting(threadMade, completed).Do("POST", runPath, body).Want(200) })
		})
	}
}

func TestAnEmptyHistoryStandsInPlaceOfTheThreads(t *testing.T) {
	play(t, says("x"), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		turns := func(body string) int {
			var data struct{ History []any }
			s.jo.Expecting(completed).Do("POST", runPath, body).Want(200).Data(&data)
			return len(data.History)
		}
		if got := []int{turns(`{"user_query":"b","chat_thread_id":1}`), turns(`{"user_query":"b","chat_thread_id":1,"history":[]}`)}; got[0] != 2 || got[1] != 1 {
			t.Errorf("%d turns with the thread's history and %d with none", got[0], got[1])
		}
	})
}

func TestSourcesAreLeftOutWhereTheAskerSaysSo(t *testing.T) {
	play(t, says("Green [1]."), func(s *scene) {
		var data struct{ References []any }
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, `{"user_query":"a","overrides":{"sources":false}}`).Want(200).Data(&data)
		if data.References == nil || len(data.References) != 0 {
			t.Errorf("%v", data.References)
		}
	})
}

func TestOthersAndStrangersFindNothing(t *testing.T) {
	play(t, says("x"), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		routes := []struct{ method, path string }{
			{"GET", "/api/agent-response/%s"}, {"GET", "/api/agent-response/%s/events"}, {"POST", "/api/agent-response/%s/cancel"},
			{"GET", "/api/agent-response/%s/thoughts"}, {"GET", "/api/agent-response/%s/supporting-content"}, {"GET", "/api/chat-thread/%s"},
		}
		for _, r := range routes {
			own := fmt.Sprintf(r.path, "1")
			s.nobody.Do(r.method, own, nil).Refused(401, "unauthenticated")
			theirs := s.ann.Do(r.method, own, nil).Refused(404, "chat.not_found") // a global admin
			absent := s.ann.Do(r.method, fmt.Sprintf(r.path, "999"), nil).Refused(404, "chat.not_found")
			if theirs.Message() != absent.Message() {
				t.Errorf("%s: %q differs from %q", own, theirs.Message(), absent.Message())
			}
			for _, id := range []string{"0", "-1", "abc", "1x", "99999999999999999999"} {
				s.jo.Do(r.method, fmt.Sprintf(r.path, id), nil).Want(404)
			}
		}
		for _, path := range []string{"/api/agent/4/response", "/api/agent/4/response/stream", "/api/agent/4/chat-thread"} {
			body := ask
			if strings.HasSuffix(path, "thread") {
				body = "{}"
			}
			s.jo.Do("POST", path, body).Refused(404, "agents.not_found")
			s.nobody.Do("POST", path, body).Refused(401, "unauthenticated")
		}
		s.ann.Do("POST", runPath, `{"user_query":"a","chat_thread_id":1}`).Refused(404, "chat.not_found")
		s.jo.Do("GET", "/api/agent/4/chat-thread", nil).Refused(404, "agents.not_found")
	})
}

func TestARunIsCancelledOnce(t *testing.T) {
	play(t, script(hangs), func(s *scene) {
		var streamed string
		s.jo.Expecting(threadMade, failed).Together("a run and its end", func(jo webtest.Client) {
			done := make(chan []byte)
			go func() { done <- jo.With("Accept", "text/event-stream").Do("POST", runPath, ask).Body }()
			var record struct {
				State    string
				Response struct{ Answer string }
			}
			for record.State != "cancelled" { // until the question is there
				if got := jo.Do("POST", "/api/agent-response/1/cancel", nil); got.Status == 200 {
					got.Data(&record)
				}
			}
			streamed = string(<-done)
		})
		if got := streamed; !strings.Contains(got, `"output":{"error":{"code":"chat.cancelled"`) {
			t.Error(got)
		}
		s.jo.Do("POST", "/api/agent-response/1/cancel", nil).Refused(409, "chat.already_ended")
	})
}

func TestAThreadIsMadeListedAndRead(t *testing.T) {
	play(t, says("x"), func(s *scene) {
		made := s.jo.Expecting(threadMade).Do("POST", "/api/agent/3/chat-thread", `{}`).Want(201)
		const want = `{"success":true,"message":"Chat Thread created successfully.","data":{"id":1,"corpus_id":null,"created_by":"jo@example.com",` +
			`"created_on":"2000-01-01T00:00:00.000000Z","modified_by":"","modified_on":"2000-01-01T00:00:00.000000Z","title":"New Chat","is_deleted":false,` +
			`"chat_id":null,"agent":3,"user":7,"is_system_created":false,"query_source":null}}`
		if diff := cmp.Diff(want, strings.TrimSpace(string(made.Body))); diff != "" {
			t.Error(diff)
		}
		s.jo.Do("POST", "/api/agent/3/chat-thread", `{"title":"Mine","user":8}`).Want(400)
		s.jo.Do("POST", "/api/agent/3/chat-thread", `{"title":"`+strings.Repeat("a", 201)+`"}`).Want(422)
		s.jo.Expecting(completed).Do("POST", runPath, `{"user_query":"First?","chat_thread_id":1}`).Want(200)
		s.jo.Expecting(completed).Do("POST", runPath, `{"user_query":"Second?","chat_thread_id":1}`).Want(200)
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, `{"user_query":"Elsewhere?","query_source":"teams"}`).Want(200)

		var list []struct {
			ID    int64
			Title string
		}
		var meta struct{ Count int64 }
		s.jo.Do("GET", "/api/agent/3/chat-thread", nil).Want(200).Data(&list).Meta(&meta)
		if len(list) != 2 || meta.Count != 2 {
			t.Errorf("%+v, %+v", list, meta)
		}
		s.jo.Do("GET", "/api/agent/3/chat-thread?query_source=email", nil).Want(200).Data(&list)
		if len(list) != 1 || list[0].Title != "First?" {
			t.Errorf("%+v", list)
		}
		s.ann.Do("GET", "/api/agent/3/chat-thread", nil).Want(200).Data(&list)
		if len(list) != 0 {
			t.Errorf("ann sees %+v", list)
		}

		var thread struct {
			ID        int64
			Title     string
			Responses []struct{ Question string } `json:"agent_responses"`
		}
		s.jo.Do("GET", "/api/chat-thread/1?items_per_page=1&page=2", nil).Want(200).Data(&thread).Meta(&meta)
		if len(thread.Responses) != 1 || thread.Responses[0].Question != "Second?" || meta.Count != 2 || thread.Title != "First?" {
			t.Errorf("%+v, %+v", thread, meta)
		}
	})
}

func TestTheRecordSaysHowTheAnswerCameAbout(t *testing.T) {
	play(t, says("Green ", "[1]."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		support := s.jo.Do("GET", "/api/agent-response/1/supporting-content", nil).Want(200)
		const want = `{"success":true,"message":"Supporting content retrieved successfully.","data":[{"number":1,"order":0,"title":"Guide","url":"/api/document/11/content",` +
			`"document_id":11,"corpus_id":5,"chunk_id":21,"page":4,"text":"The warp coil is green.","score":1.5}]}`
		if diff := cmp.Diff(want, strings.TrimSpace(string(support.Body))); diff != "" {
			t.Error(diff)
		}
		var thoughts []struct {
			Order      int
			Step       string
			Title      string
			Message    string
			StartedOn  string `json:"started_on"`
			DurationMS int64  `json:"duration_ms"`
			Detail     map[string]any
		}
		s.jo.Do("GET", "/api/agent-response/1/thoughts", nil).Want(200).Data(&thoughts)
		call := thoughts[3]
		if len(thoughts) != 5 || call.Step != "model_call" || call.DurationMS != 1000 || call.StartedOn != "2000-01-01T00:00:00.000000Z" || call.Detail["model"] != "m-1" {
			t.Errorf("%+v", thoughts)
		}
		var record map[string]any
		s.jo.Do("GET", "/api/agent-response/1", nil).Want(200).Data(&record)
		delete(record, "response")
		wantRecord := `{"id":1,"question":"What is green?","comments":[],"feedback":[],"created_by":"jo@example.com","created_on":"2000-01-01T00:00:00.000000Z",
			"modified_on":"2000-01-01T00:00:01.000000Z","is_deleted":false,"prompt_tokens":120,"completion_tokens":15,"total_tokens":135,"cache_hit":false,"query_source":"api",
			"message_id":null,"cost":"0","chat_thread":1,"agent":3,"agent_version":2,"user":7,"llm_config":null,"state":"completed","finish_reason":null,"failure_code":null,"failure_reason":null}`
		var fields map[string]any
		if err := json.Unmarshal([]byte(wantRecord), &fields); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fields, record); diff != "" {
			t.Error(diff)
		}
	})
}

func TestThePromptIsShownToAdminsAlone(t *testing.T) {
	play(t, says("x"), func(s *scene) {
		read := func() (string, int) {
			var record struct {
				Response struct {
					Prefix       string `json:"prompt_prefix"`
					Instructions []string
				}
			}
			s.jo.Do("GET", "/api/agent-response/1", nil).Want(200).Data(&record)
			return record.Response.Prefix, len(record.Response.Instructions)
		}
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		if prefix, n := read(); prefix != "" || n != 0 {
			t.Errorf("%q, %d instructions", prefix, n)
		}
		s.catalog.admin = true
		if prefix, n := read(); prefix != "You are kind." || n != 1 {
			t.Errorf("%q, %d instructions", prefix, n)
		}
	})
}
