package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun/schema"
)

// Script is statements that go to the database in one message. A transaction
// of many statements whose results nobody reads takes one round trip by it.
// The zero value has no database; use NewScript.
type Script struct {
	db         *DB
	text       []byte
	statements int64
	err        error
}

// NewScript returns a script without statements.
func (db *DB) NewScript() *Script { return &Script{db: db} }

// Query is a statement that bun builds, such as an insert of many rows.
type Query interface {
	AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error)
}

// Add appends a statement. It is put into words now, so what it is made of may
// change afterwards.
func (s *Script) Add(q Query) {
	if s.err != nil {
		return
	}
	text, err := q.AppendQuery(s.db.QueryGen(), s.text)
	if err != nil {
		s.err = fmt.Errorf("building a statement: %w", err)
		return
	}
	s.text = append(text, ";\n"...)
	s.statements++
}

// Exec runs the statements in order, on the transaction in ctx. The first that
// fails is the error.
func (s *Script) Exec(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.statements == 0:
		return nil
	case !s.db.InTx(ctx):
		return errors.New("a script runs in a transaction only")
	}
	countStatements(ctx, s.statements-1) // the hook counts the message as one
	// Through bun, for its hooks; the text has no placeholders left.
	if _, err := s.db.On(ctx).NewRaw("?", schema.Safe(s.text)).Exec(ctx); err != nil {
		return fmt.Errorf("running %d statements: %w", s.statements, err)
	}
	return nil
}
