package sqldb

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

// writer runs statements on the transaction of a context, which SQLite parses
// once. Their texts must not have values in them, as many as there are.
type writer struct {
	db    *DB
	tx    bun.Tx
	query string
}

// onWriter answers what runs query on SQLite's transaction in ctx; false when
// there is none.
func (db *DB) onWriter(ctx context.Context, query string) (writer, bool) {
	open, ok := ctx.Value(txKey{}).(*openTx)
	if !ok || open.db != db || open.views || db.postgres {
		return writer{}, false
	}
	return writer{db: db, tx: open.tx, query: query}, true
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
// and a caller that has given up must not go on waiting.
func (db *DB) full() bool {
	s := db.Reader().Stats()
	return s.MaxOpenConnections > 0 && s.InUse >= s.MaxOpenConnections
}

func (w writer) exec(ctx context.Context, args ...any) (sql.Result, error) {
	ctx, err := w.db.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	return w.tx.Tx.ExecContext(ctx, w.query, args...)
}

func (w writer) rows(ctx context.Context, args ...any) (*sql.Rows, error) {
	ctx, err := w.db.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	return w.tx.Tx.QueryContext(ctx, w.query, args...)
}

// run runs the statement once. scan takes what is answered of a row; it is nil
// for a statement whose answer nobody reads, and then run answers how many rows
// were changed.
func (w writer) run(ctx context.Context, scan func(row *sql.Rows) error, args ...any) (changed int64, err error) {
	if scan != nil {
		rows, err := w.rows(ctx, args...)
		return 0, scanAll(rows, err, scan)
	}
	done, err := w.exec(ctx, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}
