package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func calibrated(t *testing.T, file string, yes *float64) Calibration {
	t.Helper()
	c, err := Calibrate(context.Background(), strings.NewReader(file), Offline(), yes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c Calibration) of(name string) *Calibrated {
	for i := range c.Metrics {
		if c.Metrics[i].Name == name {
			return &c.Metrics[i]
		}
	}
	return nil
}

func TestCalibrationComparesEachMetricWithTheVerdicts(t *testing.T) {
	c := calibrated(t, `{"query": "Capital of France?", "expected_answer": "Paris/City of Light", "answer": "It is Paris.", "verdict": true, "by": "x"}
{"query": "Capital of Spain?", "expected_answer": "Madrid", "answer": "Lisbon.", "verdict": false}

{"query": "Capital of Italy?", "expected_answer": "Rome", "answer": "Milan.", "verdict": false}
{"query": "Capital of Japan?", "expected_answer": "Tokyo", "answer": "It is Tokyo.", "verdict": true}`, nil)
	m := c.of(AnswerCorrectness)
	if c.Rows != 4 || c.Positive != 2 || c.Graded || m == nil || m.Rows != 4 || m.Kappa.Value != 1 || m.AUC.Value != 1 || m.Threshold != 0.75 {
		t.Errorf("%+v, %+v", c, m)
	}
	if c.of(Faithfulness) != nil {
		t.Error("there are no passages, and a figure for faithfulness")
	}
}

func TestLinesThatAreNoRowsAreListed(t *testing.T) {
	var long strings.Builder
	for range 30 {
		long.WriteString("[]\n")
	}
	c := calibrated(t, "\ufeff"+`{"expected_answer": "a", "answer": "a", "verdict": 1}
not JSON
{"expected_answer": "a", "answer": "a"}
{"expected_answer": "a", "verdict": true}
{"answer": "a", "verdict": true}
{"expected_answer": "a", "answer": "a", "verdict": "perhaps"}
{"expected_answer": "a", "answer": 7, "verdict": true}
{"context": {"a": 1}, "answer": "a", "verdict": true}
{"expected_answer": "b", "answer": "a", "verdict": 0}
`+long.String(), nil)
	want := []BadLine{
		{2, "it is no JSON object"},
		{3, `it has no "verdict"`},
		{4, `it has no "answer"`},
		{5, `it has neither an "expected_answer" nor a "context" to compare the answer with`},
		{6, `"verdict" is neither true or false nor a number`},
		{7, `"answer" is a number`},
		{8, `"context" is neither a text nor a list of texts`},
	}
	if d := cmp.Diff(want, c.Bad[:len(want)]); d != "" {
		t.Error(d)
	}
	if len(c.Bad) != maxBadLines || c.BadCount != 37 || c.Rows != 2 {
		t.Errorf("%d of %d bad lines, %d rows", len(c.Bad), c.BadCount, c.Rows)
	}
}

func TestGradedVerdictsHaveACorrelation(t *testing.T) {
	file := ""
	for i := range 5 {
		file += fmt.Sprintf(`{"context": ["one two three four five. The cat sat on the mat.", "x"], "answer": "%s", "verdict": %d}`+"\n",
			[]string{"Dogs bark at night.", "The dog barked loudly.", "The cat ate fish.", "The cat sat on a chair.", "The cat sat on the mat."}[i], i+1)
	}
	c := calibrated(t, file, nil)
	m := c.of(Faithfulness)
	if !c.Graded || c.Yes != 3 || c.Positive != 3 || m == nil || m.Pearson == nil || m.Pearson.Value < 0.7 {
		t.Errorf("%+v, %+v", c, m)
	}
	five := 5.0
	if c := calibrated(t, file, &five); c.Positive != 1 {
		t.Errorf("%d rows have a yes from 5 on", c.Positive)
	}
}

func TestAFileWithoutRowsIsAnError(t *testing.T) {
	for _, file := range []string{"", "\n\n", "x"} {
		if _, err := Calibrate(context.Background(), strings.NewReader(file), Offline(), nil); !errors.Is(err, ErrNoRows) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestALineThatIsTooLongIsLeftOut(t *testing.T) {
	good := `{"expected_answer": "a", "answer": "a", "verdict": true}`
	c := calibrated(t, good+"\n"+strings.Repeat("x", maxLine+1)+"\n"+good, nil)
	if c.Rows != 2 || c.BadCount != 1 || c.Bad[0].Line != 2 || !strings.Contains(c.Bad[0].Reason, "longer") {
		t.Errorf("%+v", c)
	}
}

func TestSlashesSeparateAlternativesButNotDates(t *testing.T) {
	for in, want := range map[string]string{
		"a/b/c":           "a||b||c",
		"24/7 support":    "24/7 support",
		"3/4/2020":        "3/4/2020",
		"1971/1972":       "1971||1972",
		"14 Dec/1972":     "14 Dec||1972",
		"one":             "one",
		"km/h":            "km||h",
		"2012/season 9/x": "2012||season 9||x",
	} {
		if got := slashed(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func FuzzRow(f *testing.F) {
	f.Add([]byte(`{"query": "q", "expected_answer": "a/b", "answer": "c", "verdict": true}`))
	f.Add([]byte(`{"context": ["x"], "answer": "c", "verdict": 0.5}`))
	f.Add([]byte(`{"verdict": "1e999", "answer": ""}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, reason := parseRow(line)
		if reason == "" && (math.IsNaN(r.verdict) || math.IsInf(r.verdict, 0)) {
			t.Errorf("the verdict of %q is %v", line, r.verdict)
		}
	})
}

// FuzzMetrics holds every metric to its range.
func FuzzMetrics(f *testing.F) {
	f.Add("How many?", "25 || twenty-five", "There are 25 of them [1].", "There were twenty-five.")
	f.Add("誰ですか", "東京", "東京です。", "日本の首都は東京です")
	f.Add("", "one hundred and", "and hundred", "first second")
	f.Add("\xff", "\x00", "I don't know", "U.S. the us united")
	f.Add("a", "(", "no.", "0 00 000 1e9 1.2.3")
	all := Offline()
	f.Fuzz(func(t *testing.T, query, expected, answer, passage string) {
		for _, m := range all {
			got, err := m.Score(context.Background(), Sample{Query: query, Expected: expected, Answer: answer, Contexts: []string{passage, passage}})
			if err != nil {
				t.Fatal(err)
			}
			if (got.Value == nil) == (got.Reason == "") || got.Value != nil && (math.IsNaN(*got.Value) || *got.Value < 0 || *got.Value > 1+1e-9) {
				t.Errorf("%s is %+v", m.Name, got)
			}
		}
	})
}
