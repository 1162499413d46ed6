package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
)

type contentRow struct {
	bun.BaseModel `bun:"table:chat_contents,alias:c"`
	core.Content
}

type ledgerRow struct {
	bun.BaseModel `bun:"table:chat_ledger,alias:l"`
	RunID         int64
	chat.Usage
	Raw       json.RawMessage
	CreatedOn time.Time
}

// Contents implements core.Runs.
func (s *Store) Contents(ctx context.Context, runs []int64) (map[int64]core.Content, error) {
	rows := []contentRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id IN (?)", bun.List(runs)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading answers: %w", err)
	}
	out := make(map[int64]core.Content, len(rows))
	for _, r := range rows {
		out[r.RunID] = r.Content
	}
	return out, nil
}

// CachedAnswer implements core.Runs.
func (s *Store) CachedAnswer(ctx context.Context, org int64, key string, after time.Time) (core.CachedAnswer, error) {
	var row struct {
		AskedOn    time.Time
		Model      string
		Answer     string
		Sources    string
		References []core.Reference
		FollowUps  []string
	}
	err := s.db.On(ctx).
		NewSelect().
		TableExpr("chat_runs AS r").
		Join("JOIN chat_threads AS t ON t.id = r.thread_id").
		Join("JOIN chat_contents AS c ON c.run_id = r.id").
		ColumnExpr("r.created_on AS asked_on, r.model, c.answer, c.sources, c.follow_ups, c.?", bun.Ident("references")).
		Where("r.cache_key = ? AND r.cache_key <> '' AND r.organization_id = ? AND r.created_on > ?", key, org, after).
		Where("NOT r.is_deleted AND NOT t.is_deleted").
		OrderExpr("r.id DESC").
		Limit(1).
		Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return core.CachedAnswer{}, core.ErrNotFound
	}
	if err != nil {
		return core.CachedAnswer{}, fmt.Errorf("looking for an answer to use again: %w", err)
	}
	return core.CachedAnswer{
		AskedOn:    row.AskedOn.UTC(),
		Model:      row.Model,
		Answer:     row.Answer,
		Sources:    row.Sources,
		References: row.References,
		FollowUps:  row.FollowUps,
	}, nil
}

// History implements core.Runs.
func (s *Store) History(ctx context.Context, threadID int64, n int) ([]core.Turn, error) {
	var rows []struct{ Question, Answer string }
	err := s.db.On(ctx).NewSelect().TableExpr("chat_runs AS r").Join("JOIN chat_contents AS c ON c.run_id = r.id").ColumnExpr("c.question, c.answer").
		Where("r.thread_id = ? AND r.state = ? AND r.is_deleted = ?", threadID, core.Completed, false).OrderExpr("r.id DESC").Limit(int64(n)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading a thread's history: %w", err)
	}
	slices.Reverse(rows)
	turns := make([]core.Turn, len(rows))
	for i, r := range rows {
		turns[i] = core.Turn{User: r.Question, Bot: r.Answer}
	}
	return turns, nil
}

// Sequences implements core.Runs.
func (s *Store) Sequences(ctx context.Context, runs []int64) (map[int64]int64, error) {
	var rows []struct{ ID, LastSequence int64 }
	if err := s.db.On(ctx).
		NewSelect().
		TableExpr("chat_runs").
		Column("id", "last_sequence").
		Where("id IN (?) AND NOT is_deleted", bun.List(runs)).
		Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("reading how far streams are: %w", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.LastSequence
	}
	return out, nil
}
