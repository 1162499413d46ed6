package gate

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

func failing() Report {
	r, err := report(test{
		ID: 12, Agent: 3, Dataset: 4, DatasetVersion: 2, Name: "gate", Status: completed, Passed: yes(false), BaselineID: id(9), Metrics: []string{"answer_correctness", "faithfulness"},
		Progress: progress{Total: 4, Done: 4, Failed: 1}, Scores: map[string]*float64{"answer_correctness": num(0.5), "faithfulness": nil},
		Comparison: &comparison{Queries: 3, RegressionCount: 1, Regressions: []change{{QueryID: 2}}, Difference: map[string]difference{"answer_correctness": {-0.25, -0.5, 0}}},
		Results: []result{
			{QueryID: 1, Query: "One?", Status: "scored", Passed: yes(true)},
			{QueryID: 2, Query: "Two <b>?\n\x1b[31m", Answer: "\x00]]>", Status: "scored", Passed: yes(false)},
			{QueryID: 3, Query: "Three?", Status: failed, FailureReason: str("The model failed.")},
			{QueryID: 4, Query: "Four?", Status: notScored, FailureReason: str("No metric applies.")},
		},
	})
	if err != nil {
		panic(err)
	}
	return r
}

func TestTheTableTellsWhatFailedAndHowMuchIsDifferent(t *testing.T) {
	var out strings.Builder
	if err := failing().Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"4 queries, 2 failed, 1 not scored", "-0.250 [-0.500, +0.000]", "faithfulness        –", "query 2 (failed, passed in the baseline): Two <b>? [31m", "query 3 (no_answer)", "FAILED:"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if strings.ContainsRune(out.String(), 0x1b) {
		t.Error("a question moves the terminal")
	}
}

func TestJUnitHasACaseForEachQuery(t *testing.T) {
	var out strings.Builder
	if err := failing().JUnit(&out); err != nil {
		t.Fatal(err)
	}
	var got suites
	if err := xml.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	s := got.Suite
	if s.Tests != 4 || s.Failures != 1 || s.Errors != 1 || s.Skipped != 1 || len(s.Cases) != 4 {
		t.Errorf("%+v", s)
	}
	if s.Cases[1].Failure == nil || s.Cases[1].Failure.Type != "regression" || s.Cases[2].Error.Message != "The model failed." || s.Cases[3].Skipped == nil {
		t.Errorf("%+v", s.Cases)
	}
}

// What shuts the gate must be a failed case, since CI systems look at no more.
func TestJUnitShowsWhyTheGateIsShut(t *testing.T) {
	for name, c := range map[string]struct {
		report Report
		want   string // the type of the only failure; "" without one
	}{
		"a query without a score that passed before": {Report{Cases: []Case{{Outcome: NoScore, Regressed: true}, {Outcome: Passed}}}, "regression"},
		"a mean below the threshold":                 {Report{Why: "the threshold of 0.9 is not reached", Cases: []Case{{Outcome: Passed}}}, "gate"},
		"nothing":                                    {Report{Passed: true, Cases: []Case{{Outcome: Passed}, {Outcome: NoScore}}}, ""},
	} {
		var out strings.Builder
		if err := c.report.JUnit(&out); err != nil {
			t.Fatal(err)
		}
		var got suites
		if err := xml.Unmarshal([]byte(out.String()), &got); err != nil {
			t.Fatal(err)
		}
		failures := ""
		for _, x := range got.Suite.Cases {
			if x.Failure != nil {
				failures += x.Failure.Type
			}
		}
		if failures != c.want || got.Suite.Failures != len(strings.Fields(failures)) || got.Suite.Tests != len(got.Suite.Cases) {
			t.Errorf("%s: %s", name, out.String())
		}
	}
}

func TestABaselineWithoutACommonQueryIsNoBaseline(t *testing.T) {
	ended := test{ID: 12, Status: completed, Passed: yes(true), BaselineID: id(9), Comparison: &comparison{}, Progress: progress{Total: 2}, Results: []result{{Status: "scored", Passed: yes(true)}}}
	if _, err := report(ended); err == nil || !strings.Contains(err.Error(), "nothing was compared") {
		t.Error(err)
	}
	ended.Comparison.Queries = 1
	if got, err := report(ended); err != nil || !got.Passed || !strings.Contains(got.Why, "1 of 2 queries are in both") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheJSONHasTheDecisionAndTheCases(t *testing.T) {
	var out strings.Builder
	if err := failing().JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Passed      bool
		Regressions int
		Cases       []struct{ Outcome string }
		Differences map[string]struct{ Low float64 }
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Passed || got.Regressions != 1 || len(got.Cases) != 4 || got.Cases[2].Outcome != "no_answer" || got.Differences["answer_correctness"].Low != -0.5 {
		t.Errorf("%+v", got)
	}
}

func FuzzJUnit(f *testing.F) {
	f.Add("question\x00", "]]>", "<x a='&'>")
	f.Fuzz(func(t *testing.T, question, answer, reason string) {
		r := Report{Cases: []Case{{Question: question, Answer: answer, Outcome: Failed}, {Question: question, Outcome: NoAnswer, Reason: reason}}}
		var out strings.Builder
		if err := r.JUnit(&out); err != nil {
			t.Fatal(err)
		}
		var got suites
		if err := xml.Unmarshal([]byte(out.String()), &got); err != nil || len(got.Suite.Cases) != 2 {
			t.Errorf("%v in %q", err, out.String())
		}
	})
}
