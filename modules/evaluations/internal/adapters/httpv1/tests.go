package httpv1

import (
	"context"
	"encoding/json"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// progressView is how far an evaluation has come.
type progressView struct {
	_ struct{} `schema:"EvaluationProgress"`

	Total  int64 `json:"total"`
	Done   int64 `json:"done" doc:"Queries that ended, failed ones included."`
	Failed int64 `json:"failed" doc:"Of those, queries that got no answer."`
}

// metricVersion is a metric with the version of its definition.
type metricVersion struct {
	_ struct{} `schema:"MetricVersion"`

	Name    string `json:"name"`
	Version int    `json:"version"`
}

// testView is a test as lists show it.
type testView struct {
	_ struct{} `schema:"EvaluationTest"`

	ID             int64               `json:"id"`
	Agent          int64               `json:"agent"`
	Dataset        int64               `json:"dataset"`
	DatasetVersion int64               `json:"dataset_version"`
	Name           string              `json:"name"`
	Status         string              `json:"status" enum:"pending,running,completed,failed,cancelled,archived"`
	Metrics        []string            `json:"metrics"`
	MetricVersions []metricVersion     `json:"metric_versions" doc:"Values of different versions can't be compared."`
	JudgeModel     *string             `json:"judge_model" doc:"The model that judges; null when none does."`
	Threshold      *float64            `json:"threshold"`
	Baseline       *int64              `json:"baseline_id"`
	Passed         *bool               `json:"passed" doc:"Whether the mean of answer_correctness (or of the first metric, without it) reaches the threshold, failed queries counted as 0, and whether no query fails that passed in the baseline; null without either, and before the end."`
	Progress       progressView        `json:"progress"`
	Scores         map[string]*float64 `json:"scores" doc:"The mean of each metric over the queries for which it has a value; there once the evaluation has ended."`
	ScoreCounts    map[string]int64    `json:"score_counts" doc:"For how many queries each metric has a value."`
	AgentVersions  []int64             `json:"agent_versions" doc:"The versions of the agent that answered."`
	Models         []string            `json:"models" doc:"The models that answered."`
	StartedOn      *web.Time           `json:"started_on"`
	FinishedOn     *web.Time           `json:"finished_on"`
	FailureReason  *string             `json:"failure_reason"`
	web.Audit
}

func showTest(t core.Test) testView {
	v := testView{
		ID:             t.ID,
		Agent:          t.AgentID,
		Dataset:        t.DatasetID,
		DatasetVersion: t.DatasetVersion,
		Name:           t.Name,
		Status:         string(t.Status),
		Metrics:        make([]string, len(t.Metrics)),
		MetricVersions: make([]metricVersion, len(t.Metrics)),
		JudgeModel:     some(t.JudgeModel),
		Threshold:      t.Threshold,
		Baseline:       t.BaselineID,
		Passed:         t.Passed,
		Progress:       progressView{Total: t.Total, Done: t.Done, Failed: t.Failed},
		Scores:         map[string]*float64{},
		ScoreCounts:    map[string]int64{},
		AgentVersions:  t.AgentVersions,
		Models:         t.Models,
		StartedOn:      web.AtOrNil(t.StartedOn),
		FinishedOn:     web.AtOrNil(t.FinishedOn),
		FailureReason:  some(t.FailureReason),
		Audit:          web.ShowAudit(t.Audit),
	}
	for i, m := range t.Metrics {
		v.Metrics[i], v.MetricVersions[i] = m.Name, metricVersion{Name: m.Name, Version: m.Version}
	}
	for name, m := range t.Scores {
		v.Scores[name], v.ScoreCounts[name] = m.Mean, m.Count
	}
	return v
}

// some is null for an empty text.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// resultView is one query of a test.
type resultView struct {
	_ struct{} `schema:"EvaluationResult"`

	ID                int64                      `json:"id"`
	QueryID           int64                      `json:"query_id"`
	Query             string                     `json:"query"`
	ExpectedAnswer    string                     `json:"expected_answer"`
	ExpectedDocuments []web.IDOrName             `json:"expected_documents"`
	Answer            string                     `json:"answer"`
	AgentResponse     *int64                     `json:"agent_response" doc:"Null when nothing was asked."`
	AgentVersion      *int64                     `json:"agent_version"`
	Model             *string                    `json:"model"`
	Scores            map[string]*float64        `json:"scores" doc:"Null where a metric does not apply."`
	ScoreReasons      map[string]string          `json:"score_reasons" doc:"Why a metric does not apply."`
	ScoreDetails      map[string]json.RawMessage `json:"score_details" doc:"What a value was made from; the verdict of a judge as it came."`
	Passed            *bool                      `json:"passed" doc:"Whether the metric of the gate reaches its own threshold; null without a value."`
	Status            string                     `json:"status" enum:"pending,scored,not_scored,failed"`
	FailureReason     *string                    `json:"failure_reason"`
	IsHidden          bool                       `json:"is_hidden" doc:"You may not read all sources of the answer, so it is empty."`
	FinishedOn        *web.Time                  `json:"finished_on"`
}

func showResult(s core.Shown) resultView {
	v := resultView{
		ID: s.Result.ID, QueryID: s.QueryID, Query: s.Query.Query, ExpectedAnswer: s.ExpectedAnswer, ExpectedDocuments: refs(s.ExpectedDocuments), Answer: s.Answer,
		Model: some(s.Model), Scores: map[string]*float64{}, ScoreReasons: map[string]string{}, ScoreDetails: map[string]json.RawMessage{},
		Passed: s.Passed, Status: string(s.Status), FailureReason: some(s.FailureReason), IsHidden: s.IsHidden, FinishedOn: web.AtOrNil(s.EndedOn),
	}
	if s.AgentResponseID != 0 {
		v.AgentResponse = &s.AgentResponseID
	}
	if s.AgentVersion != 0 {
		v.AgentVersion = &s.AgentVersion
	}
	for name, score := range s.Scores {
		if v.Scores[name] = score.Value; score.Reason != "" {
			v.ScoreReasons[name] = score.Reason
		}
	}
	if s.Details != "" {
		_ = json.Unmarshal([]byte(s.Details), &v.ScoreDetails) // made by this module
	}
	return v
}

// changeView is a query that passes in one of two tests alone.
type changeView struct {
	_ struct{} `schema:"EvaluationChange"`

	QueryID  int64    `json:"query_id"`
	ResultID int64    `json:"result_id"`
	Before   *float64 `json:"before" doc:"The value in the baseline."`
	After    *float64 `json:"after"`
	Reason   *string  `json:"failure_reason"`
}

type differenceView struct {
	_ struct{} `schema:"EvaluationDifference"`

	Mean  float64 `json:"mean"`
	Low   float64 `json:"low" doc:"Of a paired bootstrap interval of 95 %."`
	High  float64 `json:"high"`
	Count int64   `json:"count" doc:"Queries that have a value in both."`
}

type comparisonView struct {
	_ struct{} `schema:"EvaluationComparison"`

	Baseline         int64                     `json:"baseline_id"`
	Queries          int64                     `json:"queries" doc:"Queries that ask and expect the same in both."`
	Regressions      []changeView              `json:"regressions" doc:"The first 500 queries that passed in the baseline and do not pass here."`
	Improvements     []changeView              `json:"improvements"`
	RegressionCount  int64                     `json:"regression_count"`
	ImprovementCount int64                     `json:"improvement_count"`
	Difference       map[string]differenceView `json:"difference"`
}

func showComparison(c *core.Comparison) *comparisonView {
	if c == nil {
		return nil
	}
	v := &comparisonView{
		Baseline: c.BaselineID, Queries: c.Queries, Regressions: showChanges(c.Regressions), Improvements: showChanges(c.Improvements),
		RegressionCount: c.RegressionCount, ImprovementCount: c.ImprovementCount, Difference: map[string]differenceView{},
	}
	for name, d := range c.Difference {
		v.Difference[name] = differenceView{Mean: d.Mean, Low: d.Low, High: d.High, Count: d.Count}
	}
	return v
}

func showChanges(list []core.Change) []changeView {
	out := make([]changeView, len(list))
	for i, c := range list {
		out[i] = changeView{QueryID: c.QueryID, ResultID: c.ResultID, Before: c.Before, After: c.After, Reason: some(c.Reason)}
	}
	return out
}

// fullView is a test with a part of its results.
type fullView struct {
	_ struct{} `schema:"EvaluationTestWithResults"`

	testView
	Results    []resultView    `json:"results" doc:"A part of them, as page, items_per_page or cursor say; meta tells of the others."`
	Comparison *comparisonView `json:"comparison" doc:"Null without a baseline, and before the end."`
}

type testRequest struct {
	web.ListQuery
	EvaluationID int64 `path:"evaluation_id"`
}

func (a *API) test(ctx context.Context, r testRequest) (web.WithMeta[fullView, web.Meta], error) {
	found, err := a.service.Test(ctx, actor.From(ctx), r.EvaluationID, r.Request())
	if err != nil {
		return web.WithMeta[fullView, web.Meta]{}, err
	}
	listed := web.Listed(found.Results, showResult)
	return web.WithMeta[fullView, web.Meta]{
		Data: fullView{testView: showTest(found.Test), Results: listed.Items, Comparison: showComparison(found.Comparison)},
		Meta: &listed.Meta,
	}, nil
}

type testsRequest struct {
	web.ListQuery
	AgentID int64 `path:"agent_id"`
}

func (a *API) tests(ctx context.Context, r testsRequest) (web.List[testView], error) {
	found, err := a.service.Tests(ctx, actor.From(ctx), r.AgentID, r.Request())
	return web.Listed(found, showTest), err
}

type createTestRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Name       string   `json:"name" minLength:"1" maxLength:"200"`
		DatasetID  int64    `json:"dataset_id" minimum:"1"`
		Metrics    []string `json:"metrics,omitempty" maxItems:"20" doc:"Names of metrics; the usual ones when not given."`
		JudgeModel string   `json:"judge_model,omitempty" maxLength:"200" doc:"For the metric judge: one of the models that the server is configured with; the default one when not given."`
		Threshold  *float64 `json:"threshold,omitempty" minimum:"0" maximum:"1" nullable:"true"`
		BaselineID *int64   `json:"baseline_id,omitempty" minimum:"1" nullable:"true" doc:"An earlier evaluation of the agent: then no query that passed there may fail here."`
	}
}

func (a *API) createTest(ctx context.Context, r createTestRequest) (testView, error) {
	t, err := a.service.CreateTest(ctx, actor.From(ctx), r.AgentID, core.NewTest{
		Name:       r.Body.Name,
		DatasetID:  r.Body.DatasetID,
		Metrics:    r.Body.Metrics,
		JudgeModel: r.Body.JudgeModel,
		Threshold:  r.Body.Threshold,
		BaselineID: r.Body.BaselineID,
	})
	return showTest(t), err
}

type updateTestRequest struct {
	EvaluationID int64 `path:"evaluation_id"`
	Body         struct {
		Name      *string               `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Threshold web.Optional[float64] `json:"threshold,omitempty" minimum:"0" maximum:"1" doc:"Null takes it away."`
	}
}

func (a *API) updateTest(ctx context.Context, r updateTestRequest) (testView, error) {
	c := core.TestChange{Name: r.Body.Name}
	if r.Body.Threshold.Sent {
		c.Threshold = &r.Body.Threshold.Value
	}
	t, err := a.service.UpdateTest(ctx, actor.From(ctx), r.EvaluationID, c)
	return showTest(t), err
}

type statusRequest struct {
	EvaluationID int64 `path:"evaluation_id"`
	Body         struct {
		_ struct{} `schema:"EvaluationStatusRequest"`

		Status string `json:"status" enum:"archived,cancelled,pending,running,completed,failed" doc:"cancelled; pending, to run it again for what has no score; or archived. The others follow from what happens."`
	}
}

func (a *API) setStatus(ctx context.Context, r statusRequest) (testView, error) {
	t, err := a.service.SetStatus(ctx, actor.From(ctx), r.EvaluationID, core.Status(r.Body.Status))
	return showTest(t), err
}
