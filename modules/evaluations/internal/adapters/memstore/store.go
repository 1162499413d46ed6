// Package memstore keeps datasets and tests in memory, for tests.
package memstore

import (
	"context"
	"slices"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// comparison is a core.Comparison of a test.
type comparison struct {
	ID     int64
	TestID int64
	core.Comparison
}

// texts is core.Texts with an id of its own.
type texts struct {
	ID     int64
	TestID int64
	core.Texts
}

// Store implements core.Store.
type Store struct {
	db          *memory.DB
	datasets    *memory.Table[core.Dataset]
	queries     *memory.Table[core.Query]
	tests       *memory.Table[core.Test]
	results     *memory.Table[core.Result]
	texts       *memory.Table[texts]
	progress    *memory.Table[core.Progress]
	comparisons *memory.Table[comparison]
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		db:          db,
		datasets:    memory.NewTable(db, memory.Spec[core.Dataset]{ID: func(d *core.Dataset) *int64 { return &d.ID }, Missing: core.ErrNoDataset}),
		queries:     memory.NewTable(db, memory.Spec[core.Query]{ID: func(q *core.Query) *int64 { return &q.ID }, Missing: core.ErrNoDataset}),
		tests:       memory.NewTable(db, memory.Spec[core.Test]{ID: func(t *core.Test) *int64 { return &t.ID }, Missing: core.ErrNoTest}),
		results:     memory.NewTable(db, memory.Spec[core.Result]{ID: func(r *core.Result) *int64 { return &r.ID }, Missing: core.ErrNoTest}),
		texts:       memory.NewTable(db, memory.Spec[texts]{ID: func(t *texts) *int64 { return &t.ID }, Missing: core.ErrNoTest}),
		progress:    memory.NewTable(db, memory.Spec[core.Progress]{ID: func(p *core.Progress) *int64 { return &p.ID }, Missing: core.ErrNoTest}),
		comparisons: memory.NewTable(db, memory.Spec[comparison]{ID: func(c *comparison) *int64 { return &c.ID }, Missing: core.ErrNoTest}),
	}
}

func (s *Store) within(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return fn(ctx) })
}

// AddDataset implements core.Datasets.
func (s *Store) AddDataset(ctx context.Context, d core.Dataset) (core.Dataset, error) {
	return s.datasets.Add(ctx, d)
}

func live(org, id int64) func(core.Dataset) bool {
	return func(d core.Dataset) bool { return d.ID == id && d.OrganizationID == org && !d.IsDeleted }
}

// Dataset implements core.Datasets.
func (s *Store) Dataset(ctx context.Context, org, id int64) (core.Dataset, error) {
	return s.datasets.Get(ctx, live(org, id))
}

// DatasetsPage implements core.Datasets.
func (s *Store) DatasetsPage(ctx context.Context, org, agentID int64, p page.Request) (page.Of[core.Dataset], error) {
	return s.datasets.Page(ctx, p, true, core.DatasetKey, func(d core.Dataset) bool {
		return d.OrganizationID == org && d.AgentID == agentID && !d.IsDeleted
	})
}

// UpdateDataset implements core.Datasets.
func (s *Store) UpdateDataset(ctx context.Context, org, id int64, change func(*core.Dataset) error) (core.Dataset, error) {
	return s.datasets.Update(ctx, change, live(org, id))
}

// AddQueries implements core.Datasets.
func (s *Store) AddQueries(ctx context.Context, queries []core.Query) error {
	_, err := s.queries.AddAll(ctx, queries)
	return err
}

func of(datasetID, version int64) func(core.Query) bool {
	return func(q core.Query) bool { return q.DatasetID == datasetID && q.Version == version }
}

// QueriesPage implements core.Datasets.
func (s *Store) QueriesPage(ctx context.Context, datasetID, version, _ int64, p page.Request) (page.Of[core.Query], error) {
	return s.queries.Page(ctx, p, false, core.QueryKey, of(datasetID, version))
}

// PruneQueries implements core.Datasets.
func (s *Store) PruneQueries(ctx context.Context, datasetID, keep int64) error {
	return s.within(ctx, func(ctx context.Context) error {
		tested, err := s.tests.List(ctx, func(t core.Test) bool { return t.DatasetID == datasetID })
		if err != nil {
			return err
		}
		_, err = s.queries.Delete(ctx, func(q core.Query) bool {
			return q.DatasetID == datasetID && q.Version != keep && !slices.ContainsFunc(tested, func(t core.Test) bool { return t.DatasetVersion == q.Version })
		})
		return err
	})
}

// SaveComparison implements core.Store.
func (s *Store) SaveComparison(ctx context.Context, testID int64, c core.Comparison) error {
	return s.within(ctx, func(ctx context.Context) error {
		_, err := s.comparisons.Delete(ctx, func(o comparison) bool { return o.TestID == testID })
		if err == nil {
			_, err = s.comparisons.Add(ctx, comparison{TestID: testID, Comparison: c})
		}
		return err
	})
}

// Comparison implements core.Store.
func (s *Store) Comparison(ctx context.Context, testID int64) (*core.Comparison, error) {
	found, err := s.comparisons.List(ctx, func(o comparison) bool { return o.TestID == testID })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0].Comparison, nil
}

// EraseAgent implements core.Store. It takes all at once.
func (s *Store) EraseAgent(ctx context.Context, org, agentID int64, _ int) (more bool, err error) {
	return false, s.within(ctx, func(ctx context.Context) error {
		tests, err := s.tests.Delete(ctx, func(t core.Test) bool { return t.OrganizationID == org && t.AgentID == agentID })
		if err != nil {
			return err
		}
		gone := map[int64]bool{}
		for _, t := range tests {
			gone[t.ID] = true
		}
		if _, err := s.results.Delete(ctx, func(r core.Result) bool { return gone[r.TestID] }); err != nil {
			return err
		}
		if _, err := s.texts.Delete(ctx, func(t texts) bool { return gone[t.TestID] }); err != nil {
			return err
		}
		if _, err := s.progress.Delete(ctx, func(p core.Progress) bool { return gone[p.TestID] }); err != nil {
			return err
		}
		if _, err := s.comparisons.Delete(ctx, func(c comparison) bool { return gone[c.TestID] }); err != nil {
			return err
		}
		datasets, err := s.datasets.Delete(ctx, func(d core.Dataset) bool { return d.OrganizationID == org && d.AgentID == agentID })
		if err != nil {
			return err
		}
		clear(gone)
		for _, d := range datasets {
			gone[d.ID] = true
		}
		_, err = s.queries.Delete(ctx, func(q core.Query) bool { return gone[q.DatasetID] })
		return err
	})
}
