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

type eventRow struct {
	bun.BaseModel `bun:"table:chat_events,alias:e"`
	RunID         int64
	core.StreamEvent
}

type thoughtRow struct {
	bun.BaseModel `bun:"table:chat_thoughts,alias:h"`
	RunID         int64
	core.Thought
}

type supportRow struct {
	bun.BaseModel `bun:"table:chat_support,alias:s"`
	RunID         int64
	core.Support
}

type ledgerRow struct {
	bun.BaseModel `bun:"table:chat_ledger,alias:l"`
	RunID         int64
	chat.Usage
	Raw       json.RawMessage
	CreatedOn time.Time
}

// AddRun implements core.Runs.
func (s *Store) AddRun(ctx context.Context, r core.Run, c core.Content) (core.Run, error) {
	added, err := s.runs.Add(ctx, r)
	if err != nil {
		return r, err
	}
	c.RunID = added.ID
	if _, err := s.db.On(ctx).NewInsert().Model(&contentRow{Content: c}).Exec(ctx); err != nil {
		return r, fmt.Errorf("storing a question: %w", err)
	}
	return added, s.insertEvents(ctx, added.ID, []core.StreamEvent{core.Started()})
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

// Thoughts implements core.Runs.
func (s *Store) Thoughts(ctx context.Context, run int64) ([]core.Thought, error) {
	rows := []thoughtRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id = ?", run).OrderExpr(`"order"`).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading thoughts: %w", err)
	}
	out := make([]core.Thought, len(rows))
	for i, r := range rows {
		out[i] = r.Thought
	}
	return out, nil
}

// Support implements core.Runs.
func (s *Store) Support(ctx context.Context, run int64) ([]core.Support, error) {
	rows := []supportRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id = ?", run).OrderExpr("number").Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading supporting content: %w", err)
	}
	out := make([]core.Support, len(rows))
	for i, r := range rows {
		out[i] = r.Support
	}
	return out, nil
}

// AppendEvents implements core.Runs.
func (s *Store) AppendEvents(ctx context.Context, run int64, owner string, events []core.StreamEvent) error {
	if len(events) == 0 {
		return nil
	}
	return s.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var deleted bool
		err := tx.NewUpdate().TableExpr("chat_runs").Set("last_sequence = ?", events[len(events)-1].Sequence).
			Where("id = ? AND owner = ? AND state = ?", run, owner, core.InProgress).Returning("is_deleted").Scan(ctx, &deleted)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return core.ErrNoLongerOurs
		case err != nil:
			return fmt.Errorf("storing a stream: %w", err)
		case deleted: // its user is gone: no text of theirs is kept
			return nil
		}
		return insertEvents(ctx, tx, run, events)
	})
}

func (s *Store) insertEvents(ctx context.Context, run int64, events []core.StreamEvent) error {
	return insertEvents(ctx, s.db.On(ctx), run, events)
}

func insertEvents(ctx context.Context, db bun.IDB, run int64, events []core.StreamEvent) error {
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = eventRow{RunID: run, StreamEvent: e}
	}
	if _, err := db.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("storing a stream: %w", err)
	}
	return nil
}

// one is nil when a statement changed a row, ErrNoLongerOurs when it did not.
func requireOneRow(res sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("changing a run: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(core.ErrNoLongerOurs, err)
	}
	return nil
}

// Events implements core.Runs.
func (s *Store) Events(ctx context.Context, run, after int64, limit int) ([]core.StreamEvent, error) {
	rows := []eventRow{}
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id = ? AND sequence > ?", run, after).OrderExpr("sequence").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading a stream: %w", err)
	}
	out := make([]core.StreamEvent, len(rows))
	for i, r := range rows {
		out[i] = r.StreamEvent
	}
	return out, nil
}

// CloseRun implements core.Runs.
func (s *Store) CloseRun(ctx context.Context, run int64, owner string, o core.Outcome, now time.Time) (core.Run, error) {
	prompt, completion, cost := core.Totals(o.Usage)
	var row runRow
	err := s.db.On(ctx).NewUpdate().Model(&row).
		Set("state = ?", o.State).Set("model = ?", o.Model).Set("prompt_tokens = ?", prompt).Set("completion_tokens = ?", completion).Set("cost_nano = ?", cost).
		Set("failure_code = ?", o.FailureCode).Set("failure_details = CASE WHEN is_deleted THEN '' ELSE ? END", o.FailureDetails).Set("modified_on = ?", now).Set("last_sequence = last_sequence + 1").
		Where("id = ? AND owner = ? AND state IN (?)", run, owner, bun.List([]core.State{core.Queued, core.InProgress})).Returning("*").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.Run{}, core.ErrNoLongerOurs
	}
	if err != nil {
		return core.Run{}, fmt.Errorf("closing a run: %w", err)
	}
	if len(o.Usage) > 0 {
		rows := make([]ledgerRow, len(o.Usage))
		for i, u := range o.Usage {
			rows[i] = ledgerRow{RunID: run, Usage: u.Usage, Raw: u.Raw, CreatedOn: now}
		}
		if _, err := s.db.On(ctx).NewInsert().Model(&rows).Exec(ctx); err != nil {
			return core.Run{}, fmt.Errorf("writing the ledger: %w", err)
		}
	}
	if row.IsDeleted { // its user is gone: figures stay, texts don't
		return row.Run, nil
	}
	return row.Run, s.storeRecord(ctx, row.Run, o)
}

// storeRecord writes the long parts of a run that ends.
func (s *Store) storeRecord(ctx context.Context, r core.Run, o core.Outcome) error {
	c := contentRow{Content: core.Content{Answer: o.Answer, SearchQuery: o.SearchQuery, Sources: o.Sources, References: o.References, FollowUps: o.FollowUps, CorpusIDs: o.CorpusIDs}}
	_, err := s.db.On(ctx).NewUpdate().Model(&c).Column("answer", "search_query", "sources", "references", "follow_ups", "corpus_ids").Where("run_id = ?", r.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing an answer: %w", err)
	}
	if len(o.Thoughts) > 0 {
		rows := make([]thoughtRow, len(o.Thoughts))
		for i, t := range o.Thoughts {
			rows[i] = thoughtRow{RunID: r.ID, Thought: t}
		}
		if _, err := s.db.On(ctx).NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("storing thoughts: %w", err)
		}
	}
	if len(o.Support) > 0 {
		rows := make([]supportRow, len(o.Support))
		for i, p := range o.Support {
			rows[i] = supportRow{RunID: r.ID, Support: p}
		}
		if _, err := s.db.On(ctx).NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("storing supporting content: %w", err)
		}
	}
	return s.insertEvents(ctx, r.ID, []core.StreamEvent{o.Last(r.LastSequence)})
}
