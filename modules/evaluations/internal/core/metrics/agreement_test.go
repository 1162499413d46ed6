package metrics

import (
	"math"
	"testing"
)

func judgedAll(pairs ...[2]float64) (out []Judged) {
	for _, p := range pairs {
		out = append(out, Judged{p[0], p[1]})
	}
	return out
}

// The example of Cohen's kappa that Wikipedia has: 20 yes-yes, 5, 10, 15 no-no.
func TestKappaIsCohens(t *testing.T) {
	var rows []Judged
	for _, c := range []struct {
		n              int
		value, verdict float64
	}{{20, 1, 1}, {5, 1, 0}, {10, 0, 1}, {15, 0, 0}} {
		for range c.n {
			rows = append(rows, Judged{c.value, c.verdict})
		}
	}
	a := Agree(rows, 0.5, 0.5)
	for name, c := range map[string]struct {
		got  *Estimate
		want float64
	}{"kappa": {a.Kappa, 0.4}, "precision": {a.Precision, 0.8}, "recall": {a.Recall, 20.0 / 30}, "AUC": {a.AUC, (20.0/30 + 15.0/20) / 2}} {
		if c.got == nil || math.Abs(c.got.Value-c.want) > 1e-9 || c.got.Low >= c.want || c.got.High <= c.want {
			t.Errorf("%s is %+v, want %v", name, c.got, c.want)
		}
	}
	if a.Rows != 50 || a.Positive != 30 {
		t.Errorf("%+v", a)
	}
}

func TestAUCCountsEqualValuesHalf(t *testing.T) {
	for _, c := range []struct {
		rows []Judged
		want float64
	}{
		{judgedAll([2]float64{0.9, 1}, [2]float64{0.1, 0}), 1},
		{judgedAll([2]float64{0.1, 1}, [2]float64{0.9, 0}), 0},
		{judgedAll([2]float64{0.5, 1}, [2]float64{0.5, 0}), 0.5},
		// Of the six pairs four are right and one is even.
		{judgedAll([2]float64{0.2, 0}, [2]float64{0.4, 1}, [2]float64{0.4, 0}, [2]float64{0.6, 1}, [2]float64{0.8, 0}), 3.5 / 6},
	} {
		if got := Agree(c.rows, 0.5, 0.5).AUC; got == nil || math.Abs(got.Value-c.want) > 1e-9 {
			t.Errorf("%v: %+v, want %v", c.rows, got, c.want)
		}
	}
}

func TestPearsonIsTheCorrelation(t *testing.T) {
	got := Agree(judgedAll([2]float64{1, 2}, [2]float64{2, 4}, [2]float64{3, 5}, [2]float64{4, 4}), 0.5, 3).Pearson
	if got == nil || math.Abs(got.Value-0.7181848) > 1e-6 {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNotDefinedIsNotThere(t *testing.T) {
	a := Agree(judgedAll([2]float64{1, 1}, [2]float64{1, 1}), 0.5, 0.5)
	if a.Kappa != nil || a.AUC != nil || a.Pearson != nil || a.Precision == nil || a.Precision.Value != 1 {
		t.Errorf("%+v", a)
	}
	if a := Agree(nil, 0.5, 0.5); a.Kappa != nil || a.Recall != nil {
		t.Errorf("%+v", a)
	}
}
