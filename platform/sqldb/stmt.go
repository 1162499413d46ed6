package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Stmt is a read that each connection parses and plans once, for the few that
// nearly every request makes: on PostgreSQL that is half of what they cost.
// It lives as long as the database.
type Stmt struct {
	db    *DB
	query string

	mu       sync.Mutex // of whoever prepares it
	prepared *sql.Stmt  // set once
}

// Stmt returns a read that is prepared when it is first used. Its arguments
// are $1, $2 and so on.
func (db *DB) Stmt(query string) *Stmt {
	if !db.postgres {
		query = strings.ReplaceAll(query, "$", "?")
	}
	return &Stmt{db: db, query: query}
}

// Rows reads every row, on the transaction of ctx when there is one. scan
// takes one row at a time.
func (s *Stmt) Rows(ctx context.Context, scan func(row *sql.Rows) error, args ...any) (err error) {
	s.db.count(ctx, 1)
	var rows *sql.Rows
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.db == s.db {
		rows, err = open.tx.Tx.QueryContext(ctx, s.query, args...)
	} else if err = s.prepare(ctx); err == nil {
		rows, err = s.prepared.QueryContext(ctx, args...)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Row reads one row into dest, on the transaction of ctx when there is one;
// sql.ErrNoRows when none is there.
func (s *Stmt) Row(ctx context.Context, dest []any, args ...any) error {
	s.db.count(ctx, 1)
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.db == s.db {
		// The connection of the transaction may be SQLite's writer, for which
		// the statement is not prepared.
		return open.tx.Tx.QueryRowContext(ctx, s.query, args...).Scan(dest...)
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.prepared.QueryRowContext(ctx, args...).Scan(dest...)
}

// prepare makes sure that the statement is there, which it stays.
func (s *Stmt) prepare(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared != nil {
		return nil
	}
	// For all who come: it must not end with the request that came first.
	prepared, err := s.db.Reader().PrepareContext(context.WithoutCancel(ctx), s.query)
	if err != nil {
		return fmt.Errorf("preparing %q: %w", s.query, err)
	}
	s.prepared = prepared
	return nil
}
