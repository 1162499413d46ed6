package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

const bareSQLiteSchema = `
CREATE TABLE bare_runs (id INTEGER PRIMARY KEY, state TEXT NOT NULL, created_on INTEGER NOT NULL, modified_on INTEGER NOT NULL);
CREATE TABLE bare_contents (run_id INTEGER PRIMARY KEY, question TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE bare_events (run_id INTEGER NOT NULL, sequence INTEGER NOT NULL, step TEXT NOT NULL, delta TEXT NOT NULL, PRIMARY KEY (run_id, sequence));
CREATE TABLE bare_ledger (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, fresh_input INTEGER NOT NULL, output INTEGER NOT NULL);
CREATE TABLE bare_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL);
`

// bareStatements are prepared once; the constants are their places.
var bareStatements = [...]string{
	stmtBegin:    "BEGIN IMMEDIATE",
	stmtCommit:   "COMMIT",
	stmtRollback: "ROLLBACK",
	stmtRun:      "INSERT INTO bare_runs (id, state, created_on, modified_on) VALUES (?1, 'queued', ?2, ?2)",
	stmtQuestion: "INSERT INTO bare_contents (run_id, question, answer) VALUES (?, ?, '')",
	stmtDone:     "UPDATE bare_runs SET state = 'completed', modified_on = ? WHERE id = ?",
	stmtAnswer:   "UPDATE bare_contents SET answer = ? WHERE run_id = ?",
	stmtLedger:   "INSERT INTO bare_ledger (run_id, fresh_input, output) VALUES (?, 900, 40)",
	stmtEvent:    "INSERT INTO bare_events (run_id, sequence, step, delta) VALUES (?, ?, 'delta', ?)",
	stmtOutbox:   "INSERT INTO bare_outbox (name, key, payload) VALUES ('run_completed', ?, ?)",
}

const (
	stmtBegin = iota
	stmtCommit
	stmtRollback
	stmtRun
	stmtQuestion
	stmtDone
	stmtAnswer
	stmtLedger
	stmtEvent
	stmtOutbox
)

// bareSQLite has one writing connection, as SQLite wants it.
type bareSQLite struct {
	mu         sync.Mutex
	statements [len(bareStatements)]*sql.Stmt
}

// openSQLite makes the tables. All workers share the connection.
func (c bareRunCmd) openSQLite(ctx context.Context) (func(ctx context.Context) (store, func(), error), func(), error) {
	db, err := sql.Open("sqlite", "file:"+c.File+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-8000)")
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", c.File, err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, bareSQLiteSchema); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("making the tables: %w", err), db.Close())
	}
	s := &bareSQLite{}
	for i, text := range bareStatements {
		//nolint:sqlclosecheck // They live as long as the process.
		if s.statements[i], err = db.PrepareContext(ctx, text); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("preparing %s: %w", text, err), db.Close())
		}
	}
	shared := func(context.Context) (store, func(), error) { return s, func() {}, nil }
	return shared, func() { _ = db.Close() }, nil // nothing is left to lose
}

func (s *bareSQLite) accept(ctx context.Context, r bareRun) error {
	return s.Do(ctx, func(exec func(statement int, args ...any)) {
		exec(stmtRun, r.id, r.began.UnixMicro())
		exec(stmtQuestion, r.id, r.question)
	})
}

func (s *bareSQLite) finish(ctx context.Context, r bareRun) error {
	return s.Do(ctx, func(exec func(statement int, args ...any)) {
		exec(stmtDone, time.Now().UnixMicro(), r.id)
		exec(stmtAnswer, r.answer, r.id)
		exec(stmtLedger, r.id)
		for sequence := range eventsOfRun {
			exec(stmtEvent, r.id, sequence, part(r.answer, sequence))
		}
		exec(stmtOutbox, fmt.Sprintf("run/%d", r.id), r.payload())
	})
}

// do runs statements as one transaction; the first error takes it back.
func (s *bareSQLite) Do(ctx context.Context, fn func(exec func(statement int, args ...any))) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	exec := func(statement int, args ...any) {
		if err == nil {
			_, err = s.statements[statement].ExecContext(ctx, args...)
		}
	}
	exec(stmtBegin)
	fn(exec)
	exec(stmtCommit)
	if err != nil {
		_, rollback := s.statements[stmtRollback].ExecContext(context.WithoutCancel(ctx))
		return errors.Join(err, rollback)
	}
	return nil
}
