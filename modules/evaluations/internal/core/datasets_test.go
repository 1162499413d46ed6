package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/modules/chat"
	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
)

func (s *scene) texts(d core.Dataset) []string {
	s.t.Helper()
	found, err := s.DatasetQueries(s.ctx, jo, d.ID, page.Request{})
	s.must(err)
	out := []string{}
	for _, q := range found.Items {
		out = append(out, q.Query.Query+":"+q.ExpectedAnswer)
	}
	return out
}

func asked(v core.View) []string {
	out := []string{}
	for _, r := range v.Results.Items {
		out = append(out, r.Query.Query+":"+r.ExpectedAnswer)
	}
	return out
}

func TestATestKeepsTheVersionOfItsDataset(t *testing.T) {
	s := newScene(t)
	d := s.dataset("a:1", "b:2")
	test := s.create(d)
	d, err := s.UpdateDataset(s.ctx, jo, agentID, d.ID, core.NewDataset{Drafts: drafts("a:1", "c:3", "d:4")})
	s.must(err)
	s.equal([]any{int64(2), int64(3)}, []any{d.Version, d.QueryCount})
	s.equal([]string{"a:1", "c:3", "d:4"}, s.texts(d))
	s.work() // begins after the change
	s.equal([]string{"a", "b"}, s.chat.Asked())
	s.equal([]string{"a:1", "b:2"}, asked(s.view(test.ID)))
	// A version that no test has is gone with the next, and a deleted dataset
	// leaves what was tested.
	_, err = s.UpdateDataset(s.ctx, jo, agentID, d.ID, core.NewDataset{Drafts: drafts("e:5")})
	s.must(err)
	kept, err := s.store.QueriesPage(s.ctx, d.ID, 2, 0, page.Request{})
	s.must(err)
	s.equal(0, len(kept.Items))
	_, err = s.DeleteDataset(s.ctx, jo, agentID, d.ID)
	s.must(err)
	s.equal([]string{"a:1", "b:2"}, asked(s.view(test.ID)))
	again, err := s.SetStatus(s.ctx, jo, test.ID, core.Pending)
	s.must(err)
	s.work()
	s.equal(core.Completed, s.view(again.ID).Status)
}

func TestAChangeThatChangesNothingIsNone(t *testing.T) {
	s := newScene(t)
	d := s.dataset("a:1")
	name := "Leave"
	same, err := s.UpdateDataset(s.ctx, jo, agentID, d.ID, core.NewDataset{Name: &name})
	s.must(err)
	s.equal(d, same)
	s.equal([]string{"dataset_created.v1"}, s.facts())
	blank := " "
	if _, err := s.UpdateDataset(s.ctx, jo, agentID, d.ID, core.NewDataset{Name: &blank}); !errors.Is(err, core.ErrBlank) {
		t.Error(err)
	}
}

func TestBadQueriesAreNamed(t *testing.T) {
	s := newScene(t)
	name := "Leave"
	long := strings.Repeat("x", core.MaxText+1)
	bad := []core.Draft{
		{Place: "line 2", Query: "a", ExpectedAnswer: "1"},
		{Place: "line 3", Query: " ", ExpectedAnswer: "1"},
		{Place: "line 4", Query: "a", ExpectedAnswer: long},
		{Place: "line 5", Query: "a", ExpectedAnswer: "1", ExpectedDocuments: []string{""}},
		{Place: "line 6", Query: "a\x00", ExpectedAnswer: "1"},
		{Place: "line 7", Problem: "has quotes that do not match"},
	}
	_, err := s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, Drafts: bad})
	var known *apperr.Error
	if !errors.As(err, &known) || !errors.Is(err, core.ErrBadQueries) {
		t.Fatal(err)
	}
	places := []string{}
	for _, f := range known.Fields {
		places = append(places, f.Field+" "+f.Message)
	}
	s.equal([]string{
		"line 3 has no query", "line 4 has an expected_answer of more than 32000 characters",
		"line 5 has an expected document that is empty, or has more than 400 characters", "line 6 has a NUL character", "line 7 has quotes that do not match",
	}, places)
	s.equal("Some queries can't be used: line 3 has no query, and 4 more.", known.Message)
	many := slices.Repeat([]core.Draft{{Place: "x"}}, 150)
	_, err = s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, Drafts: many})
	if !errors.As(err, &known) || len(known.Fields) != 100 || !strings.Contains(known.Message, "149 more") {
		t.Error(err)
	}
	_, err = s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, Drafts: make([]core.Draft, core.MaxQueries+1)})
	if !errors.Is(err, core.ErrBadQueries) || !strings.Contains(err.Error(), "at most 10000") {
		t.Error(err)
	}
	s.equal([]string{}, s.facts())
}

func TestADatasetOfAnsweredQuestionsHasThemOnceInOrder(t *testing.T) {
	s := newScene(t)
	s.chat.Answers = map[int64]chat.AnsweredQuestion{}
	for id := range int64(3) {
		s.chat.Answers[id+1] = chat.AnsweredQuestion{AgentResponseID: id + 1, Query: fmt.Sprintf("q%d", id+1), Answer: "a", DocumentIDs: []int64{9}}
	}
	name := "Asked"
	d, err := s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, ResponseIDs: []int64{3, 1, 3}})
	s.must(err)
	s.equal([]string{"q1:a", "q3:a"}, s.texts(d))
	s.equal(int64(2), last[evaluations.DatasetCreated](s).Queries)
	var known *apperr.Error
	_, err = s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, ResponseIDs: []int64{1, 7}})
	if !errors.As(err, &known) || known.Kind != apperr.NotFound || len(known.Fields) != 1 || known.Fields[0].Field != "agent_response_ids[1]" {
		t.Error(err)
	}
}

func TestAnAgentHasOnlySoManyOpenTests(t *testing.T) {
	s := newScene(t)
	d := s.dataset("a:1")
	ended := s.create(d)
	_, err := s.SetStatus(s.ctx, jo, ended.ID, core.Cancelled)
	s.must(err)
	for range 100 {
		s.create(d)
	}
	if _, err := s.SetStatus(s.ctx, jo, ended.ID, core.Pending); !errors.Is(err, core.ErrTooMany) {
		t.Error(err)
	}
	_, err = s.CreateTest(s.ctx, jo, agentID, core.NewTest{Name: "x", DatasetID: d.ID})
	if !errors.Is(err, core.ErrTooMany) {
		t.Error(err)
	}
}

func TestAJudgeIsAskedAsTheCreatorWithAKeyForEachCall(t *testing.T) {
	s := newScene(t)
	var calls []chat.JudgeCall
	s.chat.Judges = []string{"small", "large"}
	s.chat.Verdict = func(c chat.JudgeCall) (chat.Verdict, error) {
		calls = append(calls, c)
		return chat.Verdict{State: chat.StateCompleted, Text: "no verdict"}, nil
	}
	d := s.dataset("a:1")
	test := s.create(d, func(n *core.NewTest) { n.Metrics, n.JudgeModel = []string{"judge"}, "large" })
	s.equal("large", test.JudgeModel)
	s.work()
	v := s.view(test.ID)
	if len(calls) != 2 { // once more, because it was malformed
		t.Fatalf("%d calls: %+v", len(calls), calls)
	}
	for i, c := range calls {
		want := chat.JudgeCall{
			OrganizationID: 1, UserID: jo.UserID, AgentID: agentID, ThreadID: v.ThreadID, Model: "large", Key: fmt.Sprintf("evaluation/%d/1/%d/judge/%d", test.ID, v.Results.Items[0].Result.ID, i+1),
		}
		c.System, c.Prompt = "", ""
		s.equal(want, c)
	}
	score := v.Results.Items[0].Scores["judge"]
	if score.Value != nil || score.Reason == "" || v.Results.Items[0].Status != core.NotScored {
		t.Errorf("%+v", v.Results.Items[0].Result)
	}
	_, err := s.CreateTest(s.ctx, jo, agentID, core.NewTest{Name: "x", DatasetID: d.ID, Metrics: []string{"judge"}, JudgeModel: "huge"})
	if !errors.Is(err, core.ErrUnknownMetric) {
		t.Error(err)
	}
}
