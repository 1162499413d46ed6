package sqlstore

import (
	"context"
	"slices"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// The changes of a batch that expects to find all that it changes, as it was
// read. Each fails with its transaction where one of the others would leave a row
// out or tell of something else.
var (
	// touchingAll finds threads whose title is what it will be, or a fresh one, and
	// that have no run with a higher id than their question's.
	touchingAll = sqldb.NewChange("chat_threads", touch, whichThread+" AND title IN (v.column3, v.column7)"+
		" AND NOT EXISTS (SELECT 1 FROM chat_runs AS r WHERE r.thread_id = v.column1 AND r.id >= v.column8)", "1")
	advancingAll = sqldb.NewChange("chat_runs", advance, ofOwner+" AND NOT is_deleted", "1")
	closingAll   = sqldb.NewChange("chat_runs", closeRun, ofOwner+" AND NOT is_deleted", "1")
)

// expect is decide without a question whose answer decides: on PostgreSQL the
// changes go with all else that is written, and with COMMIT, in one message. It
// answers false where something has to be asked for.
func (w *writing) expect(ctx context.Context, b core.Batch) (bool, error) {
	again := len(again(b)) > 0 || slices.ContainsFunc(b.Accepts, func(p core.Accept) bool { return p.Run.ID != 0 })
	if !b.Expecting || again {
		return false, nil
	}
	if w.db.Postgres() {
		ids, enough := w.Store.stock.take(len(b.Accepts), w.now)
		if !enough {
			return false, nil
		}
		w.ids = ids
	} else if err := w.readIDs(ctx, len(b.Accepts)); err != nil {
		return false, err
	}
	w.expecting = true
	w.touchAll(b.Accepts)
	w.advanced = make(map[int64]changedRun, len(b.Advances))
	for _, p := range b.Advances {
		w.advanced[p.Run] = changedRun{}
	}
	w.closed = make(map[int64]changedRun, len(b.Ends))
	for _, p := range b.Ends {
		w.closed[p.Run] = changedRun{}
	}
	w.script.ChangeAll(advancingAll, advancedRows(b.Advances))
	w.script.ChangeAll(closingAll, closedRows(b.Ends, w.now))
	return true, nil
}

// touchAll marks the threads that questions go to.
func (w *writing) touchAll(parts []core.Accept) {
	threads := touchedBy(parts)
	first := make(map[int64]int64, len(threads)) // the lowest id of a run for each
	for i, p := range slices.Backward(parts) {
		first[p.Thread.ID] = w.ids[i].Run
	}
	w.marked = make(map[int64]touched, len(threads))
	rows := make(sqldb.Rows, len(threads))
	for i, t := range threads {
		rows[i] = append(w.touchRow(t), first[t.ID])
		w.marked[t.ID] = touched{t.ID, t.Title, t.Deletions}
	}
	w.script.ChangeAll(touchingAll, rows)
}
