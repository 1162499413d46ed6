package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
)

// standing is how a run is stored whose part comes again.
type standing struct {
	ID           int64
	Owner        string
	State        core.State
	IsDeleted    bool
	LastSequence int64
}

// standings answers the runs of parts that come again. On PostgreSQL it locks
// them, and so waits for the commit that nobody knows the end of; SQLite's one
// writer is this transaction.
func (w *writing) standings(ctx context.Context, b core.Batch) (map[int64]standing, error) {
	var ids []int64
	for _, p := range b.Advances {
		if p.Again {
			ids = append(ids, p.Run)
		}
	}
	for _, p := range b.Ends {
		if p.Again {
			ids = append(ids, p.Run)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []standing
	q := w.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id", "owner", "state", "is_deleted", "last_sequence").
		Where("id IN (?)", bun.List(ids)).OrderExpr("id")
	if w.db.Postgres() {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("reading how runs are stored: %w", err)
	}
	out := make(map[int64]standing, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, nil
}

// ended reports whether an end that comes again is stored as it is.
func (r standing) ended(p core.End) bool {
	return r.Owner == p.Owner && r.State == p.Outcome.State && r.LastSequence == p.Sequence
}

// behind are the events after a sequence number. They are in order.
func behind(events []core.StreamEvent, last int64) []core.StreamEvent {
	i := slices.IndexFunc(events, func(e core.StreamEvent) bool { return e.Sequence > last })
	if i < 0 {
		return nil
	}
	return events[i:]
}

// before answers a question that comes again as it is stored; false when it is
// not.
func (w *writing) before(ctx context.Context, p core.Accept) (core.Accepted, bool, error) {
	if p.Run.ID == 0 {
		return core.Accepted{}, false, nil
	}
	var threads []int64
	err := w.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("thread_id").Where("id = ? AND run_id = ?", p.Run.ID, p.Run.RunID).Scan(ctx, &threads)
	if err != nil {
		return core.Accepted{}, false, fmt.Errorf("reading whether a question is stored: %w", err)
	}
	if len(threads) == 0 {
		return core.Accepted{}, false, nil
	}
	done := core.Accepted{Thread: p.Thread, Run: p.Run, Before: true}
	done.Thread.ID, done.Run.ThreadID = threads[0], threads[0]
	return done, true, nil
}
