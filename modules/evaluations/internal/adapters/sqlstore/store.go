// Package sqlstore keeps datasets and tests in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "evaluations", Files: files} }

type datasetRow struct {
	bun.BaseModel `bun:"table:evaluations_datasets,alias:d"`
	core.Dataset
}

type queryRow struct {
	bun.BaseModel `bun:"table:evaluations_queries,alias:q"`
	core.Query
}

type testRow struct {
	bun.BaseModel `bun:"table:evaluations_tests,alias:t"`
	core.Test
}

type resultRow struct {
	bun.BaseModel `bun:"table:evaluations_results,alias:r"`
	core.Result
}

type progressRow struct {
	bun.BaseModel `bun:"table:evaluations_progress,alias:p"`
	core.Progress
}

// Store implements core.Store.
type Store struct {
	db       *sqldb.DB
	datasets sqldb.Table[core.Dataset, datasetRow]
	queries  sqldb.Table[core.Query, queryRow]
	tests    sqldb.Table[core.Test, testRow]
	results  sqldb.Table[core.Result, resultRow]
	progress sqldb.Table[core.Progress, progressRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db: db,
		datasets: sqldb.NewTable(db, func(d core.Dataset) datasetRow { return datasetRow{Dataset: d} },
			func(r datasetRow) core.Dataset { return r.Dataset }, core.ErrNoDataset, nil),
		queries: sqldb.NewTable(db, func(q core.Query) queryRow { return queryRow{Query: q} },
			func(r queryRow) core.Query { return r.Query }, core.ErrNoDataset, nil),
		tests: sqldb.NewTable(db, func(t core.Test) testRow { return testRow{Test: t} },
			func(r testRow) core.Test { return r.Test }, core.ErrNoTest, nil),
		results: sqldb.NewTable(db, func(r core.Result) resultRow { return resultRow{Result: r} },
			func(r resultRow) core.Result { return r.Result }, core.ErrNoTest, nil),
		progress: sqldb.NewTable(db, func(p core.Progress) progressRow { return progressRow{Progress: p} },
			func(r progressRow) core.Progress { return r.Progress }, core.ErrNoTest, nil),
	}
}

// exec runs a statement and answers how many rows it was about.
func (s *Store) exec(ctx context.Context, doing, query string, args ...any) (int64, error) {
	res, err := s.db.On(ctx).NewRaw(query, args...).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	return res.RowsAffected()
}

// AddDataset implements core.Datasets.
func (s *Store) AddDataset(ctx context.Context, d core.Dataset) (core.Dataset, error) {
	return s.datasets.Add(ctx, d)
}

func live(org, id int64) []sqldb.Where {
	return []sqldb.Where{sqldb.Eq("id", id), sqldb.Eq("organization_id", org), sqldb.Eq("is_deleted", false)}
}

// Dataset implements core.Datasets.
func (s *Store) Dataset(ctx context.Context, org, id int64) (core.Dataset, error) {
	return s.datasets.Get(ctx, live(org, id)...)
}

// DatasetsPage implements core.Datasets.
func (s *Store) DatasetsPage(ctx context.Context, org, agentID int64, p page.Request) (page.Of[core.Dataset], error) {
	return s.datasets.Page(ctx, p, sqldb.Order[core.Dataset]{Desc: true, Key: core.DatasetKey},
		sqldb.Eq("organization_id", org), sqldb.Eq("agent_id", agentID), sqldb.Eq("is_deleted", false))
}

// UpdateDataset implements core.Datasets.
func (s *Store) UpdateDataset(ctx context.Context, org, id int64, change func(*core.Dataset) error) (core.Dataset, error) {
	return s.datasets.Update(ctx, change, live(org, id)...)
}

// AddQueries implements core.Datasets.
func (s *Store) AddQueries(ctx context.Context, queries []core.Query) error {
	rows := make([]queryRow, len(queries))
	for i, q := range queries {
		rows[i].Query = q
	}
	if err := s.db.Insert(ctx, sqldb.Insert{Rows: &rows, Without: "id"}); err != nil {
		return fmt.Errorf("adding queries: %w", err)
	}
	return nil
}

// known is the count of a list whose length somebody keeps.
func known(n int64) func(context.Context) (int64, error) {
	return func(context.Context) (int64, error) { return n, nil }
}

// QueriesPage implements core.Datasets.
func (s *Store) QueriesPage(ctx context.Context, datasetID, version, count int64, p page.Request) (page.Of[core.Query], error) {
	return s.queries.Page(
		ctx,
		p,
		sqldb.Order[core.Query]{Key: core.QueryKey, Count: known(count)},
		sqldb.Eq("dataset_id", datasetID),
		sqldb.Eq("version", version),
	)
}

// PruneQueries implements core.Datasets.
func (s *Store) PruneQueries(ctx context.Context, datasetID, keep int64) error {
	_, err := s.exec(ctx, "pruning queries", `DELETE FROM evaluations_queries WHERE dataset_id = ? AND version <> ? AND NOT EXISTS (
		SELECT 1 FROM evaluations_tests AS t WHERE t.dataset_id = evaluations_queries.dataset_id
			AND t.dataset_version = evaluations_queries.version)`, datasetID, keep)
	return err
}

// SaveComparison implements core.Store.
func (s *Store) SaveComparison(ctx context.Context, testID int64, c core.Comparison) error {
	encoded, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encoding a comparison: %w", err)
	}
	_, err = s.exec(ctx, "storing a comparison", `INSERT INTO evaluations_comparisons (test_id, comparison) VALUES (?, ?)
		ON CONFLICT (test_id) DO UPDATE SET comparison = EXCLUDED.comparison`, testID, string(encoded))
	return err
}

// Comparison implements core.Store.
func (s *Store) Comparison(ctx context.Context, testID int64) (*core.Comparison, error) {
	var encoded string
	err := s.db.On(ctx).NewSelect().TableExpr("evaluations_comparisons").Column("comparison").Where("test_id = ?", testID).Scan(ctx, &encoded)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a comparison: %w", err)
	}
	var c core.Comparison
	if err := json.Unmarshal([]byte(encoded), &c); err != nil {
		return nil, fmt.Errorf("reading the comparison of test %d: %w", testID, err)
	}
	return &c, nil
}

// erasures remove a part of what an agent had each, the dependent rows first.
var erasures = []string{
	`DELETE FROM evaluations_texts WHERE result_id IN (SELECT x.result_id FROM evaluations_tests AS t
		JOIN evaluations_texts AS x ON x.test_id = t.id WHERE t.organization_id = ? AND t.agent_id = ? LIMIT ?)`,
	`DELETE FROM evaluations_progress WHERE id IN (SELECT x.id FROM evaluations_tests AS t
		JOIN evaluations_progress AS x ON x.test_id = t.id WHERE t.organization_id = ? AND t.agent_id = ? LIMIT ?)`,
	`DELETE FROM evaluations_comparisons WHERE test_id IN (SELECT t.id FROM evaluations_tests AS t
		JOIN evaluations_comparisons AS x ON x.test_id = t.id WHERE t.organization_id = ? AND t.agent_id = ? LIMIT ?)`,
	`DELETE FROM evaluations_results WHERE id IN (SELECT x.id FROM evaluations_tests AS t
		JOIN evaluations_results AS x ON x.test_id = t.id WHERE t.organization_id = ? AND t.agent_id = ? LIMIT ?)`,
	`DELETE FROM evaluations_queries WHERE id IN (SELECT x.id FROM evaluations_datasets AS d
		JOIN evaluations_queries AS x ON x.dataset_id = d.id WHERE d.organization_id = ? AND d.agent_id = ? LIMIT ?)`,
	`DELETE FROM evaluations_tests WHERE id IN (SELECT t.id FROM evaluations_tests AS t WHERE t.organization_id = ? AND t.agent_id = ? LIMIT ?)`,
	`DELETE FROM evaluations_datasets WHERE id IN (SELECT d.id FROM evaluations_datasets AS d WHERE d.organization_id = ? AND d.agent_id = ? LIMIT ?)`,
}

// EraseAgent implements core.Store.
func (s *Store) EraseAgent(ctx context.Context, org, agentID int64, limit int) (more bool, err error) {
	for _, query := range erasures {
		n, err := s.exec(ctx, "erasing what an agent was measured by", query, org, agentID, limit)
		if err != nil {
			return false, err
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}
