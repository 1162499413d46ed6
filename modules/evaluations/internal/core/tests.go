package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/core/metrics"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// maxOpen bounds the tests of an agent that have not ended.
const maxOpen = 100

// NewTest is what a test starts with.
type NewTest struct {
	Name       string
	DatasetID  int64
	Metrics    []string // none means the usual ones
	JudgeModel string   // "" for the default one, if a metric needs a model
	Threshold  *float64
	BaselineID *int64
}

// CreateTest makes a test of an agent that the caller administers. It begins as
// soon as a worker is free.
func (s *Service) CreateTest(ctx context.Context, who actor.Actor, agentID int64, n NewTest) (Test, error) {
	if _, err := s.Agents.Administers(ctx, who, agentID); err != nil {
		return Test{}, err
	}
	t := Test{
		OrganizationID: who.OrganizationID, AgentID: agentID, DatasetID: n.DatasetID, UserID: who.UserID, Name: strings.TrimSpace(n.Name),
		Status: Pending, Run: 1, Threshold: n.Threshold, BaselineID: n.BaselineID, Scores: map[string]Mean{}, AgentVersions: []int64{}, Models: []string{},
		Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	// What is named is looked for before the right to evaluate.
	if _, err := s.dataset(ctx, who, n.DatasetID); err != nil {
		return Test{}, inField(err, "dataset_id", "is no dataset that you may view")
	}
	baseline, err := s.baseline(ctx, who, t)
	if err != nil {
		return Test{}, err
	}
	if err := s.manage(ctx, who, agentID); err != nil {
		return Test{}, err
	}
	if t.Name == "" {
		return Test{}, ErrBlank
	}
	if err := s.choose(&t, n); err != nil {
		return Test{}, err
	}
	if baseline != nil && (baseline.FinishedOn == nil || baseline.Status.Open()) {
		return Test{}, ErrBaselineIsOpen
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		d, err := s.Store.UpdateDataset(ctx, who.OrganizationID, n.DatasetID, func(*Dataset) error { return nil })
		if err != nil {
			return err
		}
		if d.AgentID != agentID {
			return ErrOtherAgent.WithField("dataset_id", "is of another agent")
		}
		open, err := s.Store.OpenTests(ctx, OpenFilter{AgentID: agentID, Limit: maxOpen})
		if err != nil {
			return err
		}
		if len(open) == maxOpen {
			return ErrTooMany
		}
		t.DatasetVersion, t.Total = d.Version, d.QueryCount
		if t, err = s.Store.AddTest(ctx, t); err != nil {
			return err
		}
		tx.Publish(evaluations.EvaluationCreated{Evaluation: t.told(), DatasetID: t.DatasetID, DatasetVersion: t.DatasetVersion})
		return s.Queue.Put(ctx, jobOf(t))
	})
	return t, err
}

// choose takes the metrics over, in their order and each once.
func (s *Service) choose(t *Test, n NewTest) error {
	names := n.Metrics
	if len(names) == 0 {
		for _, name := range metrics.Default() {
			if _, ok := s.metric(name); ok { // what every server has
				names = append(names, name)
			}
		}
	}
	judged := false
	for i, name := range names {
		m, ok := s.metric(name)
		if !ok {
			known := strings.Join(s.metricNames(), ", ")
			return ErrUnknownMetric.WithMessage(fmt.Sprintf("There is no metric %q here; there are %s.", name, known)).
				WithField(fmt.Sprintf("metrics[%d]", i), "must be one of "+known)
		}
		if !slices.ContainsFunc(t.Metrics, func(r MetricRef) bool { return r.Name == name }) {
			t.Metrics = append(t.Metrics, MetricRef{Name: name, Version: m.Version})
		}
		judged = judged || s.judged(name)
	}
	models := s.Judge.Models()
	switch {
	case judged && n.JudgeModel == "":
		t.JudgeModel = models[0]
	case judged && slices.Contains(models, n.JudgeModel):
		t.JudgeModel = n.JudgeModel
	case n.JudgeModel != "":
		what := "needs a metric that asks a model"
		if judged {
			what = "must be one of " + strings.Join(models, ", ")
		}
		return ErrUnknownMetric.WithMessage(fmt.Sprintf("The judge_model %s.", what)).WithField("judge_model", what)
	}
	return nil
}

// metric finds one by its name. Without a model there is none that asks one.
func (s *Service) metric(name string) (metrics.Metric, bool) {
	for _, m := range s.available() {
		if m.Name == name {
			return m, true
		}
	}
	return metrics.Metric{}, false
}

func (s *Service) available() []metrics.Metric {
	if len(s.Judge.Models()) == 0 {
		return s.Metrics
	}
	return slices.Concat(s.Metrics, s.judges)
}

func (s *Service) metricNames() []string {
	var names []string
	for _, m := range s.available() {
		names = append(names, m.Name)
	}
	return names
}

func (s *Service) judged(name string) bool {
	return slices.ContainsFunc(s.judges, func(m metrics.Metric) bool { return m.Name == name })
}

// baseline answers the test that another one is compared with; nil without one.
func (s *Service) baseline(ctx context.Context, who actor.Actor, t Test) (*Test, error) {
	if t.BaselineID == nil {
		return nil, nil
	}
	b, err := s.test(ctx, who, *t.BaselineID)
	switch {
	case err != nil:
		return nil, inField(err, "baseline_id", "is no evaluation that you may view")
	case b.AgentID != t.AgentID:
		return nil, ErrBaseline.WithField("baseline_id", "is of another agent")
	}
	return &b, nil
}

// inField names the field of a request that an error is about.
func inField(err error, field, what string) error {
	var known *apperr.Error
	if errors.As(err, &known) {
		return known.WithField(field, what)
	}
	return err
}

// Tests answers those of an agent, newest first.
func (s *Service) Tests(ctx context.Context, who actor.Actor, agentID int64, p page.Request) (page.Of[Test], error) {
	if err := s.manage(ctx, who, agentID); err != nil {
		return page.Of[Test]{}, err
	}
	return s.Store.TestsPage(ctx, who.OrganizationID, agentID, p)
}

// View is a test with a part of its results.
type View struct {
	Test
	Results    page.Of[Shown]
	Comparison *Comparison
}

// Test answers one test with a part of its results, in the order of the
// queries. What was made of sources that the caller may not read is left out.
func (s *Service) Test(ctx context.Context, who actor.Actor, id int64, p page.Request) (View, error) {
	t, err := s.test(ctx, who, id)
	if err != nil {
		return View{}, err
	}
	v := View{Test: t}
	if v.Results, err = s.Store.ResultsPage(ctx, t.ID, t.Total, p); err != nil {
		return View{}, err
	}
	if t.BaselineID != nil {
		if v.Comparison, err = s.Store.Comparison(ctx, t.ID); err != nil {
			return View{}, err
		}
	}
	return v, s.hide(ctx, who, t.AgentID, v.Results.Items)
}

// hide takes out of results what who may not read.
func (s *Service) hide(ctx context.Context, who actor.Actor, agentID int64, shown []Shown) error {
	sources := map[int64]bool{}
	for _, r := range shown {
		for _, id := range slices.Concat(r.DocumentIDs, r.SourceDocuments) {
			sources[id] = true
		}
	}
	may, err := s.readable(ctx, who, agentID, sources)
	if err != nil {
		return err
	}
	for i := range shown {
		r := &shown[i]
		copied := every(r.SourceDocuments, may)
		if !copied {
			r.Query.Query, r.ExpectedAnswer, r.ExpectedDocuments = "", "", []string{}
		}
		if r.IsHidden = !copied || !every(r.DocumentIDs, may); r.IsHidden {
			r.Answer, r.Details = "", ""
		}
	}
	return nil
}

// TestChange is what may be changed of a test.
type TestChange struct {
	Name      *string
	Threshold **float64 // nil leaves it, a nil within takes it away
}

// UpdateTest changes a test. Another threshold decides anew whether it has
// passed.
func (s *Service) UpdateTest(ctx context.Context, who actor.Actor, id int64, c TestChange) (Test, error) {
	if _, err := s.test(ctx, who, id); err != nil {
		return Test{}, err
	}
	return s.Store.UpdateTest(ctx, id, func(t *Test) error {
		touch := audit.Watch(t)
		if c.Name != nil {
			if t.Name = strings.TrimSpace(*c.Name); t.Name == "" {
				return ErrBlank
			}
		}
		if c.Threshold != nil {
			t.Threshold = *c.Threshold
			t.judge()
		}
		touch(who.Name(), s.Clock.Now())
		return nil
	})
}
