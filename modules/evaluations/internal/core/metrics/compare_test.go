package metrics

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAComparisonHasTheQueriesThatFailNowAndThoseThatPassNow(t *testing.T) {
	got := Compare([]Pair{{9, 1, 0.2}, {3, 1, 0.5}, {4, 0.2, 0.9}, {5, 1, 1}}, 0.75)
	if !slices.Equal(got.Regressions, []int64{3, 9}) || !slices.Equal(got.Improvements, []int64{4}) {
		t.Errorf("%+v", got)
	}
	if got.Queries != 4 || got.Before != 0.8 || got.After != 0.65 || got.Low > got.Difference || got.High < got.Difference {
		t.Errorf("%+v", got)
	}
}

func TestTheIntervalIsTheSameForTheSameValues(t *testing.T) {
	var pairs []Pair
	for i := range int64(50) {
		pairs = append(pairs, Pair{i, float64(i%3) / 2, float64(i%5) / 4})
	}
	if d := cmp.Diff(Compare(pairs, 0.5), Compare(pairs, 0.5)); d != "" {
		t.Error(d)
	}
}

func TestADifferenceThatAllQueriesShareHasNoWidth(t *testing.T) {
	got := Compare([]Pair{{1, 0, 0.5}, {2, 0.5, 1}, {3, 0.25, 0.75}}, 0.75)
	if got.Low != 0.5 || got.High != 0.5 {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(Comparison{}, Compare(nil, 0.75)); d != "" {
		t.Error(d)
	}
}

func TestTheIntervalOfAMeanIsThatOfTheNormalDistribution(t *testing.T) {
	// 200 differences of 0 or 1, half of each: 1.96 × .5 / √200 = .0693.
	var pairs []Pair
	for i := range int64(200) {
		pairs = append(pairs, Pair{i, 0, float64(i % 2)})
	}
	got := Compare(pairs, 0.75)
	if got.Low < 0.41 || got.Low > 0.45 || got.High < 0.55 || got.High > 0.59 {
		t.Errorf("from %v to %v", got.Low, got.High)
	}
}
