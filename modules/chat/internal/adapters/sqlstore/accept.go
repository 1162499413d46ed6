package sqlstore

import (
	"context"
	"fmt"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// accepts stores questions with their runs and threads.
func (w *writing) accepts(ctx context.Context, parts []core.Accept) ([]core.Accepted, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	ids, err := w.reserve(ctx, len(parts))
	if err != nil {
		return nil, err
	}
	threads, err := w.touch(ctx, parts)
	if err != nil {
		return nil, err
	}
	out := make([]core.Accepted, len(parts))
	for i, p := range parts {
		done := core.Accepted{Thread: p.Thread, Run: p.Run}
		done.Run.ID = ids[i].Run
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
			done.Thread.ID = ids[i].Thread
		} else if t, there := threads[p.Thread.ID]; there && t.Deletions == p.Thread.Deletions {
			done.Thread.Title, done.Thread.ModifiedOn = t.Title, w.now
		} else {
			if out[i], err = w.instead(ctx, p, core.ErrNotFound); err != nil {
				return nil, err
			}
			continue
		}
		done.Run.ThreadID = done.Thread.ID
		taken, err := w.taken(ctx, done.Run, again)
		if err != nil {
			return nil, err
		}
		if taken {
			if out[i], err = w.instead(ctx, p, core.ErrInProgress); err != nil {
				return nil, err
			}
			continue
		}
		if p.Thread.ID == 0 {
			w.threads = append(w.threads, threadRow{Thread: done.Thread})
		}
		c := p.Content
		c.RunID = done.Run.ID
		w.contents = append(w.contents, contentRow{Content: c})
		if err := w.addEvents(done.Run.ID, p.Events); err != nil {
			return nil, err
		}
		out[i] = done
	}
	return out, nil
}

// reserved are the ids of a question that is about to be stored.
type reserved struct{ Thread, Run int64 }

// readLastIDs reads the last ids that SQLite gave away.
const readLastIDs = `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chat_threads'), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chat_runs'), 0)`

// reserve takes n ids of both tables, which nobody else gets. They are taken
// now, and not in stock, because runs are listed by id: a later question has a
// higher one, from whichever process.
func (w *writing) reserve(ctx context.Context, n int) ([]reserved, error) {
	if w.db.Postgres() {
		var ids []reserved
		err := w.db.On(ctx).NewRaw(`SELECT nextval('chat_threads_id_seq') AS thread, nextval('chat_runs_id_seq') AS run FROM generate_series(1, ?)`, n).Scan(ctx, &ids)
		if err != nil {
			return nil, fmt.Errorf("reserving ids: %w", err)
		}
		return ids, nil
	}
	// SQLite has one writer, and that is this transaction.
	var last reserved
	if err := w.lastIDs.Row(ctx, []any{&last.Thread, &last.Run}); err != nil {
		return nil, fmt.Errorf("reserving ids: %w", err)
	}
	ids := make([]reserved, n)
	for i := range ids {
		ids[i] = reserved{last.Thread + int64(i) + 1, last.Run + int64(i) + 1}
	}
	return ids, nil
}

// touched is a thread that a question goes to.
type touched struct {
	ID        int64
	Title     string
	Deletions int64
}

// touch marks the threads that questions go to and answers them; those that are
// gone, or not as any question read them, are left out.
func (w *writing) touch(ctx context.Context, parts []core.Accept) (map[int64]touched, error) {
	var rows sqldb.Rows
	for _, p := range parts {
		if t := p.Thread; t.ID != 0 {
			rows = append(rows, []any{t.ID, t.UserID, t.Title, t.ModifiedBy, t.Deletions})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	var found []touched
	// Somebody may have named it since it was read.
	err := w.db.On(ctx).NewUpdate().TableExpr("chat_threads").
		Set("title = CASE WHEN title = ? THEN v.column3 ELSE title END", core.FreshTitle).Set("modified_by = v.column4").Set("modified_on = ?", w.now).
		TableExpr("(VALUES ?) AS v", rows).Where("id = v.column1 AND user_id = v.column2 AND deletions = v.column5 AND NOT is_deleted").Returning("id, title, deletions").Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("changing threads: %w", err)
	}
	out := make(map[int64]touched, len(found))
	for _, t := range found {
		out[t.ID] = t
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

// taken stores a run and answers whether it could not be for its key, or because
// it comes again and is there. Without a key the run waits for the others.
func (w *writing) taken(ctx context.Context, r core.Run, again bool) (bool, error) {
	if r.IdempotencyKey == nil && r.QuestionKey == nil && !again {
		w.runs = append(w.runs, runRow{Run: r})
		return false, nil
	}
	res, err := w.db.On(ctx).NewInsert().Model(&runRow{Run: r}).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("storing a question: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 0, err
}
