package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Report is what an evaluation came to.
type Report struct {
	Evaluation     int64               `json:"evaluation"`
	Name           string              `json:"name"`
	Agent          int64               `json:"agent"`
	Dataset        int64               `json:"dataset"`
	DatasetVersion int64               `json:"dataset_version"`
	Passed         bool                `json:"passed"`
	Why            string              `json:"why"` // in words
	Threshold      *float64            `json:"threshold"`
	Baseline       *int64              `json:"baseline"`
	Queries        int64               `json:"queries"`
	Failed         int                 `json:"failed"`
	NotScored      int                 `json:"not_scored"`
	Compared       int64               `json:"compared"` // queries that the baseline has, too
	Regressions    int64               `json:"regressions"`
	Improvements   int64               `json:"improvements"`
	Scores         map[string]*float64 `json:"scores"` // means
	// Differences are those from the baseline, with 95 % intervals.
	Differences map[string]difference `json:"differences,omitempty"`
	Cases       []Case                `json:"cases"`
	metrics     []string
}

// Case is one query of the dataset, with its answer and how it was scored.
type Case struct {
	Query     int64               `json:"query_id"`
	Question  string              `json:"query"`
	Expected  string              `json:"expected_answer"`
	Answer    string              `json:"answer"`
	Outcome   Outcome             `json:"outcome"`
	Regressed bool                `json:"regressed,omitempty"` // it passed in the baseline
	Reason    string              `json:"reason,omitempty"`
	Scores    map[string]*float64 `json:"scores"`
}

// Outcome is how a query ended.
type Outcome string

// The outcomes. A query without a score has neither passed nor failed.
const (
	Passed   Outcome = "passed"
	Failed   Outcome = "failed"
	NoAnswer Outcome = "no_answer"
	NoScore  Outcome = "not_scored"
)

// report makes a report of an evaluation that has ended; an error when it ended
// without a result.
func report(t test) (Report, error) {
	switch t.Status {
	case completed:
	case cancelled:
		return Report{}, ErrCancelled
	default:
		reason := "for no reason that the server gives"
		if t.FailureReason != nil {
			reason = *t.FailureReason
		}
		return Report{}, fmt.Errorf("evaluation %d is %s: %s", t.ID, t.Status, reason)
	}
	r := Report{
		Evaluation: t.ID, Name: t.Name, Agent: t.Agent, Dataset: t.Dataset, DatasetVersion: t.DatasetVersion,
		Threshold: t.Threshold, Baseline: t.BaselineID, Queries: t.Progress.Total, Scores: t.Scores, Cases: []Case{}, metrics: t.Metrics,
	}
	var regressed []int64
	if t.Comparison != nil {
		r.Regressions, r.Improvements, r.Differences = t.Comparison.RegressionCount, t.Comparison.ImprovementCount, t.Comparison.Difference
		for _, c := range t.Comparison.Regressions {
			regressed = append(regressed, c.QueryID)
		}
		if t.Comparison.Queries == 0 && t.BaselineID != nil {
			return Report{}, fmt.Errorf("no query of the evaluation asks and expects what one of evaluation %d does, so nothing was compared", *t.BaselineID)
		}
		r.Compared = t.Comparison.Queries
	} else if t.BaselineID != nil {
		return Report{}, errors.New("the server did not compare the evaluation with its baseline")
	}
	for _, x := range t.Results {
		c := caseOf(x)
		c.Regressed = slices.Contains(regressed, x.QueryID)
		r.Cases = append(r.Cases, c)
		switch c.Outcome {
		case Failed, NoAnswer:
			r.Failed++
		case NoScore:
			r.NotScored++
		}
	}
	if r.NotScored == len(r.Cases) {
		return Report{}, errors.New("no query was scored, so nothing is known")
	}
	r.decide(t.Passed)
	return r, nil
}

func caseOf(x result) Case {
	c := Case{Query: x.QueryID, Question: x.Query, Expected: x.ExpectedAnswer, Answer: x.Answer, Scores: x.Scores, Outcome: NoScore}
	if x.FailureReason != nil {
		c.Reason = *x.FailureReason
	}
	switch {
	case x.Status == failed:
		c.Outcome = NoAnswer
	case x.Status == notScored || x.Passed == nil:
	case *x.Passed:
		c.Outcome = Passed
	default:
		c.Outcome = Failed
	}
	return c
}

// decide says whether the gate is open. The server decides by a threshold and a
// baseline; without both no case may fail.
func (r *Report) decide(passed *bool) {
	switch {
	case passed == nil:
		r.Passed = r.Failed == 0
		r.Why = fmt.Sprintf("%d of %d queries failed, and there is neither a threshold nor a baseline", r.Failed, r.Queries)
	case *passed:
		r.Passed = true
		var why []string
		if r.Threshold != nil {
			why = append(why, fmt.Sprintf("the threshold of %g is reached", *r.Threshold))
		}
		if r.Baseline != nil {
			why = append(why, fmt.Sprintf("no query fails that passed in evaluation %d (%d of %d queries are in both)", *r.Baseline, r.Compared, r.Queries))
		}
		r.Why = strings.Join(why, ", and ")
	case r.Regressions > 0 && r.Baseline != nil:
		r.Why = fmt.Sprintf("%d queries fail that passed in evaluation %d", r.Regressions, *r.Baseline)
	case r.Threshold != nil:
		r.Why = fmt.Sprintf("the threshold of %g is not reached", *r.Threshold)
	default:
		r.Why = "the server says that it has not passed"
	}
}
