package sqldb

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Script is statements whose results nobody reads. PostgreSQL gets all of them
// in one message, so that a transaction of many takes one round trip; SQLite
// gets one after the other.
type Script struct {
	db    *DB
	steps []step
}

// step is an insert, a change, a statement that is kept, or else another one.
type step struct {
	insert *Insert
	change *changing
	kept   *Kept
	args   []any // of what is kept
	query  Query
}

// Query is a statement that bun builds, such as an update of many rows.
type Query interface {
	AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error)
}

// NewScript returns a script without statements.
func (db *DB) NewScript() *Script { return &Script{db: db} }

// Add appends a statement, which runs after those that were added before.
func (s *Script) Add(q Query) { s.steps = append(s.steps, step{query: q}) }

// Insert appends an insert. No rows are no statement.
func (s *Script) Insert(i Insert) {
	if reflect.ValueOf(i.Rows).Elem().Len() > 0 {
		s.steps = append(s.steps, step{insert: &i})
	}
}

// Change appends a change of rows. No rows are no statement.
func (s *Script) Change(c Change, rows Rows) {
	if len(rows) > 0 {
		s.steps = append(s.steps, step{change: &changing{Change: c, rows: rows}})
	}
}

// ChangeAll appends a change that has to find every row: where it does not, the
// script fails, and the transaction with it. So a change that nearly always
// finds them needs no answer before the rest is written. The change has to
// answer something, for PostgreSQL.
func (s *Script) ChangeAll(c Change, rows Rows) {
	if len(rows) > 0 {
		s.steps = append(s.steps, step{change: &changing{Change: c, rows: rows, all: true}})
	}
}

// PutOff runs the statements at the end of the transaction in ctx, with those
// that others have put off: on PostgreSQL all of them are one message. Nobody
// sees what they do before, the transaction itself included. SQLite runs them
// now.
func (s *Script) PutOff(ctx context.Context) error {
	open, ok := ctx.Value(txKey{}).(*openTx)
	if !ok || open.db != s.db || open.views || !s.db.postgres { // a view has no end, and refuses them
		return s.Exec(ctx)
	}
	open.last.steps = append(open.last.steps, s.steps...)
	return nil
}

// Exec runs the statements in order, on the transaction in ctx. The first that
// fails is the error.
func (s *Script) Exec(ctx context.Context) error {
	switch {
	case len(s.steps) == 0:
		return nil
	case !s.db.InTx(ctx):
		return errors.New("a script runs in a transaction only")
	case s.db.postgres:
		return s.send(ctx, false)
	}
	for _, st := range s.steps {
		var err error
		switch {
		case st.insert != nil:
			err = s.db.Insert(ctx, *st.insert)
		case st.kept != nil:
			err = errNotPostgres
		case st.change != nil:
			err = s.db.changeRows(ctx, *st.change, nil)
		default:
			err = s.single(ctx, st.query)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// single runs one statement that bun builds.
func (s *Script) single(ctx context.Context, q Query) error {
	text, err := q.AppendQuery(s.db.QueryGen(), nil)
	if err != nil {
		return fmt.Errorf("building a statement: %w", err)
	}
	// Through bun, for its hooks; the text has no placeholders left.
	_, err = s.db.On(ctx).NewRaw("?", bun.Safe(text)).Exec(ctx)
	return err
}

// last runs the statements as the last ones of their transaction. On PostgreSQL
// it is then committed: COMMIT goes with them.
func (s *Script) last(ctx context.Context) (committed bool, err error) {
	if !s.db.postgres || len(s.steps) == 0 {
		return false, s.Exec(ctx)
	}
	err = s.send(ctx, true)
	return err == nil, err
}

// send runs the statements as one message.
func (s *Script) send(ctx context.Context, commit bool) error {
	b := newBatch()
	defer b.free()
	b.commit = commit
	for _, st := range s.steps {
		var err error
		switch {
		case st.insert != nil:
			err = b.addInsert(ctx, s.db, *st.insert)
		case st.change != nil:
			err = b.addChange(s.db, *st.change)
		case st.kept != nil:
			err = b.addKept(*st.kept, st.args)
		default:
			err = b.addQuery(s.db, st.query)
		}
		if err != nil {
			return err
		}
	}
	if err := s.db.send(ctx, b); err != nil {
		return fmt.Errorf("running %d statements: %w", len(b.statements), err)
	}
	return nil
}
