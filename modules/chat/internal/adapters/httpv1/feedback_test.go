package httpv1_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/httpv1"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

const (
	said   = `{"comment":"Not the coil."}`
	madeOn = "2000-01-01T00:00:00.000000Z"
)

func TestAnAnswerIsCommentedAndRated(t *testing.T) {
	play(t, says("Green."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		rated := func(change int64, before, after string) chat.ResponseRated {
			return chat.ResponseRated{
				FeedbackID: 1, Change: change, Before: before, After: after, AgentResponseID: 1, OrganizationID: 1, ThreadID: 1, AgentID: 3, AgentType: "QnA",
				UserID: 7, QuerySource: "api", Model: "m-1", AskedOn: time.Now().UTC(), RatedOn: time.Now().UTC(),
			}
		}
		const path = "/api/agent-response/1/"
		for _, c := range []struct {
			webtest.Scenario
			data string
		}{
			{webtest.Scenario{Path: "comment", Body: said, Status: 201, Events: []event.Event{
				chat.ResponseCommented{CommentID: 1, AgentResponseID: 1, OrganizationID: 1, ThreadID: 1, AgentID: 3, UserID: 7, CommentedOn: time.Now().UTC()},
			}}, `"message":"Comment added successfully.","data":{"id":1,"comment":"Not the coil.","created_by":"jo@example.com","created_on":"` + madeOn + `","response":1}`},
			{webtest.Scenario{Path: "upvote", Status: 200, Events: []event.Event{rated(1, "", "upvote")}},
				`"message":"Feedback saved successfully.","data":{"id":1,"is_upvote":true,"is_downvote":false,"created_by":"jo@example.com","created_on":"` + madeOn + `","response":1}`},
			{webtest.Scenario{Path: "upvote", Status: 200}, `"is_upvote":true,"is_downvote":false`},
			{webtest.Scenario{Path: "downvote", Body: `{}`, Status: 200, Events: []event.Event{rated(2, "upvote", "downvote")}}, `"id":1,"is_upvote":false,"is_downvote":true`},
			{webtest.Scenario{Path: "downvote", Status: 200}, `"is_upvote":false,"is_downvote":true`},
		} {
			c.Who, c.Method, c.Path = "jo", "POST", path+c.Path
			if got := s.nobody.Play(c.Scenario); !strings.Contains(string(got.Body), c.data) {
				t.Errorf("%s: %s", c.Path, got.Body)
			}
		}
		const want = `"comments":[{"id":1,"comment":"Not the coil.","created_by":"jo@example.com","created_on":"` + madeOn + `","response":1}],` +
			`"feedback":[{"id":1,"is_upvote":false,"is_downvote":true,"created_by":"jo@example.com","created_on":"` + madeOn + `","response":1}]`
		for _, path := range []string{"/api/agent-response/1", "/api/chat-thread/1"} {
			if got := s.jo.Do("GET", path, nil).Want(200); !strings.Contains(string(got.Body), want) {
				t.Errorf("%s: %s", path, got.Body)
			}
		}
	})
}

func TestACommentThatDoesNotFitIsRefusedWithItsField(t *testing.T) {
	play(t, says("Green."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		for _, c := range []struct{ body, code, fields string }{
			{`{"comment":""}`, "unacceptable_value", "comment"},
			{`{"comment":" \n "}`, "chat.blank_comment", "comment"},
			{`{"comment":"` + strings.Repeat("ö", 4001) + `"}`, "unacceptable_value", "comment"},
			{`{}`, "malformed_request", "comment"},
			{`{"comment":"x","created_by":"ann@example.com"}`, "malformed_request", "created_by"},
		} {
			status := map[bool]int{true: 400, false: 422}[c.code == "malformed_request"]
			got := s.nobody.Play(webtest.Scenario{Who: "jo", Method: "POST", Path: "/api/agent-response/1/comment", Body: c.body, Status: status, Code: c.code})
			if got.Fields() != c.fields {
				t.Errorf("%s: fields %q", c.body, got.Fields())
			}
		}
		s.jo.Expecting(webtest.Named("chat.response_commented.v1")).Do("POST", "/api/agent-response/1/comment", `{"comment":"`+strings.Repeat("ö", 4000)+`"}`).Want(201)
	})
}

func TestOthersCanDoNothingToAnswersAndThreads(t *testing.T) {
	play(t, says("Green."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		for _, r := range []struct {
			method, path string
			body         any
		}{
			{"POST", "/api/agent-response/%d/comment", said},
			{"POST", "/api/agent-response/%d/upvote", nil},
			{"POST", "/api/agent-response/%d/downvote", nil},
			{"DELETE", "/api/agent-response/%d", nil},
			{"PUT", "/api/chat-thread/%d", `{"title":"Mine"}`},
			{"DELETE", "/api/chat-thread/%d", nil},
		} {
			s.nobody.Play(webtest.Scenario{Method: r.method, Path: fmt.Sprintf(r.path, 1), Body: r.body, Status: 401, Code: "unauthenticated"})
			theirs := s.nobody.Play(webtest.Scenario{Who: "ann", Method: r.method, Path: fmt.Sprintf(r.path, 1), Body: r.body, Status: 404, Code: "chat.not_found"})
			absent := s.nobody.Play(webtest.Scenario{Who: "ann", Method: r.method, Path: fmt.Sprintf(r.path, 999), Body: r.body, Status: 404, Code: "chat.not_found"})
			if theirs.Message() != absent.Message() {
				t.Errorf("%s: %q differs from %q", r.path, theirs.Message(), absent.Message())
			}
		}
		s.jo.Do("GET", "/api/chat-thread/1", nil).Want(200)
	})
}

func TestAThreadIsRenamed(t *testing.T) {
	play(t, says("Green."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		for body, want := range map[string]struct {
			status int
			code   string
		}{
			`{}`:                      {400, "malformed_request"},
			`{"title":""}`:            {422, "unacceptable_value"},
			`{"title":" \t "}`:        {422, "chat.blank_title"},
			`{"title":"a","agent":4}`: {400, "malformed_request"},
			`{"title":"` + strings.Repeat("a", 256) + `"}`: {422, "unacceptable_value"},
		} {
			s.nobody.Play(webtest.Scenario{Who: "jo", Method: "PUT", Path: "/api/chat-thread/1", Body: body, Status: want.status, Code: want.code})
		}
		got := s.nobody.Play(webtest.Scenario{Who: "jo", Method: "PUT", Path: "/api/chat-thread/1", Body: `{"title":"  Coils "}`, Status: 200})
		for _, part := range []string{`"message":"Chat Thread updated successfully."`, `"title":"Coils"`, `"modified_by":"jo@example.com"`, `"is_deleted":false`} {
			if !strings.Contains(string(got.Body), part) {
				t.Errorf("no %s in %s", part, got.Body)
			}
		}
	})
}

func TestWhatIsDeletedIsShownOnceMore(t *testing.T) {
	play(t, says("Green."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		s.jo.Expecting(completed).Do("POST", runPath, `{"user_query":"And blue?","chat_thread_id":1}`).Want(200)
		answer := s.nobody.Play(webtest.Scenario{Who: "jo", Method: "DELETE", Path: "/api/agent-response/1", Status: 200, Events: []event.Event{
			chat.ResponseDeleted{AgentResponseID: 1, OrganizationID: 1, ThreadID: 1, AgentID: 3, UserID: 7, DeletedBy: 7, DeletedOn: time.Now().UTC()},
		}})
		var record struct {
			ID        int64
			Question  string
			IsDeleted bool `json:"is_deleted"`
			Response  struct{ Answer string }
		}
		answer.Data(&record)
		if record.ID != 1 || record.Question != "What is green?" || !record.IsDeleted || record.Response.Answer != "Green." {
			t.Errorf("%+v", record)
		}
		s.nobody.Play(webtest.Scenario{Who: "jo", Method: "DELETE", Path: "/api/agent-response/1", Status: 404, Code: "chat.not_found"})
		gone := s.nobody.Play(webtest.Scenario{Who: "jo", Method: "DELETE", Path: "/api/chat-thread/1", Status: 200, Events: []event.Event{
			chat.ThreadDeleted{ThreadID: 1, OrganizationID: 1, AgentID: 3, UserID: 7, DeletedBy: 7, DeletedOn: time.Now().UTC()},
		}})
		var thread struct {
			ID        int64
			Title     string
			IsDeleted bool `json:"is_deleted"`
		}
		gone.Data(&thread)
		if thread.ID != 1 || !thread.IsDeleted {
			t.Errorf("%+v", thread)
		}
		for _, path := range []string{
			"/api/chat-thread/1", "/api/agent-response/2", "/api/agent-response/2/events", "/api/agent-response/2/thoughts", "/api/agent-response/2/supporting-content",
		} {
			s.jo.Do("GET", path, nil).Refused(404, "chat.not_found")
		}
		s.jo.Do("POST", runPath, `{"user_query":"More?","chat_thread_id":1}`).Refused(404, "chat.not_found")
	})
}

func TestWhoWaitsForADeletedAnswerIsTold(t *testing.T) {
	play(t, script(hangs), func(s *scene) {
		var streams []webtest.Answer
		deleted := webtest.Named("chat.thread_deleted.v1")
		s.jo.Expecting(threadMade, deleted, failed, failed).Together("two runs and what ends them", func(jo webtest.Client) {
			plain, streamed, followed := make(chan webtest.Answer), make(chan webtest.Answer), make(chan webtest.Answer)
			go func() { plain <- jo.With("Idempotency-Key", "k").Do("POST", runPath, `{"user_query":"First?"}`) }()
			synctest.Wait()
			go func() {
				streamed <- jo.Do("POST", runPath+"/stream", `{"user_query":"Second?","chat_thread_id":1}`)
			}()
			synctest.Wait()
			go func() { followed <- jo.Do("GET", "/api/agent-response/2/events?starting_after=3", nil) }()
			synctest.Wait()
			jo.Do("DELETE", "/api/chat-thread/1", nil).Want(200)
			(<-plain).Refused(409, "chat.deleted")
			streams = []webtest.Answer{<-streamed, <-followed}
		})
		const last = `data: {"sequence_number":5,"step":"error","message":"This answer was deleted. Ask again, without an Idempotency-Key or with another one.",` +
			`"output":{"error":{"code":"chat.deleted","details":"This answer was deleted. Ask again, without an Idempotency-Key or with another one."}}}` + "\n\n"
		for _, got := range streams {
			if !strings.HasSuffix(string(got.Want(200).Body), "\n\n"+last) {
				t.Errorf("%s", got.Body)
			}
		}
		s.jo.With("Idempotency-Key", "k").Do("POST", runPath, `{"user_query":"First?"}`).Refused(409, "chat.deleted")
	})
}

func TestAStreamWhoseAnswerIsDeletedBeforeItsEndIsSentEndsWithTheError(t *testing.T) {
	play(t, says("Green."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		jo := actor.Actor{UserID: 7, OrganizationID: 1, Email: "jo@example.com"}
		watch, run, err := s.service.Watch(t.Context(), jo, 1, 3)
		if err != nil {
			t.Fatal(err)
		}
		stream := httpv1.Stream(httpv1.New(s.service), jo, watch, run)
		next := func() string {
			t.Helper()
			line, err := stream.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return string(line)
		}
		if piece := next(); !strings.Contains(piece, `"delta":"Green."`) { // with which the end was read
			t.Error(piece)
		}
		s.jo.Expecting(webtest.Named("chat.response_deleted.v1")).Do("DELETE", "/api/agent-response/1", nil).Want(200)
		const last = `{"sequence_number":5,"step":"error","message":"This answer was deleted.`
		if got := next(); !strings.HasPrefix(got, last) || !strings.Contains(got, `"output":{"error":{"code":"chat.deleted"`) {
			t.Error(got)
		}
		if _, err := stream.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}
