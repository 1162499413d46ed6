package sqldb

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/uptrace/bun"
)

// prepared is a statement of SQLite's writing connection that is parsed once.
// It lives as long as the database.
type prepared struct {
	stmt atomic.Pointer[sql.Stmt] // nil until it is prepared
	wait atomic.Int64             // how many more uses pass before it is prepared
}

// afterFailure is how often a statement that could not be prepared is sent as
// text before that is tried again. Why it failed, who uses it hears.
const afterFailure = 100

// writer runs one statement on the transaction of a context, as often as
// wanted. It has to be closed.
type writer struct {
	ctx   context.Context
	ended error // of the context
	tx    bun.Tx
	stmt  *sql.Stmt // nil while it is not prepared
	query string
}

// onWriter answers what runs query on SQLite's transaction in ctx; false when
// there is none. There are as many prepared statements as there are texts, so
// that a text must not have values in it.
//
// A statement is sent as text until it is prepared: that takes the writing
// connection, which the transaction has.
func (db *DB) onWriter(ctx context.Context, query string) (writer, bool) {
	open, ok := ctx.Value(txKey{}).(*openTx)
	if !ok || open.db != db || open.views || db.postgres {
		return writer{}, false
	}
	w := writer{tx: open.tx, query: query}
	w.ctx, w.ended = db.unwatched(ctx)
	known, ok := db.writers.Load(query)
	if !ok {
		known, _ = db.writers.LoadOrStore(query, &prepared{})
	}
	p, _ := known.(*prepared)
	if stmt := p.stmt.Load(); stmt != nil {
		w.stmt = w.tx.StmtContext(w.ctx, stmt)
		return w, true
	}
	if p.wait.Add(-1) == -1 { // so nobody else tries meanwhile
		go func() {
			// For all who come: it must not end with who came first.
			stmt, err := db.DB.DB.PrepareContext(context.WithoutCancel(ctx), query)
			if err != nil {
				p.wait.Store(afterFailure)
				return
			}
			p.stmt.Store(stmt)
		}()
	}
	return w, true
}

// unwatched is ctx for a short statement, or why there is to be none. SQLite's
// driver has a goroutine watch each statement whose context may end, which
// costs as much as the statement.
func (db *DB) unwatched(ctx context.Context) (context.Context, error) {
	if db.postgres {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// full reports whether a read has to wait for a connection. That may take long,
// and whoever has given up must not go on waiting.
func (db *DB) full() bool {
	s := db.Reader().Stats()
	return s.MaxOpenConnections > 0 && s.InUse >= s.MaxOpenConnections
}

func (w writer) exec(args ...any) (sql.Result, error) {
	if w.ended != nil {
		return nil, w.ended
	}
	if w.stmt != nil {
		return w.stmt.ExecContext(w.ctx, args...)
	}
	return w.tx.Tx.ExecContext(w.ctx, w.query, args...)
}

func (w writer) rows(args ...any) (*sql.Rows, error) {
	if w.ended != nil {
		return nil, w.ended
	}
	if w.stmt != nil {
		return w.stmt.QueryContext(w.ctx, args...)
	}
	return w.tx.Tx.QueryContext(w.ctx, w.query, args...)
}

// run runs the statement once. scan takes what is answered of a row; it is nil
// for a statement that answers nothing.
func (w writer) run(scan func(row *sql.Rows) error, args ...any) error {
	if scan == nil {
		_, err := w.exec(args...)
		return err
	}
	rows, err := w.rows(args...)
	return scanAll(rows, err, scan)
}

// Close lets go of the statement; what was prepared stays.
func (w writer) Close() error {
	if w.stmt == nil {
		return nil
	}
	return w.stmt.Close()
}
