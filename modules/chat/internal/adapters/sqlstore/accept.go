package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// accepts stores questions with their runs and threads.
func (w *writing) accepts(ctx context.Context, parts []core.Accept) ([]core.Accepted, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	if len(w.ids) < len(parts) {
		return nil, fmt.Errorf("of %d ids %d were taken", len(parts), len(w.ids))
	}
	var err error
	out := make([]core.Accepted, len(parts))
	found := make([]int, 0, len(parts)) // whose threads are there
	var keyed []runRow
	for i, p := range parts {
		done := core.Accepted{Thread: p.Thread, Run: p.Run}
		done.Run.ID = w.ids[i].Run
		again := p.Run.ID != 0
		if again && w.db.Postgres() { // nobody else has got its id, and its row waits for the commit before
			done.Run.ID = p.Run.ID
		}
		if again && !w.db.Postgres() {
			stored, is, err := w.before(ctx, p)
			if err != nil {
				return nil, err
			}
			if is {
				out[i] = stored
				continue
			}
		}
		if p.Thread.ID == 0 {
			done.Thread.ID = w.ids[i].Thread
		} else if t, there := w.marked[p.Thread.ID]; there && t.Deletions == p.Thread.Deletions {
			done.Thread.Title, done.Thread.ModifiedOn = t.Title, w.now
		} else {
			if out[i], err = w.instead(ctx, p, core.ErrNotFound); err != nil {
				return nil, err
			}
			continue
		}
		done.Run.ThreadID = done.Thread.ID
		out[i] = done
		found = append(found, i)
		if again || done.Run.IdempotencyKey != nil || done.Run.QuestionKey != nil {
			keyed = append(keyed, runRow{Run: done.Run})
		} else {
			w.runs = append(w.runs, runRow{Run: done.Run})
		}
	}
	taken, err := w.take(ctx, keyed)
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		p, done := parts[i], out[i]
		if taken[done.Run.ID] {
			if out[i], err = w.instead(ctx, p, core.ErrInProgress); err != nil {
				return nil, err
			}
			continue
		}
		if p.Thread.ID == 0 {
			w.created = append(w.created, threadRow{Thread: done.Thread})
		}
		c := p.Content
		c.RunID = done.Run.ID
		w.contents = append(w.contents, contentRow{Content: c})
		if err := w.addEvents(done.Run.ID, p.Events); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// instead answers a question that cannot be stored: as it is stored already, or
// with why.
func (w *writing) instead(ctx context.Context, p core.Accept, why error) (core.Accepted, error) {
	stored, is, err := w.before(ctx, p)
	if err == nil && !is {
		stored.Err = why
	}
	return stored, err
}

// take stores runs that may not be stored for their keys, or because they come
// again and are there, and answers those. Runs without a key wait for the
// others. Two processes that have several of the same keys store them in one
// order.
func (w *writing) take(ctx context.Context, rows []runRow) (taken map[int64]bool, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(rows, func(a, b runRow) int {
		return cmp.Or(
			cmp.Compare(a.UserID, b.UserID),
			cmp.Compare(keyOf(a.IdempotencyKey), keyOf(b.IdempotencyKey)),
			cmp.Compare(keyOf(a.QuestionKey), keyOf(b.QuestionKey)),
		)
	})
	if w.expecting { // that no key is taken
		w.runs = append(rows, w.runs...)
		return nil, nil
	}
	taken = make(map[int64]bool, len(rows))
	for _, r := range rows {
		taken[r.ID] = true
	}
	asks := w.db.NewAsks()
	asks.Insert(sqldb.Insert{Rows: &rows, OnConflict: "DO NOTHING", Returning: "id"}, func(row *sql.Rows) error {
		var id int64
		err := row.Scan(&id)
		delete(taken, id)
		return err
	})
	if err := asks.Run(ctx); err != nil {
		return nil, fmt.Errorf("storing questions: %w", err)
	}
	return taken, nil
}

func keyOf(key *string) string {
	if key == nil {
		return ""
	}
	return *key
}
