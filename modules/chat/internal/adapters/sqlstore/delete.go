package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// DeleteThread implements core.Deletions. The row of the thread is locked
// first, as it is for a question that goes to it: one that comes later finds it
// gone, and one that came before is among the runs.
func (s *Store) DeleteThread(ctx context.Context, userID, id int64, by string, now time.Time) (core.Thread, error) {
	var was core.Thread
	_, err := s.UpdateThread(ctx, userID, id, func(t *core.Thread) error {
		was = *t
		t.IsDeleted, t.Title, t.CorpusID, t.ChatID, t.ModifiedBy, t.ModifiedOn = true, "", nil, nil, by, now
		return nil
	})
	if err != nil {
		return was, err
	}
	return was, s.deleteRuns(ctx, "thread_id", id)
}

// DeleteRun implements core.Deletions.
func (s *Store) DeleteRun(ctx context.Context, userID, id int64) error {
	run, err := s.LockRun(ctx, userID, id)
	if err != nil {
		return err
	}
	contents, err := s.Contents(ctx, []int64{id})
	if err != nil {
		return err
	}
	if err := s.forget(ctx, run, core.Turn{User: contents[id].Question, Bot: contents[id].Answer}); err != nil {
		return err
	}
	return s.deleteRuns(ctx, "id", id)
}

// deleteRuns leaves bare figures of the runs with a value in a column.
func (s *Store) deleteRuns(ctx context.Context, column string, value int64) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_runs").
		Set("is_deleted = ?", true).Set("failure_details = ''").Set("cancel_requested = (cancel_requested OR state IN (?))", open).
		Where("? = ? AND NOT is_deleted", bun.Ident(column), value).Exec(ctx)
	if err != nil {
		return fmt.Errorf("emptying runs: %w", err)
	}
	return s.erase(ctx, s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id").Where("? = ?", bun.Ident(column), value))
}

// erase removes the texts and comments of the runs that a query selects.
func (s *Store) erase(ctx context.Context, runs *bun.SelectQuery) error {
	for _, table := range []string{"chat_contents", "chat_streams", "chat_old_thoughts", "chat_old_support", "chat_comments"} {
		if _, err := s.db.On(ctx).NewDelete().TableExpr(table).Where("run_id IN (?)", runs).Exec(ctx); err != nil {
			return fmt.Errorf("deleting from %s: %w", table, err)
		}
	}
	return s.eraseWords(ctx, runs)
}

// histories bounds how many histories are looked at in one statement.
const histories = 100

// forget takes what was said in a run out of the histories of later ones.
func (s *Store) forget(ctx context.Context, run core.Run, said core.Turn) error {
	for after := run.ID; ; {
		var rows []struct {
			RunID   int64
			History []core.Turn
		}
		err := s.db.On(ctx).NewSelect().TableExpr("chat_runs AS r").Join("JOIN chat_contents AS c ON c.run_id = r.id").ColumnExpr("c.run_id, c.history").
			Where("r.thread_id = ? AND r.id > ? AND NOT r.is_deleted", run.ThreadID, after).OrderExpr("r.id").Limit(histories).Scan(ctx, &rows)
		if err != nil {
			return fmt.Errorf("reading the histories of a thread: %w", err)
		}
		var changed sqldb.Rows
		for _, r := range rows {
			after = r.RunID
			left := slices.DeleteFunc(slices.Clone(r.History), func(t core.Turn) bool { return t == said })
			if len(left) == len(r.History) {
				continue
			}
			text, err := json.Marshal(left)
			if err != nil {
				return fmt.Errorf("encoding a history: %w", err)
			}
			changed = append(changed, []any{r.RunID, string(text)})
		}
		if len(changed) > 0 {
			_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_contents").Set("history = v.column2").
				TableExpr("(VALUES ?) AS v", changed).Where("run_id = v.column1").Exec(ctx)
			if err != nil {
				return fmt.Errorf("changing the histories of a thread: %w", err)
			}
		}
		if len(rows) < histories {
			return nil
		}
	}
}
