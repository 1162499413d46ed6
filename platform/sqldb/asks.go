package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
)

// Asks are statements whose rows decide what a transaction writes. PostgreSQL
// gets all of them in one message; SQLite gets one after the other.
type Asks struct {
	db   *DB
	asks []ask
}

// ask is a change, an insert, or else a read.
type ask struct {
	change *changing
	insert *Insert
	read   *Stmt
	args   []int64
	scan   func(row *sql.Rows) error
}

// NewAsks returns asks without statements.
func (db *DB) NewAsks() *Asks { return &Asks{db: db} }

// Change appends a change; scan takes what is answered of a row. No rows are no
// statement.
func (a *Asks) Change(c Change, rows Rows, scan func(row *sql.Rows) error) {
	a.change(changing{Change: c, rows: rows}, scan)
}

func (a *Asks) change(c changing, scan func(row *sql.Rows) error) {
	if len(c.rows) > 0 {
		a.asks = append(a.asks, ask{change: &c, scan: scan})
	}
}

// Insert appends an insert; scan takes what is answered of a row that was
// written. One that the conflict leaves out is not. No rows are no statement.
func (a *Asks) Insert(i Insert, scan func(row *sql.Rows) error) {
	if reflect.ValueOf(i.Rows).Elem().Len() > 0 {
		a.asks = append(a.asks, ask{insert: &i, scan: scan})
	}
}

// Read appends a read, whose arguments are bigint.
func (a *Asks) Read(s *Stmt, scan func(row *sql.Rows) error, args ...int64) {
	a.asks = append(a.asks, ask{read: s, args: args, scan: scan})
}

// Run runs the statements in order, on the transaction in ctx. The first that
// fails is the error.
func (a *Asks) Run(ctx context.Context) error {
	if len(a.asks) == 0 {
		return nil
	}
	if !a.db.InTx(ctx) {
		return errors.New("rows are changed in a transaction only")
	}
	for _, q := range a.asks {
		if q.change == nil {
			continue
		}
		if err := q.change.rows.refuseUnknown(); err != nil {
			return err
		}
	}
	if a.db.postgres {
		return a.together(ctx)
	}
	for _, q := range a.asks {
		if err := a.single(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// single runs one of them on SQLite.
func (a *Asks) single(ctx context.Context, q ask) error {
	if q.change != nil {
		return a.db.changeSome(ctx, *q.change, q.scan)
	}
	if q.insert != nil {
		return a.db.insertSingly(ctx, *q.insert, q.scan)
	}
	args := make([]any, len(q.args))
	for i, arg := range q.args {
		args[i] = arg
	}
	return q.read.Rows(ctx, q.scan, args...)
}

// together runs all of them on PostgreSQL.
func (a *Asks) together(ctx context.Context) error {
	b := newBatch()
	defer b.free()
	scans := make([]func(*sql.Rows) error, 0, len(a.asks)) // of each statement
	for _, q := range a.asks {
		var err error
		switch {
		case q.change != nil:
			err = b.addChange(a.db, *q.change)
		case q.insert != nil:
			err = b.addInsert(ctx, a.db, *q.insert)
		default:
			b.addRead(q)
		}
		if err != nil {
			return err
		}
		for len(scans) < len(b.statements) {
			b.statements[len(scans)].rows = q.scan != nil
			scans = append(scans, q.scan)
		}
	}
	a.db.count(ctx, int64(len(b.statements))-1) // the hook counts the message as one
	on := a.db.On(ctx)
	ctx, said := b.in(ctx)
	found, err := on.QueryContext(ctx, said)
	return a.db.sent(scanSets(found, err, scans))
}

// scanSets reads the rows of one statement after the other. Those without scan
// have none.
func scanSets(rows *sql.Rows, failed error, scans []func(row *sql.Rows) error) (err error) {
	if failed != nil {
		return failed
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	first := true
	for _, scan := range scans {
		if scan == nil {
			continue
		}
		if !first && !rows.NextResultSet() {
			return errors.Join(errors.New("a statement of several was not answered"), rows.Err())
		}
		first = false
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// addRead appends a read that is kept.
func (b *batch) addRead(q ask) {
	s := statement{text: q.read.text, kept: true, params: len(q.args), from: len(b.values)}
	for _, arg := range q.args {
		b.values = append8(b.values, uint64(arg)) //nolint:gosec // its bits
	}
	s.to = len(b.values)
	b.statements = append(b.statements, s)
}
