package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
)

// Stmt is a read that each connection parses and plans once, for the few that
// nearly every request makes: on PostgreSQL that is half of what they cost.
// It lives as long as the database.
type Stmt struct {
	db   *DB
	text string

	mu       sync.Mutex // held while it is prepared
	prepared *sql.Stmt  // set once
}

// Stmt returns a read that is prepared when it is first used. Its arguments
// are $1, $2 and so on.
func (db *DB) Stmt(query string) *Stmt {
	if !db.postgres {
		query = strings.ReplaceAll(query, "$", "?")
	}
	return &Stmt{db: db, text: query}
}

// Rows reads every row, on the transaction of ctx when there is one. scan
// takes one row at a time.
func (s *Stmt) Rows(ctx context.Context, scan func(row *sql.Rows) error, args ...any) error {
	rows, err := s.query(ctx, args)
	return scanAll(rows, err, scan)
}

// Row reads one row into dest, on the transaction of ctx when there is one;
// sql.ErrNoRows when none is there.
func (s *Stmt) Row(ctx context.Context, dest []any, args ...any) error {
	found := false
	err := s.Rows(ctx, func(row *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return row.Scan(dest...)
	}, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

func (s *Stmt) query(ctx context.Context, args []any) (*sql.Rows, error) {
	s.db.count(ctx, 1)
	open, ok := ctx.Value(txKey{}).(*openTx)
	if !ok || open.db != s.db {
		if err := s.prepare(ctx); err != nil {
			return nil, err
		}
		if !s.db.full() {
			var err error
			if ctx, err = s.db.unwatched(ctx); err != nil {
				return nil, err
			}
		}
		return s.prepared.QueryContext(ctx, args...)
	}
	// The connection of the transaction may be SQLite's writer, which keeps the
	// statement itself.
	if w, ok := s.db.onWriter(ctx, s.text); ok {
		return w.rows(ctx, args...)
	}
	return open.tx.Tx.QueryContext(ctx, s.text, args...)
}

// prepare makes sure that the statement is there, which it stays.
func (s *Stmt) prepare(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared != nil {
		return nil
	}
	// For all who come: it must not end with the request that came first.
	prepared, err := s.db.Reader().PrepareContext(context.WithoutCancel(ctx), s.text)
	if err != nil {
		return fmt.Errorf("preparing %q: %w", s.text, err)
	}
	s.prepared = prepared
	return nil
}
