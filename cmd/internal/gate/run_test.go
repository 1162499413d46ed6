package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	creating   = "POST /base/api/agent/3/evaluation"
	cancelling = "PUT /base/api/evaluation/12/status"
)

func scoredWell(queries int) []result {
	out := make([]result, queries)
	for i := range out {
		out[i] = result{QueryID: int64(i + 1), Query: fmt.Sprintf("Question %d?", i+1), Status: "scored", Passed: yes(true), Scores: map[string]*float64{"answer_correctness": num(1)}}
	}
	return out
}

func TestAGateThatPassesHasCreatedAndFollowedOneEvaluation(t *testing.T) {
	s := &server{results: scoredWell(3), after: 3, ends: test{Status: completed, Passed: yes(true), Threshold: num(0.8), Scores: map[string]*float64{"answer_correctness": num(1)}}}
	o := start(t, s)
	o.Threshold, o.Metrics, o.JudgeModel = num(0.8), []string{"answer_correctness"}, "m"
	var told strings.Builder
	o.Progress = &told
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Why != "the threshold of 0.8 is reached" || !r.Passed || r.Failed != 0 || len(r.Cases) != 3 || r.Evaluation != 12 {
		t.Errorf("%+v", r)
	}
	want := map[string]any{"name": "gate", "dataset_id": 4.0, "threshold": 0.8, "metrics": []any{"answer_correctness"}, "judge_model": "m"}
	if d := cmp.Diff(want, s.created); d != "" {
		t.Error(d)
	}
	if !strings.Contains(told.String(), "3 of 3 queries done") || s.did(creating) != 1 || s.did(cancelling) != 0 {
		t.Errorf("told %q; calls: %v", told.String(), s.calls)
	}
}

func TestWithoutAThresholdAndABaselineNoQueryMayFail(t *testing.T) {
	for name, c := range map[string]struct {
		last result
		want bool
	}{
		"all pass":        {result{Status: "scored", Passed: yes(true)}, true},
		"one fails":       {result{Status: "scored", Passed: yes(false)}, false},
		"one has no say":  {result{Status: notScored}, true},
		"one is answered": {result{Status: failed, FailureReason: str("The model failed.")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{results: append(scoredWell(2), c.last), ends: test{Status: completed}}
			r, err := Run(context.Background(), start(t, s))
			if err != nil || r.Passed != c.want {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestARegressionFailsTheGate(t *testing.T) {
	results := scoredWell(3)
	results[1].Passed = yes(false)
	s := &server{results: results, ends: test{Status: completed, Passed: yes(false), BaselineID: id(9), Comparison: &comparison{
		Queries: 3, RegressionCount: 1, Regressions: []change{{QueryID: 2, Before: num(1), After: num(0)}},
		Difference: map[string]difference{"answer_correctness": {-0.333, -1, 0}},
	}}}
	o := start(t, s)
	o.Baseline = id(9)
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Passed || r.Regressions != 1 || !r.Cases[1].Regressed || r.Cases[0].Regressed || r.Why != "1 queries fail that passed in evaluation 9" {
		t.Errorf("%+v", r)
	}
	if s.created["baseline_id"] != 9.0 {
		t.Errorf("created %v", s.created)
	}
}

func TestAnEvaluationWithoutAResultIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		ends    test
		results []result
		want    string
	}{
		"failed":             {test{Status: failed, FailureReason: str("No query was answered.")}, scoredWell(1), "No query was answered."},
		"cancelled":          {test{Status: cancelled}, scoredWell(1), "was cancelled"},
		"not scored":         {test{Status: completed}, []result{{Status: notScored}}, "no query was scored"},
		"not compared":       {test{Status: completed, BaselineID: id(9)}, scoredWell(1), "did not compare"},
		"without any result": {test{Status: completed}, nil, "no query was scored"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(context.Background(), start(t, &server{results: c.results, ends: c.ends}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestAllPagesOfResultsAreRead(t *testing.T) {
	s := &server{results: scoredWell(450), ends: test{Status: completed, Passed: yes(true)}}
	r, err := Run(context.Background(), start(t, s))
	if err != nil || len(r.Cases) != 450 || r.Cases[449].Query != 450 {
		t.Errorf("%d cases, %v", len(r.Cases), err)
	}
}

func TestTheEndOfTheGateCancelsTheEvaluation(t *testing.T) {
	s := &server{results: scoredWell(1), after: 1 << 30}
	o := start(t, s)
	ctx, interrupt := context.WithCancelCause(context.Background())
	interrupted := errors.New("interrupted")
	o.Progress = writer(func() { interrupt(interrupted) }) // once it is there
	_, err := Run(ctx, o)
	if !errors.Is(err, interrupted) || s.did(cancelling) != 1 {
		t.Errorf("%v; calls: %v", err, s.calls)
	}
}

func TestAGateThatEndsWhileItCreatesCancelsWhatItCreated(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	s := &server{results: scoredWell(1), after: 1 << 30, trouble: []http.HandlerFunc{func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		interrupt()
		<-r.Context().Done() // the answer never comes
	}}}
	_, err := Run(ctx, start(t, s))
	if !errors.Is(err, context.Canceled) || s.did(creating) != 2 || s.did(cancelling) != 1 {
		t.Errorf("%v; calls: %v", err, s.calls)
	}
	if s.keys[0] == "" || s.keys[0] != s.keys[1] {
		t.Errorf("the keys of idempotency are %v", s.keys)
	}
}

func TestAGateThatEndsWhileTheServerIsAwayClaimsNoCancelling(t *testing.T) {
	tooLong := errors.New("too long")
	var end context.CancelCauseFunc
	ends := func(http.ResponseWriter, *http.Request) { end(tooLong) }
	for name, c := range map[string]struct {
		trouble []http.HandlerFunc
		wants   []string
	}{
		"before it was created": {[]http.HandlerFunc{refuse(http.StatusServiceUnavailable, "away", ""), ends, refuse(http.StatusForbidden, "closed", "")}, []string{"creating the evaluation", "503", "403"}},
		"after it was created":  {[]http.HandlerFunc{nil, ends, refuse(http.StatusForbidden, "closed", "")}, []string{"evaluation 12 still runs", "403"}},
	} {
		t.Run(name, func(t *testing.T) {
			var ctx context.Context
			ctx, end = context.WithCancelCause(context.Background())
			s := &server{results: scoredWell(1), after: 1 << 30, trouble: c.trouble}
			_, err := Run(ctx, start(t, s))
			if !errors.Is(err, tooLong) || strings.Contains(err.Error(), "is cancelled") {
				t.Errorf("the error is %v; calls: %v", err, s.calls)
			}
			for _, want := range c.wants {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
		})
	}
}

func TestACallIsRepeatedWhileTheServerIsOverloaded(t *testing.T) {
	s := &server{results: scoredWell(1), ends: test{Status: completed, Passed: yes(true)}, trouble: []http.HandlerFunc{
		refuse(http.StatusServiceUnavailable, "unavailable", ""),
		refuse(http.StatusConflict, "request_in_progress", ""),
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}}
	r, err := Run(context.Background(), start(t, s))
	if err != nil || !r.Passed || s.did(creating) != 4 || len(s.evals) != 1 {
		t.Errorf("%+v, %v; calls: %v", r, err, s.calls)
	}
}

func TestWhatTheServerRefusesIsToldAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		trouble http.HandlerFunc
		want    []string
	}{
		"a bad request":      {refuse(http.StatusUnprocessableEntity, "metric", "metrics"), []string{"422", "No metric.", "metrics: is wrong", "r-1"}},
		"no rights":          {refuse(http.StatusForbidden, "forbidden", ""), []string{"403"}},
		"something else":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, []string{"check the address"}},
		"another's redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, []string{"302"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{trouble: []http.HandlerFunc{c.trouble}}
			_, err := Run(context.Background(), start(t, s))
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %v", err)
				}
			}
			if len(s.calls) != 1 {
				t.Errorf("calls: %v", s.calls)
			}
		})
	}
}

func TestAnAddressAndAKeyAreNeeded(t *testing.T) {
	for _, o := range []Options{{URL: "parley.example.com", APIKey: "k"}, {URL: "ftp://x", APIKey: "k"}, {URL: "http://127.0.0.1:1"}} {
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// writer calls a function for each write.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}
