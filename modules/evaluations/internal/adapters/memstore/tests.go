package memstore

import (
	"context"
	"slices"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/page"
)

// AddTest implements core.Tests.
func (s *Store) AddTest(ctx context.Context, t core.Test) (core.Test, error) {
	err := s.within(ctx, func(ctx context.Context) error {
		var err error
		if t, err = s.tests.Add(ctx, t); err != nil {
			return err
		}
		queries, err := s.queries.List(ctx, of(t.DatasetID, t.DatasetVersion))
		for _, q := range queries {
			if err == nil {
				_, err = s.results.Add(ctx, core.Result{TestID: t.ID, QueryID: q.ID, Status: core.Waiting, Scores: map[string]core.Score{}, DocumentIDs: []int64{}})
			}
		}
		return err
	})
	return t, err
}

// Test implements core.Tests.
func (s *Store) Test(ctx context.Context, org, id int64) (core.Test, error) {
	return s.tests.Get(ctx, func(t core.Test) bool { return t.ID == id && t.OrganizationID == org })
}

// TestByID implements core.Tests.
func (s *Store) TestByID(ctx context.Context, id int64) (core.Test, error) {
	return s.tests.Get(ctx, func(t core.Test) bool { return t.ID == id })
}

// TestsPage implements core.Tests.
func (s *Store) TestsPage(ctx context.Context, org, agentID int64, p page.Request) (page.Of[core.Test], error) {
	return s.tests.Page(ctx, p, true, core.TestKey, func(t core.Test) bool { return t.OrganizationID == org && t.AgentID == agentID })
}

// UpdateTest implements core.Tests.
func (s *Store) UpdateTest(ctx context.Context, id int64, change func(*core.Test) error) (core.Test, error) {
	return s.tests.Update(ctx, change, func(t core.Test) bool { return t.ID == id })
}

// LastEvents implements core.Tests.
func (s *Store) LastEvents(ctx context.Context, ids []int64) (map[int64]int64, error) {
	found, err := s.tests.List(ctx, func(t core.Test) bool { return slices.Contains(ids, t.ID) })
	out := make(map[int64]int64, len(found))
	for _, t := range found {
		out[t.ID] = t.LastEvent
	}
	return out, err
}

// OpenTests implements core.Tests.
func (s *Store) OpenTests(ctx context.Context, of core.OpenFilter) ([]core.Test, error) {
	found, err := s.tests.List(ctx, func(t core.Test) bool {
		return t.Status.Open() && t.ID > of.After && (of.DatasetID == 0 || t.DatasetID == of.DatasetID) &&
			(of.AgentID == 0 || t.AgentID == of.AgentID) && (of.UserID == 0 || t.UserID == of.UserID)
	})
	return found[:min(len(found), of.Limit)], err
}

func waiting(testID int64) func(core.Result) bool {
	return func(r core.Result) bool { return r.TestID == testID && r.Status == core.Waiting }
}

// query is that of a result.
func (s *Store) query(ctx context.Context, r core.Result) (core.Query, error) {
	return s.queries.Get(ctx, func(q core.Query) bool { return q.ID == r.QueryID })
}

// WaitingResults implements core.Results.
func (s *Store) WaitingResults(ctx context.Context, testID, after int64, limit int) ([]core.Asked, error) {
	found, err := s.results.List(ctx, func(r core.Result) bool { return waiting(testID)(r) && r.ID > after })
	out := []core.Asked{}
	for _, r := range found[:min(len(found), limit)] {
		q, err := s.query(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, core.Asked{ResultID: r.ID, Query: q})
	}
	return out, err
}

// EndResults implements core.Results.
func (s *Store) EndResults(ctx context.Context, testID int64, ended []core.Ended) (n int64, err error) {
	err = s.within(ctx, func(ctx context.Context) error {
		for _, e := range ended {
			changed := false
			_, err := s.results.Update(ctx, func(r *core.Result) error {
				if changed = r.Status == core.Waiting; changed {
					*r = e.Result
				}
				return nil
			}, func(r core.Result) bool { return r.TestID == testID && r.ID == e.Result.ID })
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			n++
			if _, err := s.texts.Add(ctx, texts{TestID: testID, Texts: e.Texts}); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// CloseResults implements core.Results.
func (s *Store) CloseResults(ctx context.Context, testID int64, status core.ResultStatus, reason string) (n int64, err error) {
	err = s.within(ctx, func(ctx context.Context) error {
		found, err := s.results.List(ctx, waiting(testID))
		for _, r := range found {
			if err == nil {
				n++
				_, err = s.results.Update(ctx, func(r *core.Result) error {
					r.Status, r.FailureReason = status, reason
					return nil
				}, func(o core.Result) bool { return o.ID == r.ID })
			}
		}
		return err
	})
	return n, err
}

// ReopenResults implements core.Results.
func (s *Store) ReopenResults(ctx context.Context, testID int64) (scored int64, err error) {
	err = s.within(ctx, func(ctx context.Context) error {
		found, err := s.results.List(ctx, func(r core.Result) bool { return r.TestID == testID })
		if err != nil {
			return err
		}
		for _, r := range found {
			if r.Status == core.Scored {
				scored++
				continue
			}
			if _, err := s.texts.Delete(ctx, func(t texts) bool { return t.ResultID == r.ID }); err != nil {
				return err
			}
			_, err := s.results.Update(ctx, func(r *core.Result) error {
				*r = core.Result{ID: r.ID, TestID: r.TestID, QueryID: r.QueryID, Status: core.Waiting, Scores: map[string]core.Score{}, DocumentIDs: []int64{}}
				return nil
			}, func(o core.Result) bool { return o.ID == r.ID })
			if err != nil {
				return err
			}
		}
		return nil
	})
	return scored, err
}

// Briefs implements core.Results.
func (s *Store) Briefs(ctx context.Context, testID int64) ([]core.Brief, error) {
	found, err := s.results.List(ctx, func(r core.Result) bool { return r.TestID == testID })
	out := []core.Brief{}
	for _, r := range found {
		q, err := s.query(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, core.Brief{
			ID: r.ID, QueryID: r.QueryID, Fingerprint: q.Fingerprint, Status: r.Status, Scores: r.Scores, Passed: r.Passed, FailureReason: r.FailureReason,
		})
	}
	return out, err
}

// ResultsPage implements core.Results.
func (s *Store) ResultsPage(ctx context.Context, testID, _ int64, p page.Request) (page.Of[core.Shown], error) {
	found, err := s.results.Page(ctx, p, false, core.ResultKey, func(r core.Result) bool { return r.TestID == testID })
	if err != nil {
		return page.Of[core.Shown]{}, err
	}
	var failed error
	out := page.Map(found, func(r core.Result) core.Shown {
		shown := core.Shown{Result: r}
		var err error
		if shown.Query, err = s.query(ctx, r); err != nil {
			failed = err
		}
		if t, err := s.texts.Get(ctx, func(t texts) bool { return t.ResultID == r.ID }); err == nil {
			shown.Texts = t.Texts
		}
		return shown
	})
	return out, failed
}

// AddProgress implements core.Streams.
func (s *Store) AddProgress(ctx context.Context, p core.Progress) error {
	_, err := s.progress.Add(ctx, p)
	return err
}

// ProgressAfter implements core.Streams.
func (s *Store) ProgressAfter(ctx context.Context, testID, after int64, limit int) ([]core.Progress, error) {
	found, err := s.progress.List(ctx, func(p core.Progress) bool { return p.TestID == testID && p.Sequence > after })
	slices.SortFunc(found, func(a, b core.Progress) int { return int(a.Sequence - b.Sequence) })
	return found[:min(len(found), limit)], err
}

// ClearProgress implements core.Streams.
func (s *Store) ClearProgress(ctx context.Context, testID int64) error {
	_, err := s.progress.Delete(ctx, func(p core.Progress) bool { return p.TestID == testID })
	return err
}
