package httpv1

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/adapters/memstore"
	"parley/modules/evaluations/internal/adapters/queryfile"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/coretest"
	"parley/modules/evaluations/internal/core/metrics"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
	"parley/platform/webtest"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

type scene struct {
	webtest.Client
	t      *testing.T
	db     *memory.DB
	chat   *coretest.Chat
	docs   *coretest.Documents
	runner *work.Runner
	api    *API
	store  *impatient
}

// impatient reads no test for who does not wait.
type impatient struct{ core.Store }

func (i *impatient) Test(ctx context.Context, org, id int64) (core.Test, error) {
	if err := ctx.Err(); err != nil {
		return core.Test{}, err
	}
	return i.Store.Test(ctx, org, id)
}

// newScene has agent 3, which jo and ann administer and max may view.
func newScene(t *testing.T) *scene {
	t.Helper()
	at := clock.NewFixed(time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	db := memory.New(at)
	queue := work.NewQueue(workstore.New(db), nil, at)
	s := &scene{t: t, db: db, chat: &coretest.Chat{}, docs: &coretest.Documents{}, store: &impatient{memstore.New(db)}}
	log := slog.New(slog.DiscardHandler)
	service := core.New(core.Deps{
		Unit: db, Store: s.store, Documents: s.docs, Runner: s.chat, Judge: s.chat, Answered: s.chat, Queue: queue, Clock: at, Log: log, Parallel: 1,
		Agents:  coretest.Agents{Admins: map[int64][]int64{3: {5, 6}, 4: {5}}, Viewers: map[int64][]int64{3: {7}}},
		Metrics: metrics.Offline(),
	})
	var err error
	if s.runner, err = work.NewRunner(work.Config{Queue: queue, Kinds: service.Kinds(), Owner: "me", Log: log}); err != nil {
		t.Fatal(err)
	}
	actors := webtest.Actors{"jo": {UserID: 5, OrganizationID: 1, Email: "jo@example.com"}, "ann": {UserID: 6, OrganizationID: 1}, "max": {UserID: 7, OrganizationID: 1}, "eve": {UserID: 5, OrganizationID: 2}}
	s.api = New(service, queryfile.Read)
	s.Client = webtest.Serve(t, actors, s.api.Routes()).Watching(s.db)
	return s
}

func (s *scene) work() {
	s.t.Helper()
	if _, err := s.runner.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func object(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func query(text, expected string) map[string]any {
	return object("query", text, "expected_answer", expected)
}

// dataset makes one of two queries.
func (s *scene) dataset() {
	s.t.Helper()
	two := []any{query("How many days?", "20 days"), query("Who approves?", "The lead")}
	s.As("jo").Expecting(webtest.Named("evaluations.dataset_created.v1")).Do("POST", "/api/agent/3/evaluation-dataset", object("name", "Leave", "queries", two)).Want(201)
}

// test makes a test of agent 3 as jo, and the event that tells of it names its id and
// its dataset's.
func (s *scene) test(id, dataset int64, body map[string]any) {
	s.t.Helper()
	made := evaluations.EvaluationCreated{Evaluation: evaluations.Evaluation{EvaluationID: id, OrganizationID: 1, AgentID: 3, UserID: 5}, DatasetID: dataset, DatasetVersion: 1}
	s.As("jo").Expecting(made).Do("POST", "/api/agent/3/evaluation", body).Want(201)
}

// told is what the events of test 1 tell.
var told = evaluations.Evaluation{EvaluationID: 1, OrganizationID: 1, AgentID: 3, UserID: 5}

func TestABlankNameIsNamedAsTheField(t *testing.T) {
	s := newScene(t)
	s.dataset()
	for _, r := range [][2]string{{"POST", "/api/agent/3/evaluation-dataset"}, {"PUT", "/api/agent/3/evaluation-dataset/1"}} {
		a := s.As("jo").Do(r[0], r[1], object("name", " ", "queries", []any{query("a", "b")})).Want(422)
		if a.Code() != "evaluations.blank" || a.Fields() != "name" {
			t.Errorf("%s: %s", a.What, a.Body)
		}
	}
}

func TestDatasetsAndTestsByScenario(t *testing.T) {
	s := newScene(t)
	const agent, dataset, test = "/api/agent/3", "/api/agent/3/evaluation-dataset/1", "/api/evaluation/1"
	two := []any{query("How many days?", "20 days"), query("Who approves?", "The lead")}
	for _, c := range []webtest.Scenario{
		{Who: "max", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "queries", two), Status: 403, Code: "evaluations.not_admin"},
		{Who: "eve", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "queries", two), Status: 404, Code: "agents.not_found"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", " ", "queries", two), Status: 422, Code: "evaluations.blank"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave"), Status: 422, Code: "evaluations.queries"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "queries", []any{}), Status: 422, Code: "evaluations.bad_queries"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "queries", []any{query(" ", "x")}), Status: 422, Code: "evaluations.bad_queries"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "queries", two, "agent_response_ids", []int{1}), Status: 422, Code: "evaluations.queries"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "agent_response_ids", []int{1}), Status: 404, Code: "evaluations.responses_not_found"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation-dataset", Body: object("name", "Leave", "queries", two), Status: 201, Events: []event.Event{evaluations.DatasetCreated{DatasetID: 1, OrganizationID: 1, AgentID: 3, Queries: 2, CreatedBy: 5}}},
		{Who: "jo", Method: "POST", Path: "/api/agent/4/evaluation-dataset", Body: object("name", "Other", "queries", two), Status: 201, Events: []event.Event{evaluations.DatasetCreated{DatasetID: 2, OrganizationID: 1, AgentID: 4, Queries: 2, CreatedBy: 5}}},
		{Who: "jo", Method: "GET", Path: agent + "/evaluation-dataset/2", Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "ann", Method: "GET", Path: "/api/evaluation-dataset/2/query", Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "max", Method: "GET", Path: "/api/evaluation-dataset/1/query", Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "max", Method: "GET", Path: agent + "/evaluation-dataset", Status: 403, Code: "evaluations.not_admin"},
		{Who: "max", Method: "PUT", Path: dataset, Body: object("name", "x"), Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "ann", Method: "PUT", Path: dataset, Body: object("name", "Leave"), Status: 200}, // as it was
		{Who: "ann", Method: "PUT", Path: dataset, Body: object("description", "Of 2026"), Status: 200, Events: []event.Event{evaluations.DatasetUpdated{DatasetID: 1, OrganizationID: 1, AgentID: 3, Version: 1, UpdatedBy: 6}}},
		{Who: "ann", Method: "PUT", Path: dataset, Body: object("queries", two), Status: 200, Events: []event.Event{evaluations.DatasetUpdated{DatasetID: 1, OrganizationID: 1, AgentID: 3, Version: 2, UpdatedBy: 6}}},

		{Who: "max", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1), Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "ann", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 2), Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 2), Status: 422, Code: "evaluations.other_agent"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1, "metrics", []string{"charm"}), Status: 422, Code: "evaluations.unknown_metric"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1, "metrics", []string{"judge"}), Status: 422, Code: "evaluations.unknown_metric"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1, "judge_model", "m"), Status: 422, Code: "evaluations.unknown_metric"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1, "threshold", 1.5), Status: 422, Code: "unacceptable_value"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1, "baseline_id", 9), Status: 404, Code: "evaluations.not_found"},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Nightly", "dataset_id", 1), Status: 201, Events: []event.Event{evaluations.EvaluationCreated{Evaluation: told, DatasetID: 1, DatasetVersion: 2}}},
		{Who: "jo", Method: "POST", Path: agent + "/evaluation", Body: object("name", "Second", "dataset_id", 1, "baseline_id", 1), Status: 409, Code: "evaluations.baseline_open"},
		{Who: "jo", Method: "DELETE", Path: dataset, Status: 409, Code: "evaluations.dataset_in_use"},
		{Who: "max", Method: "GET", Path: test, Status: 404, Code: "evaluations.not_found"},
		{Who: "max", Method: "GET", Path: test + "/events", Status: 404, Code: "evaluations.not_found"},
		{Who: "max", Method: "PUT", Path: test + "/status", Body: object("status", "cancelled"), Status: 404, Code: "evaluations.not_found"},
		{Who: "max", Method: "GET", Path: agent + "/evaluation", Status: 403, Code: "evaluations.not_admin"},
		{Who: "eve", Method: "PUT", Path: test, Body: object("name", "Mine"), Status: 404, Code: "evaluations.not_found"},
		{Who: "ann", Method: "PUT", Path: test, Body: object("name", "Weekly", "threshold", 0.5), Status: 200},
		{Who: "ann", Method: "PUT", Path: test + "/status", Body: object("status", "archived"), Status: 409, Code: "evaluations.status"},
		{Who: "ann", Method: "PUT", Path: test + "/status", Body: object("status", "cancelled"), Status: 200, Events: []event.Event{evaluations.EvaluationEnded{Evaluation: told, Status: "cancelled"}}},
		{Who: "ann", Method: "PUT", Path: test + "/status", Body: object("status", "archived"), Status: 200},
		{Who: "ann", Method: "PUT", Path: test + "/status", Body: object("status", "pending"), Status: 409, Code: "evaluations.status"},
		{Who: "max", Method: "DELETE", Path: dataset, Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "ann", Method: "DELETE", Path: dataset, Status: 200, Events: []event.Event{evaluations.DatasetDeleted{DatasetID: 1, OrganizationID: 1, AgentID: 3, DeletedBy: 6}}},
		{Who: "ann", Method: "GET", Path: dataset, Status: 404, Code: "evaluations.dataset_not_found"},
		{Who: "ann", Method: "GET", Path: test, Status: 200}, // keeps its queries
	} {
		s.Play(c)
	}
}

// results are those of a test, as far as a test looks at them.
type results struct {
	Status  string
	Passed  *bool
	Scores  map[string]*float64
	Counts  map[string]int64 `json:"score_counts"`
	Results []struct {
		Query, Answer string
		Status        string
		Scores        map[string]*float64
		Hidden        bool           `json:"is_hidden"`
		Details       map[string]any `json:"score_details"`
	}
	Comparison *struct {
		Regressions, Improvements []struct {
			QueryID int64 `json:"query_id"`
		}
		Difference map[string]struct{ Mean, Low, High float64 }
	}
}

func TestATestIsSeenFromItsBeginningToItsEnd(t *testing.T) {
	s := newScene(t)
	s.dataset()
	s.chat.Say = func(_ context.Context, q chat.Question) (chat.Outcome, error) {
		return chat.Outcome{State: chat.StateCompleted, Answer: map[string]string{"How many days?": "It is 20 days.", "Who approves?": "Nobody."}[q.Text], AgentVersion: 4, Model: "m"}, nil
	}
	s.test(1, 1, object("name", "Nightly", "dataset_id", 1, "threshold", 0.9))
	s.work()
	var got results
	s.As("ann").Do("GET", "/api/evaluation/1", nil).Want(200).Data(&got)
	if got.Status != "completed" || *got.Passed || len(got.Results) != 2 || got.Counts["answer_correctness"] != 2 || got.Counts["faithfulness"] != 0 {
		t.Errorf("%+v", got)
	}
	if v, ok := got.Scores["faithfulness"]; v != nil || !ok {
		t.Errorf("without passages faithfulness is %v", v)
	}

	// The agent is better now, and the second test is compared with the first.
	s.chat.Say = func(_ context.Context, q chat.Question) (chat.Outcome, error) {
		return chat.Outcome{State: chat.StateCompleted, Answer: map[string]string{"How many days?": "It is 20 days.", "Who approves?": "The lead."}[q.Text], AgentVersion: 5, Model: "m"}, nil
	}
	s.test(2, 1, object("name", "Again", "dataset_id", 1, "baseline_id", 1))
	s.work()
	got = results{}
	s.As("ann").Do("GET", "/api/evaluation/2?items_per_page=1&page=2", nil).Want(200).Data(&got)
	c := got.Comparison
	if !*got.Passed || c == nil || len(c.Improvements) != 1 || len(c.Regressions) != 0 || c.Difference["answer_correctness"].Mean <= 0 {
		t.Errorf("%+v, %+v", got, c)
	}
	if len(got.Results) != 1 || got.Results[0].Query != "Who approves?" {
		t.Errorf("the second page is %+v", got.Results)
	}
	// And the other way round the same query fails.
	s.chat.Say = nil
	s.test(3, 1, object("name", "Worse", "dataset_id", 1, "baseline_id", 2, "threshold", 0))
	s.work()
	got = results{}
	s.As("ann").Do("GET", "/api/evaluation/3", nil).Want(200).Data(&got)
	if *got.Passed || len(got.Comparison.Regressions) == 0 {
		t.Errorf("%+v, %+v", got, got.Comparison)
	}
}

func TestAnswersAreHiddenFromWhoMayNotReadTheirSources(t *testing.T) {
	s := newScene(t)
	s.chat.Answers = map[int64]chat.AnsweredQuestion{41: {AgentResponseID: 41, Query: "Whose secret?", Answer: "Mine.", DocumentIDs: []int64{9}}}
	s.docs.Hidden = map[int64][]int64{9: {6}, 8: {6}}
	made := evaluations.DatasetCreated{DatasetID: 1, OrganizationID: 1, AgentID: 3, Queries: 1, CreatedBy: 5}
	s.As("jo").Expecting(made).Do("POST", "/api/agent/3/evaluation-dataset", object("name", "Asked", "agent_response_ids", []int{41})).Want(201)
	var queries []queryView
	s.As("jo").Do("GET", "/api/evaluation-dataset/1/query", nil).Want(200).Data(&queries)
	if queries[0].Query != "Whose secret?" || queries[0].ExpectedAnswer != "Mine." || *queries[0].SourceAgentResponse != 41 || queries[0].IsHidden {
		t.Errorf("%+v", queries)
	}
	s.As("ann").Do("GET", "/api/evaluation-dataset/1/query", nil).Want(200).Data(&queries)
	if queries[0].Query != "" || queries[0].ExpectedAnswer != "" || !queries[0].IsHidden {
		t.Errorf("another admin sees %+v", queries)
	}
	s.test(1, 1, object("name", "Of answers", "dataset_id", 1))
	s.work()
	for who, text := range map[string]string{"jo": "Whose secret?", "ann": ""} {
		var got results
		s.As(who).Do("GET", "/api/evaluation/1", nil).Want(200).Data(&got)
		if r := got.Results[0]; r.Query != text || r.Hidden != (text == "") {
			t.Errorf("%s sees the query %q, hidden: %v", who, r.Query, r.Hidden)
		}
	}
	s.dataset()
	s.chat.Say = func(_ context.Context, q chat.Question) (chat.Outcome, error) {
		return chat.Outcome{State: chat.StateCompleted, Answer: "A secret of 20 days.", Contexts: []chat.SourcePassage{{DocumentID: 8, Text: "Some text."}}}, nil
	}
	s.test(2, 2, object("name", "Nightly", "dataset_id", 2))
	s.work()
	for who, hidden := range map[string]bool{"jo": false, "ann": true} {
		var got results
		before := s.docs.Asked
		body := s.As(who).Do("GET", "/api/evaluation/2", nil).Want(200)
		body.Data(&got)
		if strings.Contains(string(body.Body), "secret") == hidden || got.Results[0].Hidden != hidden || (len(got.Results[0].Details) == 0) != hidden {
			t.Errorf("%s sees %+v", who, got.Results)
		}
		if len(got.Results[0].Scores) == 0 || s.docs.Asked != before+1 {
			t.Errorf("%s has %d scores, after %d looks at documents", who, len(got.Results[0].Scores), s.docs.Asked-before)
		}
	}
}

func TestAFileMakesADatasetAndItsBadLinesAreNamed(t *testing.T) {
	s := newScene(t)
	file := func(text string) webtest.File {
		return webtest.File{Field: "file", Name: "q.csv", Content: []byte(text)}
	}
	const path = "/api/agent/3/evaluation-dataset"
	made := evaluations.DatasetCreated{DatasetID: 1, OrganizationID: 1, AgentID: 3, Queries: 2, CreatedBy: 5}
	s.As("jo").Expecting(made).Upload(path, map[string]string{"name": "Leave"}, file("query;expected_answer;expected_documents\na;1;7|Handbook\nb;2;\n")).Want(201)
	var queries []json.RawMessage
	s.As("jo").Do("GET", "/api/evaluation-dataset/1/query", nil).Want(200).Data(&queries)
	want := `{"id":1,"dataset":1,"query":"a","expected_answer":"1","expected_documents":[7,"Handbook"],"source_agent_response":null,"is_hidden":false}`
	if len(queries) != 2 || string(queries[0]) != want {
		t.Errorf("%s", queries)
	}
	bad := s.As("jo").Upload(path, map[string]string{"name": "Leave"}, file("query,expected_answer\na,1\n,2\nb,\n")).Want(422)
	var fields struct {
		Message string
		Errors  []struct{ Field, Message string }
	}
	bad.JSON(&fields)
	if len(fields.Errors) != 2 || fields.Errors[0].Field != "line 3" || fields.Errors[0].Message != "has no query" || fields.Errors[1].Message != "has no expected_answer" {
		t.Errorf("%+v", fields)
	}
	for name, c := range map[string]struct {
		fields map[string]string
		files  []webtest.File
		status int
	}{
		"without a name":       {nil, []webtest.File{file("query,expected_answer\na,1\n")}, 400},
		"without a file":       {map[string]string{"name": "x"}, nil, 400},
		"with another field":   {map[string]string{"name": "x", "owner": "me"}, []webtest.File{file("query,expected_answer\na,1\n")}, 400},
		"with two files":       {map[string]string{"name": "x"}, []webtest.File{file("query,expected_answer\na,1\n"), file("")}, 400},
		"with a name too long": {map[string]string{"name": strings.Repeat("x", 201)}, []webtest.File{file("query,expected_answer\na,1\n")}, 422},
		"with an empty file":   {map[string]string{"name": "x"}, []webtest.File{file("")}, 422},
		"with a NUL":           {map[string]string{"name": "a\x00"}, []webtest.File{file("query,expected_answer\na,1\n")}, 422},
	} {
		t.Run(name, func(t *testing.T) {
			s.On(t).As("jo").Upload(path, c.fields, c.files...).Want(c.status)
		})
	}
	s.As("max").Upload(path, map[string]string{"name": "x"}, file("query,expected_answer\na,1\n")).Want(403)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "q.jsonl")
	if err == nil {
		_, err = part.Write([]byte(`{"query":"c","expected_answer":"3"}`))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		t.Fatal(err)
	}
	changed := evaluations.DatasetUpdated{DatasetID: 1, OrganizationID: 1, AgentID: 3, Version: 2, UpdatedBy: 5}
	s.As("jo").Expecting(changed).Send("PUT", path+"/1", form.FormDataContentType(), &body).Want(200)
	s.As("jo").Do("GET", "/api/evaluation-dataset/1/query", nil).Want(200).Data(&queries)
	if len(queries) != 1 || !slices.ContainsFunc(queries, func(q json.RawMessage) bool { return strings.Contains(string(q), `"query":"c"`) }) {
		t.Errorf("after the change: %s", queries)
	}
}
