package core

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"parley/modules/chat"
	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/core/metrics"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// score fills in what came of a query.
func (s *Service) score(ctx context.Context, t Test, q Asked, out chat.Outcome, e *Ended) error {
	e.AgentResponseID, e.AgentVersion, e.Model, e.Answer = out.AgentResponseID, out.AgentVersion, out.Model, out.Answer
	sample := metrics.Sample{Query: q.Query.Query, Expected: q.ExpectedAnswer, Answer: out.Answer, Contexts: []string{}, ExpectedDocuments: q.ExpectedDocuments}
	for _, p := range out.Contexts {
		sample.Contexts = append(sample.Contexts, p.Text)
		sample.Documents = append(sample.Documents, metrics.Document{ID: p.DocumentID, Title: p.Title})
		e.DocumentIDs = include(e.DocumentIDs, p.DocumentID)
	}
	if out.State != chat.StateCompleted {
		e.Status, e.FailureReason = QueryLost, "The agent did not answer."
		if out.FailureDetails != "" {
			e.FailureReason = out.FailureDetails
		}
		return nil
	}
	ctx = withCall(ctx, call{test: t, key: key(t, q)})
	details := map[string]json.RawMessage{}
	for _, ref := range t.Metrics {
		got, err := s.measure(ctx, ref, sample)
		if err != nil {
			return err
		}
		e.Scores[ref.Name] = Score{Value: got.Value, Reason: got.Reason}
		if got.Detail != nil {
			details[ref.Name] = got.Detail
		}
	}
	encoded, err := json.Marshal(details)
	if err != nil {
		return fmt.Errorf("encoding the details of scores: %w", err)
	}
	e.Details = string(encoded)
	e.Status = NotScored
	for _, ref := range t.Metrics {
		if e.Scores[ref.Name].Value != nil {
			e.Status = Scored
		}
	}
	if e.Status == NotScored {
		e.FailureReason = "No metric applies: " + e.Scores[t.Metrics[0].Name].Reason + "."
	}
	e.Passed = s.passes(t, e.Scores)
	return nil
}

// measure scores by one metric. A metric that panics, or is another one than the
// test was made for, has no value.
func (s *Service) measure(ctx context.Context, ref MetricRef, sample metrics.Sample) (got metrics.Score, err error) {
	m, ok := s.metric(ref.Name)
	if !ok {
		return metrics.Score{Reason: "this server has no such metric any more"}, nil
	}
	if m.Version != ref.Version {
		return metrics.Score{Reason: fmt.Sprintf("this server has version %d of the metric, and the evaluation version %d", m.Version, ref.Version)}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			s.Log.ErrorContext(ctx, "a metric panicked", "metric", ref.Name, "panic", p, "stack", string(debug.Stack()))
			got, err = metrics.Score{Reason: "the metric failed"}, nil
		}
	}()
	limited, cancel := context.WithTimeout(ctx, maxMeasure)
	defer cancel()
	got, err = m.Score(limited, sample)
	switch {
	case ctx.Err() != nil:
		return got, context.Cause(ctx)
	case limited.Err() != nil:
		return metrics.Score{Reason: "the metric took too long"}, nil
	}
	return got, err
}

// gate is the metric by which queries pass: correctness where it is measured,
// else the first one.
func gate(t Test) string {
	for _, ref := range t.Metrics {
		if ref.Name == metrics.AnswerCorrectness {
			return ref.Name
		}
	}
	return t.Metrics[0].Name
}

// passes reports whether a query passes by the metric's own threshold; nil
// without a value.
func (s *Service) passes(t Test, scores map[string]Score) *bool {
	value := scores[gate(t)].Value
	if value == nil {
		return nil
	}
	m, _ := s.metric(gate(t))
	passed := *value >= m.Threshold
	return &passed
}

// end stores what a test has reached, once all of its queries have ended. A test
// of which no query was answered has failed.
func (s *Service) end(ctx context.Context, c work.Claim, t Test, reason string) error {
	results, err := s.Store.Briefs(ctx, t.ID)
	if err != nil {
		return err
	}
	comparison, err := s.compare(ctx, t, results)
	if err != nil {
		return err
	}
	return s.write(ctx, t, nil, func(ctx context.Context, tx uow.Tx) error {
		if comparison != nil {
			if err := s.Store.SaveComparison(ctx, t.ID, *comparison); err != nil {
				return err
			}
		}
		return s.finish(ctx, tx, t.ID, func(t *Test) {
			t.summarize(results, reason)
			if comparison != nil {
				t.Regressed = comparison.RegressionCount
			}
		})
	}, c.Finish)
}

// finish ends a test in the unit of ctx, as change says.
func (s *Service) finish(ctx context.Context, tx uow.Tx, id int64, change func(*Test)) error {
	t, err := s.Store.UpdateTest(ctx, id, func(t *Test) error {
		change(t)
		at := s.Clock.Now()
		t.FinishedOn = &at
		t.LastEvent++
		t.judge()
		return nil
	})
	if err != nil {
		return err
	}
	tx.Publish(evaluations.EvaluationEnded{Evaluation: t.told(), Status: string(t.Status), Passed: t.Passed})
	return s.tell(ctx, t, ending(t), endMessage(t))
}

func ending(t Test) string {
	if t.Status == Completed {
		return StepEnd
	}
	return StepError
}

func endMessage(t Test) string {
	if t.Status == Completed {
		return fmt.Sprintf("The evaluation is completed: %d of %d queries failed.", t.Failed, t.Total)
	}
	return "The evaluation failed. " + t.FailureReason
}

// summarize makes the figures of a test from its results.
func (t *Test) summarize(results []Brief, reason string) {
	t.Scores, t.GateSum, t.GateCount = map[string]Mean{}, 0, 0
	gated := gate(*t)
	for _, ref := range t.Metrics {
		sum, m := 0.0, Mean{}
		for _, r := range results {
			if v := r.Scores[ref.Name].Value; v != nil {
				sum += *v
				m.Count++
			}
		}
		if m.Count > 0 {
			mean := sum / float64(m.Count)
			m.Mean = &mean
		}
		if t.Scores[ref.Name] = m; ref.Name == gated {
			t.GateSum, t.GateCount = sum, m.Count
		}
	}
	answered, first := false, ""
	for _, r := range results {
		if r.Status != QueryLost {
			answered = true
			continue
		}
		t.GateCount++ // with nothing: a test must not pass by failing
		if first == "" {
			first = r.FailureReason
		}
	}
	switch {
	case reason != "":
		t.Status, t.FailureReason = Failed, reason
	case answered:
		t.Status, t.FailureReason = Completed, ""
	default:
		t.Status, t.FailureReason = Failed, "No query was answered. "+first
	}
}
