package metrics

import (
	"math"
	"testing"
)

func TestExactMatchAndF1AreSQuADs(t *testing.T) {
	for _, c := range []struct {
		answer, expected string
		exact, f1        float64
	}{
		{"The Eiffel Tower!", "eiffel tower", 1, 1},
		{"Eiffel Tower in Paris", "the Eiffel Tower", 0, 2.0 / 3},
		{"Denver Broncos", "Carolina Panthers || Denver Broncos", 1, 1},
		{"theatre", "the atre", 0, 0},
		{"don't", "dont", 1, 1},
		{"", "the", 1, 1},
		{"something", "the", 0, 0},
	} {
		s := Sample{Expected: c.expected, Answer: c.answer}
		if got := *scoreOf(t, ExactMatch, s).Value; got != c.exact {
			t.Errorf("exact match of %q with %q is %v", c.answer, c.expected, got)
		}
		if got := *scoreOf(t, TokenF1, s).Value; math.Abs(got-c.f1) > 1e-9 {
			t.Errorf("F1 of %q with %q is %v, want %v", c.answer, c.expected, got, c.f1)
		}
	}
}

func TestWithoutAnExpectedAnswerThereIsNoValue(t *testing.T) {
	for _, name := range []string{ExactMatch, TokenF1, BLEU} {
		if got := scoreOf(t, name, Sample{Answer: "a", Expected: " || "}); got.Value != nil || got.Reason == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
