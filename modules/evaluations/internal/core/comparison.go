package core

import (
	"context"
	"slices"

	"parley/modules/evaluations/internal/core/metrics"
)

// maxChanges bounds the queries that a comparison lists of each kind.
const maxChanges = 500

// compare compares a test with its baseline, by the queries that ask and expect
// the same in both; nil without one.
func (s *Service) compare(ctx context.Context, t Test, results []Brief) (*Comparison, error) {
	if t.BaselineID == nil {
		return nil, nil
	}
	base, err := s.Store.Briefs(ctx, *t.BaselineID)
	if err != nil {
		return nil, err
	}
	// Several of one fingerprint are paired in their order.
	earlier := map[string][]Brief{}
	for _, b := range base {
		earlier[b.Fingerprint] = append(earlier[b.Fingerprint], b)
	}
	c := Comparison{BaselineID: *t.BaselineID, Regressions: []Change{}, Improvements: []Change{}, Difference: map[string]Difference{}}
	pairs := map[string][]metrics.Pair{}
	gated := gate(t)
	for _, r := range results {
		same := earlier[r.Fingerprint]
		if len(same) == 0 {
			continue
		}
		b := same[0]
		earlier[r.Fingerprint] = same[1:]
		c.Queries++
		before, after := b.Passed != nil && *b.Passed, r.Passed != nil && *r.Passed
		change := Change{QueryID: r.QueryID, ResultID: r.ID, Before: b.Scores[gated].Value, After: r.Scores[gated].Value, Reason: r.FailureReason}
		switch {
		case before && !after:
			if c.RegressionCount++; len(c.Regressions) < maxChanges {
				c.Regressions = append(c.Regressions, change)
			}
		case after && !before:
			if c.ImprovementCount++; len(c.Improvements) < maxChanges {
				c.Improvements = append(c.Improvements, change)
			}
		}
		for _, ref := range t.Metrics {
			if x, y := b.Scores[ref.Name].Value, r.Scores[ref.Name].Value; x != nil && y != nil {
				pairs[ref.Name] = append(pairs[ref.Name], metrics.Pair{Query: r.QueryID, Before: *x, After: *y})
			}
		}
	}
	baseline, err := s.Store.TestByID(ctx, *t.BaselineID)
	if err != nil {
		return nil, err
	}
	for _, ref := range t.Metrics {
		if !slices.Contains(baseline.Metrics, ref) { // values of different versions can't be compared
			continue
		}
		if got := metrics.Compare(pairs[ref.Name], 0); got.Queries > 0 {
			c.Difference[ref.Name] = Difference{Mean: got.Difference, Low: got.Low, High: got.High, Count: int64(got.Queries)}
		}
	}
	return &c, nil
}
