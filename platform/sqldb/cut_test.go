package sqldb_test

import (
	"context"
	"errors"
	"testing"

	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAConnectionThatEndsWithoutAWordIsAFailureOfTheDatabase(t *testing.T) {
	p := dbtest.ProxyTo(t, dbtest.PostgresURL(t))
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: p.URL, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE numbers (n BIGINT, late BIGINT, name TEXT)"); err != nil {
		t.Fatal(err)
	}
	rows := sqldb.Insert{Rows: &[]numberRow{{N: 1, Late: 1, Name: "x"}}}
	for name, write := range map[string]func(ctx context.Context) error{
		"read":  func(ctx context.Context) error { return db.On(ctx).NewRaw("SELECT 1").Scan(ctx, new(int)) },
		"exec":  func(ctx context.Context) error { _, err := db.On(ctx).NewRaw("SELECT 1").Exec(ctx); return err },
		"batch": func(ctx context.Context) error { return db.InsertLast(ctx, rows) },
	} {
		run := func(before func()) error {
			return db.Within(t.Context(), func(ctx context.Context) error {
				before()
				return write(ctx)
			})
		}
		if err := run(func() {}); err != nil {
			t.Fatal(err)
		}
		if err := run(p.Cut); err == nil || !sqldb.Unavailable(err) {
			t.Errorf("%s: the end was told as %v", name, err)
		}
		if err := run(func() {}); err != nil {
			t.Errorf("%s, then: %v", name, err)
		}
	}
}

func TestACommitWithoutAnAnswerIsToldAsUnknown(t *testing.T) {
	p := dbtest.ProxyTo(t, dbtest.PostgresURL(t))
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: p.URL, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE numbers (n BIGINT, late BIGINT, name TEXT)"); err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for name, write := range map[string]func(ctx context.Context, n int64) error{
		"COMMIT alone": func(ctx context.Context, n int64) error {
			_, err := db.On(ctx).NewRaw("INSERT INTO numbers VALUES (?, 1, 'x')", n).Exec(ctx)
			return err
		},
		"COMMIT with the last statements": func(ctx context.Context, n int64) error {
			return db.InsertLast(ctx, sqldb.Insert{Rows: &[]numberRow{{N: n, Late: 1, Name: "x"}}})
		},
	} {
		for how, want := range map[dbtest.Break]int{dbtest.Lost: 0, dbtest.Untold: 1, dbtest.Not: 1} {
			n++
			p.Breaking(func() dbtest.Break { return how })
			committed := false
			err := db.Within(t.Context(), func(ctx context.Context) error {
				uow.AfterCommit(ctx, func() { committed = true })
				return write(ctx, n)
			})
			if got := errors.Is(err, uow.ErrUnknown); got != (how != dbtest.Not) || !got && err != nil {
				t.Errorf("%s, %d: it was told as %v", name, how, err)
			}
			if committed != (how == dbtest.Not) {
				t.Errorf("%s, %d: what waited for the commit was told %v", name, how, committed)
			}
			var stored int
			if err := db.NewRaw("SELECT count(*) FROM numbers WHERE n = ?", n).Scan(t.Context(), &stored); err != nil || stored != want {
				t.Errorf("%s, %d: %d rows are stored, %v", name, how, stored, err)
			}
		}
	}
}

// What failed before COMMIT was sent, and what only reads, is not in doubt.
func TestAConnectionThatBreaksBeforeTheCommitIsNoUnknownOutcome(t *testing.T) {
	p := dbtest.ProxyTo(t, dbtest.PostgresURL(t))
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: p.URL, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	read := func(ctx context.Context) error { return db.On(ctx).NewRaw("SELECT 1").Scan(ctx, new(int)) }
	err = db.Within(t.Context(), func(ctx context.Context) error {
		if err := read(ctx); err != nil {
			return err
		}
		p.Cut()
		return read(ctx)
	})
	if err == nil || errors.Is(err, uow.ErrUnknown) {
		t.Errorf("it was told as %v", err)
	}
	p.Breaking(func() dbtest.Break { return dbtest.Lost })
	err = db.Snapshot(t.Context(), read)
	if err == nil || errors.Is(err, uow.ErrUnknown) {
		t.Errorf("a view was told as %v", err)
	}
}
