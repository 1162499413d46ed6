package sqlstore

import (
	"context"
	"fmt"

	"parley/modules/chat/internal/core"
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
			w.created = append(w.created, threadRow{Thread: done.Thread})
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
