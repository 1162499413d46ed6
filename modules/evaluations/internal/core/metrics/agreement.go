package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Judged is a metric's value beside what a person said.
type Judged struct {
	Value float64
	// Verdict is the person's; from 0.5 on it is a yes. A graded one lies
	// anywhere, and only Pearson's r looks at its grade.
	Verdict float64
}

// Estimate is a figure with its 95 % interval.
type Estimate struct{ Value, Low, High float64 }

// Agreement is how well a metric agrees with people. A figure that is not
// defined, such as a kappa where all verdicts are the same, is nil.
type Agreement struct {
	Rows, Positive int
	// Precision and Recall are those of the metric's yes.
	Precision, Recall, Kappa, AUC, Pearson *Estimate
}

// Agree compares values with verdicts. A value says yes from threshold on, a
// verdict from yes on. The intervals are a bootstrap's over rows.
func Agree(rows []Judged, threshold, yes float64) Agreement {
	a := Agreement{Rows: len(rows)}
	for _, r := range rows {
		if r.Verdict >= yes {
			a.Positive++
		}
	}
	t := table{threshold: threshold, yes: yes}
	a.Precision = estimate(rows, t.precision)
	a.Recall = estimate(rows, t.recall)
	a.Kappa = estimate(rows, t.kappa)
	a.AUC = estimate(rows, t.auc)
	a.Pearson = estimate(rows, pearson)
	return a
}

func estimate(rows []Judged, statistic func([]Judged) (float64, bool)) *Estimate {
	if len(rows) == 0 {
		return nil
	}
	v, ok := statistic(rows)
	if !ok {
		return nil
	}
	e := &Estimate{Value: v}
	drawn := make([]Judged, len(rows))
	e.Low, e.High = bootstrap(len(rows), func(sample []int) (float64, bool) {
		for i, k := range sample {
			drawn[i] = rows[k]
		}
		return statistic(drawn)
	})
	return e
}

// table counts who said yes.
type table struct{ threshold, yes float64 }

func (t table) count(rows []Judged) (both, metric, person float64) {
	for _, r := range rows {
		m, p := r.Value >= t.threshold, r.Verdict >= t.yes
		if m {
			metric++
		}
		if p {
			person++
		}
		if m && p {
			both++
		}
	}
	return both, metric, person
}

func (t table) precision(rows []Judged) (float64, bool) {
	both, metric, _ := t.count(rows)
	return both / metric, metric > 0
}

func (t table) recall(rows []Judged) (float64, bool) {
	both, _, person := t.count(rows)
	return both / person, person > 0
}

// kappa is Cohen's: the agreement beyond the one that chance would give.
func (t table) kappa(rows []Judged) (float64, bool) {
	both, metric, person := t.count(rows)
	n := float64(len(rows))
	observed := (n - metric - person + 2*both) / n
	chance := (metric*person + (n-metric)*(n-person)) / (n * n)
	return (observed - chance) / (1 - chance), chance < 1
}

// auc is the chance that a row with a yes of a person has a higher value than
// one with a no; equal values count half. It is the Mann–Whitney U, by ranks.
func (t table) auc(rows []Judged) (float64, bool) {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b Judged) int { return cmp.Compare(a.Value, b.Value) })
	var ranks, yes float64
	for i := 0; i < len(sorted); {
		end := i
		for end < len(sorted) && sorted[end].Value == sorted[i].Value {
			end++
		}
		rank := float64(i+end+1) / 2 // the mean of those from i+1 to end
		for ; i < end; i++ {
			if sorted[i].Verdict >= t.yes {
				yes++
				ranks += rank
			}
		}
	}
	no := float64(len(sorted)) - yes
	return (ranks - yes*(yes+1)/2) / (yes * no), yes > 0 && no > 0
}

// pearson is the correlation of values with verdicts.
func pearson(rows []Judged) (float64, bool) {
	var x, y float64
	n := float64(len(rows))
	for _, r := range rows {
		x += r.Value / n
		y += r.Verdict / n
	}
	var xx, yy, xy float64
	for _, r := range rows {
		dx, dy := r.Value-x, r.Verdict-y
		xx += dx * dx
		yy += dy * dy
		xy += dx * dy
	}
	return xy / math.Sqrt(xx*yy), xx > 0 && yy > 0
}
