package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/metrics"
	"parley/platform/kernel/apperr"
)

// says answers each question by its text: "ok" means the expected answer.
func says(answers map[string]string) func(context.Context, chat.Question) (chat.Outcome, error) {
	return func(_ context.Context, q chat.Question) (chat.Outcome, error) {
		out := chat.Outcome{State: chat.StateCompleted, Answer: answers[q.Text], AgentVersion: 2, Model: "m"}
		if out.Answer == "fail" {
			out.State, out.FailureDetails = chat.StateFailed, "The model is away."
		}
		return out, nil
	}
}

func threshold(v float64) func(*core.NewTest) { return func(n *core.NewTest) { n.Threshold = &v } }

func TestATestAsksEachQueryOnceAndScoresTheAnswers(t *testing.T) {
	s := newScene(t)
	s.chat.Say = says(map[string]string{"a": "1", "b": "wrong", "c": "fail", "d": "?", "e": "panic"})
	test := s.create(s.dataset("a:1", "b:2", "c:3", "d:4", "e:5"), threshold(0.3))
	s.equal(core.Pending, test.Status)
	s.work()
	v := s.view(test.ID)
	s.equal([]string{
		"scored", "scored", "failed: The model is away.", "not_scored: No metric applies: there is nothing to measure.", "not_scored: No metric applies: the metric failed.",
	}, statuses(v))
	half := 0.5
	s.equal(map[string]core.Mean{"answer_correctness": {Mean: &half, Count: 2}, "faithfulness": {Mean: &half, Count: 2}}, v.Scores)
	s.equal([]any{core.Completed, int64(5), int64(5), int64(1)}, []any{v.Status, v.Total, v.Done, v.Failed})
	s.equal([]any{[]int64{2}, []string{"m"}, int64(1)}, []any{v.AgentVersions, v.Models, v.DatasetVersion})
	// Of three that count, one of them failed, one passes: a third is more than .3.
	s.equal(true, *v.Passed)
	s.equal([]string{"a", "b", "c", "d", "e"}, s.chat.Asked())
	s.equal([]string{"dataset_created.v1", "evaluation_created.v1", "evaluation_started.v1", "evaluation_ended.v1"}, s.facts())
	yes := true
	s.equal(evaluations.EvaluationEnded{
		Evaluation: evaluations.Evaluation{EvaluationID: test.ID, OrganizationID: 1, AgentID: agentID, UserID: 5}, Status: "completed", Passed: &yes,
	}, last[evaluations.EvaluationEnded](s))
}

func TestTheDocumentsOfThePassagesAreMeasuredByThoseThatAQueryNames(t *testing.T) {
	s := newScene(t, func(d *core.Deps) { d.Metrics = metrics.Offline() })
	s.chat.Say = func(_ context.Context, q chat.Question) (chat.Outcome, error) {
		return chat.Outcome{State: chat.StateCompleted, Answer: q.Text, Contexts: []chat.SourcePassage{
			{Number: 1, DocumentID: 12, Title: "Handbook › Leave", Text: "Leave is 25 days."}, {Number: 2, DocumentID: 7, Title: "Menu", Text: "Soup."},
		}}, nil
	}
	name := "Documents"
	d, err := s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, Drafts: []core.Draft{
		{Query: "a", ExpectedAnswer: "1", ExpectedDocuments: []string{"handbook", "99"}}, {Query: "b", ExpectedAnswer: "2"},
	}})
	s.must(err)
	test := s.create(d)
	s.work()
	v := s.view(test.ID)
	half := 0.5
	s.equal(map[string]core.Mean{metrics.DocumentRecall: {Mean: &half, Count: 1}, metrics.DocumentPrecision: {Mean: &half, Count: 1}},
		map[string]core.Mean{metrics.DocumentRecall: v.Scores[metrics.DocumentRecall], metrics.DocumentPrecision: v.Scores[metrics.DocumentPrecision]})
	s.equal("the query names no documents", v.Results.Items[1].Scores[metrics.DocumentRecall].Reason)
}

func TestAThresholdDecidesAndDecidesAnewWhenItIsChanged(t *testing.T) {
	s := newScene(t)
	s.chat.Say = says(map[string]string{"a": "1", "b": "wrong"})
	test := s.create(s.dataset("a:1", "b:2"))
	s.work()
	s.equal((*bool)(nil), s.view(test.ID).Passed)
	for _, c := range []struct {
		at   float64
		want bool
	}{{0.5, true}, {0.51, false}} {
		at := &c.at
		got, err := s.UpdateTest(s.ctx, jo, test.ID, core.TestChange{Threshold: &at})
		s.must(err)
		s.equal(c.want, *got.Passed)
	}
	var none *float64
	got, err := s.UpdateTest(s.ctx, jo, test.ID, core.TestChange{Threshold: &none})
	s.must(err)
	s.equal((*bool)(nil), got.Passed)
}

func TestATestOfWhichNoQueryIsAnsweredHasFailed(t *testing.T) {
	s := newScene(t)
	s.chat.Say = func(context.Context, chat.Question) (chat.Outcome, error) { return chat.Outcome{}, agents.ErrNotFound }
	test := s.create(s.dataset("a:1", "b:2"), threshold(0))
	s.work()
	v := s.view(test.ID)
	s.equal([]any{core.Failed, "No query was answered. " + agents.ErrNotFound.Message, false}, []any{v.Status, v.FailureReason, *v.Passed})
	s.equal(int64(2), v.Failed)
}

func TestACreatorWhoIsGoneBeforeItBeginsFailsTheTest(t *testing.T) {
	s := newScene(t)
	s.chat.Refuse = apperr.New(apperr.Forbidden, "users.suspended", "This user is suspended.")
	test := s.create(s.dataset("a:1"))
	s.work()
	v := s.view(test.ID)
	s.equal([]string{"failed: This user is suspended."}, statuses(v))
	s.equal([]any{core.Failed, int64(1), int64(1)}, []any{v.Status, v.Done, v.Failed})
	s.equal([]string{}, s.chat.Asked())
}

func TestRunningAgainAsksOnlyWhatHasNoScore(t *testing.T) {
	s := newScene(t)
	s.chat.Say = says(map[string]string{"a": "1", "b": "fail"})
	test := s.create(s.dataset("a:1", "b:2"))
	s.work()
	s.chat.Say = says(map[string]string{"b": "2"})
	again, err := s.SetStatus(s.ctx, jo, test.ID, core.Pending)
	s.must(err)
	s.equal([]any{core.Pending, int64(1), int64(0)}, []any{again.Status, again.Done, again.Failed})
	s.work()
	v := s.view(test.ID)
	s.equal([]string{"scored", "scored"}, statuses(v))
	s.equal([]any{core.Completed, int64(2), int64(0)}, []any{v.Status, v.Done, v.Failed})
	s.equal([]string{"a", "b", "b"}, s.chat.Asked())
}

func TestOnlyATestWithoutScoresRunsAgainWithOtherVersionsOfItsMetrics(t *testing.T) {
	var upgraded []metrics.Metric
	s := newScene(t, func(d *core.Deps) { upgraded = d.Metrics })
	s.chat.Say = says(map[string]string{"a": "1", "b": "fail"})
	scored, none := s.create(s.dataset("a:1", "b:2")), s.create(s.dataset("b:2"))
	s.work()
	upgraded[1].Version = 2
	if _, err := s.SetStatus(s.ctx, jo, scored.ID, core.Pending); !errors.Is(err, core.ErrStatus) || !strings.Contains(err.Error(), "version 1 of faithfulness") {
		t.Error(err)
	}
	s.equal(core.Completed, s.view(scored.ID).Status)
	s.equal([]string{"scored", "failed: The model is away."}, statuses(s.view(scored.ID)))
	again, err := s.SetStatus(s.ctx, jo, none.ID, core.Pending)
	s.must(err)
	s.equal([]core.MetricRef{{Name: metrics.AnswerCorrectness, Version: 1}, {Name: metrics.Faithfulness, Version: 2}}, again.Metrics)
	s.chat.Say = says(map[string]string{"b": "2"})
	s.work()
	s.equal([]string{"scored"}, statuses(s.view(none.ID)))
}

func TestTheStatusGoesOnlyWhereItMay(t *testing.T) {
	s := newScene(t)
	all := []core.Status{core.Pending, core.Running, core.Completed, core.Failed, core.Cancelled, core.Archived}
	allowed := map[core.Status][]core.Status{
		core.Pending: {core.Cancelled}, core.Running: {core.Cancelled}, core.Completed: {core.Pending, core.Archived},
		core.Failed: {core.Pending, core.Archived}, core.Cancelled: {core.Pending, core.Archived}, core.Archived: {},
	}
	d := s.dataset("a:1")
	for _, from := range all {
		for _, to := range all {
			test := s.create(d)
			_, err := s.store.UpdateTest(s.ctx, test.ID, func(t *core.Test) error { t.Status = from; return nil })
			s.must(err)
			got, err := s.SetStatus(s.ctx, jo, test.ID, to)
			may := false
			for _, a := range allowed[from] {
				may = may || a == to
			}
			if may != (err == nil) || !may && !errors.Is(err, core.ErrStatus) {
				t.Errorf("from %s to %s: %v", from, to, err)
			}
			if may && got.Status != to {
				t.Errorf("from %s to %s is %s", from, to, got.Status)
			}
			_, err = s.store.UpdateTest(s.ctx, test.ID, func(t *core.Test) error { t.Status = core.Archived; return nil }) // out of the way
			s.must(err)
		}
	}
}

func TestCancellingStopsWhatIsAskedAndSaysWhyOfTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		g := newGate()
		s.chat.Say = func(ctx context.Context, q chat.Question) (chat.Outcome, error) {
			if q.Text == "a" {
				return chat.Outcome{State: chat.StateCompleted, Answer: "1"}, nil
			}
			g.wait(ctx)
			return chat.Outcome{State: chat.StateCompleted, Answer: "late"}, nil
		}
		s.must(s.runner.Start(t.Context()))
		defer func() { s.must(s.runner.Stop(context.Background())) }()
		test := s.create(s.dataset("a:1", "b:2", "c:3", "d:4", "e:5"))
		synctest.Wait()
		for s.view(test.ID).Done < 1 {
			time.Sleep(time.Second)
		}
		synctest.Wait()
		cancelled, err := s.SetStatus(t.Context(), jo, test.ID, core.Cancelled)
		s.must(err)
		s.equal(core.Cancelled, cancelled.Status)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		g.mu.Lock()
		s.equal(0, g.waiting) // every question was let go of
		g.mu.Unlock()
		v := s.view(test.ID)
		reason := "not_scored: The evaluation was cancelled before this query was answered."
		s.equal([]string{"scored", reason, reason, reason, reason}, statuses(v))
		s.equal([]any{core.Cancelled, int64(1)}, []any{v.Status, v.Done})
		s.equal("cancelled", last[evaluations.EvaluationEnded](s).Status)
		close(g.open)
		_, err = s.SetStatus(t.Context(), jo, test.ID, core.Pending)
		s.must(err)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		v = s.view(test.ID)
		s.equal([]any{core.Completed, int64(5)}, []any{v.Status, v.Done})
	})
}

func TestNoMoreThanItsShareOfAnOrganizationIsAskedAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		g := newGate()
		s.chat.Say = func(ctx context.Context, _ chat.Question) (chat.Outcome, error) {
			g.wait(ctx)
			return chat.Outcome{State: chat.StateCompleted, Answer: "1"}, nil
		}
		s.must(s.runner.Start(t.Context()))
		defer func() { s.must(s.runner.Stop(context.Background())) }()
		d := s.dataset("a:1", "b:1", "c:1", "d:1", "e:1")
		one, two := s.create(d), s.create(d)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s.equal(3, g.max)
		close(g.open)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s.equal([]core.Status{core.Completed, core.Completed}, []core.Status{s.view(one.ID).Status, s.view(two.ID).Status})
		s.equal(3, g.max)
	})
}
