package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

// AddTest implements core.Tests.
func (s *Store) AddTest(ctx context.Context, t core.Test) (core.Test, error) {
	err := s.db.Within(ctx, func(ctx context.Context) error {
		var err error
		if t, err = s.tests.Add(ctx, t); err != nil {
			return err
		}
		_, err = s.exec(ctx, "adding the results of a test", `INSERT INTO evaluations_results
			(test_id, query_id, status, agent_response_id, agent_version, model, scores, failure_reason, document_ids)
			SELECT ?, q.id, ?, 0, 0, '', '{}', '', '[]' FROM evaluations_queries AS q WHERE q.dataset_id = ? AND q.version = ? ORDER BY q.id`,
			t.ID, core.Waiting, t.DatasetID, t.DatasetVersion)
		return err
	})
	return t, err
}

// Test implements core.Tests.
func (s *Store) Test(ctx context.Context, org, id int64) (core.Test, error) {
	return s.tests.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
}

// TestByID implements core.Tests.
func (s *Store) TestByID(ctx context.Context, id int64) (core.Test, error) {
	return s.tests.Get(ctx, sqldb.Eq("id", id))
}

// TestsPage implements core.Tests.
func (s *Store) TestsPage(ctx context.Context, org, agentID int64, p page.Request) (page.Of[core.Test], error) {
	return s.tests.Page(ctx, p, sqldb.Order[core.Test]{Desc: true, Key: core.TestKey}, sqldb.Eq("organization_id", org), sqldb.Eq("agent_id", agentID))
}

// UpdateTest implements core.Tests.
func (s *Store) UpdateTest(ctx context.Context, id int64, change func(*core.Test) error) (core.Test, error) {
	return s.tests.Update(ctx, change, sqldb.Eq("id", id))
}

// open matches tests that have not ended, and a partial index.
const open = "status IN ('pending', 'running')"

// LastEvents implements core.Tests.
func (s *Store) LastEvents(ctx context.Context, ids []int64) (map[int64]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct{ ID, LastEvent int64 }
	err := s.db.On(ctx).NewSelect().TableExpr("evaluations_tests").Column("id", "last_event").Where("id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading how far tests are: %w", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.LastEvent
	}
	return out, nil
}

// OpenTests implements core.Tests.
func (s *Store) OpenTests(ctx context.Context, of core.OpenFilter) ([]core.Test, error) {
	where := []sqldb.Where{sqldb.Cond(open), sqldb.Cond("id > ?", of.After)}
	for column, id := range map[string]int64{"dataset_id": of.DatasetID, "agent_id": of.AgentID, "user_id": of.UserID} {
		if id != 0 {
			where = append(where, sqldb.Eq(column, id))
		}
	}
	return s.tests.List(ctx, of.Limit, "id", where...)
}

// WaitingResults implements core.Results.
func (s *Store) WaitingResults(ctx context.Context, testID, after int64, limit int) ([]core.Asked, error) {
	var rows []struct {
		ResultID int64
		core.Query
	}
	err := s.db.On(ctx).NewRaw(`SELECT r.id AS result_id, q.* FROM evaluations_results AS r JOIN evaluations_queries AS q ON q.id = r.query_id
		WHERE r.test_id = ? AND r.status = 'pending' AND r.id > ? ORDER BY r.id LIMIT ?`, testID, after, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading what a test has yet to ask: %w", err)
	}
	out := make([]core.Asked, len(rows))
	for i, r := range rows {
		out[i] = core.Asked{ResultID: r.ResultID, Query: r.Query}
	}
	return out, nil
}

type textRow struct {
	bun.BaseModel `bun:"table:evaluations_texts,alias:x"`
	TestID        int64
	core.Texts
}

// EndResults implements core.Results.
func (s *Store) EndResults(ctx context.Context, testID int64, ended []core.Ended) (int64, error) {
	rows, texts := make(sqldb.Rows, len(ended)), make([]textRow, len(ended))
	for i, e := range ended {
		scores, err := json.Marshal(e.Scores)
		if err != nil {
			return 0, fmt.Errorf("encoding scores: %w", err)
		}
		documents, err := json.Marshal(e.DocumentIDs)
		if err != nil {
			return 0, fmt.Errorf("encoding documents: %w", err)
		}
		rows[i] = []any{
			e.Result.ID,
			string(e.Status),
			e.AgentResponseID,
			e.AgentVersion,
			e.Model,
			string(scores),
			e.Passed,
			e.FailureReason,
			string(documents),
			e.EndedOn,
		}
		texts[i] = textRow{TestID: testID, Texts: e.Texts}
	}
	when := "v.column10"
	if s.db.Postgres() {
		when = "CAST(v.column10 AS TIMESTAMPTZ)"
	}
	n, err := s.exec(
		ctx,
		"storing results",
		`UPDATE evaluations_results SET status = v.column2, agent_response_id = v.column3, agent_version = v.column4, model = v.column5,
		scores = v.column6, passed = CAST(v.column7 AS BOOLEAN), failure_reason = v.column8, document_ids = v.column9, ended_on = `+when+`
		FROM (VALUES ?) AS v WHERE evaluations_results.id = v.column1 AND evaluations_results.test_id = ? AND evaluations_results.status = 'pending'`,
		rows,
		testID,
	)
	if err != nil || n != int64(len(ended)) {
		return n, err // who stores what was stored before does not commit
	}
	return n, s.db.Insert(ctx, sqldb.Insert{Rows: &texts})
}

// CloseResults implements core.Results.
func (s *Store) CloseResults(ctx context.Context, testID int64, status core.ResultStatus, reason string) (int64, error) {
	return s.exec(
		ctx,
		"ending what waits",
		"UPDATE evaluations_results SET status = ?, failure_reason = ? WHERE test_id = ? AND status = 'pending'",
		string(status),
		reason,
		testID,
	)
}

// ReopenResults implements core.Results.
func (s *Store) ReopenResults(ctx context.Context, testID int64) (int64, error) {
	_, err := s.exec(ctx, "removing the texts of results", `DELETE FROM evaluations_texts WHERE test_id = ?0 AND result_id IN (
		SELECT r.id FROM evaluations_results AS r WHERE r.test_id = ?0 AND r.status <> 'scored')`, testID)
	if err != nil {
		return 0, err
	}
	_, err = s.exec(
		ctx,
		"opening results again",
		`UPDATE evaluations_results SET status = 'pending', agent_response_id = 0, agent_version = 0, model = '', scores = '{}',
		passed = NULL, failure_reason = '', document_ids = '[]', ended_on = NULL WHERE test_id = ? AND status <> 'scored'`,
		testID,
	)
	if err != nil {
		return 0, err
	}
	return s.results.Count(ctx, sqldb.Eq("test_id", testID), sqldb.Eq("status", "scored"))
}

// Briefs implements core.Results.
func (s *Store) Briefs(ctx context.Context, testID int64) ([]core.Brief, error) {
	out := []core.Brief{}
	err := s.db.On(ctx).NewRaw(`SELECT r.id, r.query_id, q.fingerprint, r.status, r.scores, r.passed, r.failure_reason
		FROM evaluations_results AS r JOIN evaluations_queries AS q ON q.id = r.query_id WHERE r.test_id = ? ORDER BY r.id`, testID).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("reading the scores of a test: %w", err)
	}
	return out, nil
}

// ResultsPage implements core.Results.
func (s *Store) ResultsPage(ctx context.Context, testID, total int64, p page.Request) (page.Of[core.Shown], error) {
	found, err := s.results.Page(ctx, p, sqldb.Order[core.Result]{Key: core.ResultKey, Count: known(total)}, sqldb.Eq("test_id", testID))
	if err != nil || len(found.Items) == 0 {
		return page.Map(found, func(r core.Result) core.Shown { return core.Shown{Result: r} }), err
	}
	ids, queryIDs := make([]int64, len(found.Items)), make([]int64, len(found.Items))
	for i, r := range found.Items {
		ids[i], queryIDs[i] = r.ID, r.QueryID
	}
	queries, err := s.queries.List(ctx, len(queryIDs), "id", sqldb.In("id", queryIDs))
	if err != nil {
		return page.Of[core.Shown]{}, err
	}
	var rows []textRow
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("result_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return page.Of[core.Shown]{}, fmt.Errorf("reading the texts of results: %w", err)
	}
	asked, said := make(map[int64]core.Query, len(queries)), make(map[int64]core.Texts, len(rows))
	for _, q := range queries {
		asked[q.ID] = q
	}
	for _, r := range rows {
		said[r.ResultID] = r.Texts
	}
	return page.Map(found, func(r core.Result) core.Shown {
		return core.Shown{Result: r, Query: asked[r.QueryID], Texts: said[r.ID]}
	}), nil
}

// AddProgress implements core.Streams.
func (s *Store) AddProgress(ctx context.Context, p core.Progress) error {
	rows := []progressRow{{Progress: p}}
	return s.db.Insert(ctx, sqldb.Insert{Rows: &rows, Without: "id"})
}

// ProgressAfter implements core.Streams.
func (s *Store) ProgressAfter(ctx context.Context, testID, after int64, limit int) ([]core.Progress, error) {
	return s.progress.List(ctx, limit, "sequence", sqldb.Eq("test_id", testID), sqldb.Cond("sequence > ?", after))
}

// ClearProgress implements core.Streams.
func (s *Store) ClearProgress(ctx context.Context, testID int64) error {
	_, err := s.exec(ctx, "forgetting the progress of a test", "DELETE FROM evaluations_progress WHERE test_id = ?", testID)
	return err
}
