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

// decided is what a batch has to know before it writes the rest: all of it is
// asked for in one message to PostgreSQL.
type decided struct {
	ids    []reserved         // for each question
	marked map[int64]touched  // threads that questions go to
	stand  map[int64]standing // of runs whose parts come again
	// advanced and closed are the open runs that were found.
	advanced, closed map[int64]changedRun
	// expecting: nothing was asked for, and what is found is what was expected.
	expecting bool
}

// reserved are the ids of a question that is about to be stored.
type reserved struct{ Thread, Run int64 }

const (
	// takeIDs makes rows until it has enough of them. PostgreSQL expects a thousand
	// rows of a series whose end it does not know, and plans each such statement anew.
	takeIDs = `SELECT nextval('chat_threads_id_seq'), nextval('chat_runs_id_seq') FROM (SELECT generate_series(1, 1000)) AS n LIMIT $1::bigint`
	mostIDs = 1000
	// readLastIDs reads the last ids that SQLite gave away, and adds to them.
	readLastIDs = `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chat_threads'), 0) + $1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chat_runs'), 0) + $1`
)

// touching marks the threads that questions go to; those that are gone, or not
// as any question read them, are left out. Somebody may have named one since it
// was read.
var touching = sqldb.NewChange("chat_threads", touch, whichThread, "id, title, deletions")

const (
	touch       = "title = CASE WHEN title = v.column7 THEN v.column3 ELSE title END, modified_by = v.column4, modified_on = v.column6::timestamptz"
	whichThread = "id = v.column1 AND user_id = v.column2 AND deletions = v.column5 AND NOT is_deleted"
)

// touched is a thread that a question goes to.
type touched struct {
	ID        int64
	Title     string
	Deletions int64
}

// changedRun is an open run that a batch has changed.
type changedRun struct{ IsDeleted bool }

// decide takes ids, marks threads, advances runs and closes them, and notes what
// was found.
func (w *writing) decide(ctx context.Context, b core.Batch) error {
	if expected, err := w.expect(ctx, b); expected || err != nil {
		return err
	}
	asks := w.db.NewAsks()
	if w.db.Postgres() {
		w.takeIDs(asks, len(b.Accepts))
	} else if err := w.readIDs(ctx, len(b.Accepts)); err != nil {
		return err
	}
	w.touch(asks, b.Accepts)
	if runs := again(b); len(runs) > 0 { // whose rows are locked behind those of threads, as by who deletes one
		err := asks.Run(ctx)
		if err == nil {
			w.stand, err = w.standings(ctx, runs)
		}
		if err != nil {
			return fmt.Errorf("looking at runs that come again: %w", err)
		}
		asks = w.db.NewAsks()
	}
	w.advanced = w.changed(asks, advancing, advancedRows(b.Advances))
	w.closed = w.changed(asks, closing, closedRows(b.Ends, w.now))
	if err := asks.Run(ctx); err != nil {
		return fmt.Errorf("advancing and closing runs: %w", err)
	}
	return nil
}

// takeIDs takes n ids of both tables on PostgreSQL, which nobody else gets.
func (w *writing) takeIDs(asks *sqldb.Asks, n int) {
	if n == 0 {
		return
	}
	w.ids = make([]reserved, 0, n)
	all := n + w.Store.stock.more(n, w.now)
	scan := func(row *sql.Rows) error {
		var r reserved
		err := row.Scan(&r.Thread, &r.Run)
		if len(w.ids) < n {
			w.ids = append(w.ids, r)
			w.Store.stock.took(r)
		} else {
			w.Store.stock.put(r)
		}
		return err
	}
	for ; all > mostIDs; all -= mostIDs {
		asks.Read(w.nextIDs, scan, mostIDs)
	}
	asks.Read(w.nextIDs, scan, int64(all))
}

// readIDs is takeIDs on SQLite. It has one writer, and that is this transaction.
func (w *writing) readIDs(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	w.ids = make([]reserved, n)
	first := &w.ids[0]
	if err := w.nextIDs.Row(ctx, []any{&first.Thread, &first.Run}, 1); err != nil {
		return fmt.Errorf("reading the last ids: %w", err)
	}
	for i := range w.ids {
		w.ids[i] = reserved{first.Thread + int64(i), first.Run + int64(i)}
	}
	return nil
}

func (w *writing) touch(asks *sqldb.Asks, parts []core.Accept) {
	threads := touchedBy(parts)
	rows := make(sqldb.Rows, len(threads))
	for i, t := range threads {
		rows[i] = w.touchRow(t)
	}
	w.marked = make(map[int64]touched, len(rows))
	asks.Change(touching, rows, func(row *sql.Rows) error {
		var t touched
		err := row.Scan(&t.ID, &t.Title, &t.Deletions)
		w.marked[t.ID] = t
		return err
	})
}

func (w *writing) touchRow(t core.Thread) []any {
	return []any{t.ID, t.UserID, t.Title, t.ModifiedBy, t.Deletions, w.now, core.FreshTitle}
}

// touchedBy are the threads that questions go to. Two processes lock several in
// one order. Of the questions to one thread the first names it.
func touchedBy(parts []core.Accept) []core.Thread {
	threads := make([]core.Thread, 0, len(parts))
	for _, p := range parts {
		if p.Thread.ID != 0 {
			threads = append(threads, p.Thread)
		}
	}
	order := func(a, b core.Thread) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Deletions, b.Deletions))
	}
	slices.SortStableFunc(threads, order)
	return slices.CompactFunc(threads, func(a, b core.Thread) bool { return order(a, b) == 0 })
}

// changed adds a change of open runs and answers where it will be noted which it
// found.
func (w *writing) changed(asks *sqldb.Asks, c sqldb.Change, rows sqldb.Rows) map[int64]changedRun {
	out := make(map[int64]changedRun, len(rows))
	asks.Change(c, rows, func(row *sql.Rows) error {
		var id int64
		var r changedRun
		err := row.Scan(&id, &r.IsDeleted)
		out[id] = r
		return err
	})
	return out
}

func advancedRows(parts []core.Advance) sqldb.Rows {
	rows := make(sqldb.Rows, len(parts))
	for i, p := range parts {
		rows[i] = []any{p.Run, p.Owner, p.Sequence}
	}
	return rows
}
