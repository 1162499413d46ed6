package logistic

import (
	"math"
	"testing"
)

func TestCoefficientsAreFound(t *testing.T) {
	want := []float64{-1, 2, 0.5}
	var rows []Row
	for a := -2.0; a <= 2; a += 0.5 {
		for b := -2.0; b <= 2; b += 0.5 {
			x := []float64{1, a, b}
			rows = append(rows, Row{x, Probability(x, want), 1})
		}
	}
	for i, c := range Fit(rows, []float64{1e-9, 1e-9, 1e-9}) {
		if math.Abs(c-want[i]) > 1e-6 {
			t.Errorf("coefficient %d is %v, not %v", i, c, want[i])
		}
	}
}

func TestAWeightIsAsManyRows(t *testing.T) {
	yes, no := Row{[]float64{1}, 1, 3}, Row{[]float64{1}, 0, 1}
	if p := Probability([]float64{1}, Fit([]Row{yes, no}, []float64{1e-9})); math.Abs(p-0.75) > 1e-6 {
		t.Errorf("three of four say yes, and the probability is %v", p)
	}
}

func TestWhatNoRowSpeaksOfStaysZero(t *testing.T) {
	c := Fit([]Row{{[]float64{1, 0}, 1, 1}, {[]float64{1, 0}, 0, 1}}, []float64{0.01, 1})
	if c[1] != 0 {
		t.Errorf("a feature that is always 0 has the coefficient %v", c[1])
	}
}

func TestARidgeKeepsWhatIsCertainFinite(t *testing.T) {
	c := Fit([]Row{{[]float64{1, 1}, 1, 1}, {[]float64{1, -1}, 0, 1}}, []float64{0.01, 1})
	if c[1] <= 0 || c[1] > 1 {
		t.Errorf("the coefficient of two rows is %v", c[1])
	}
}
