package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAKeptStatementTakesValuesAndColumnsOfThem(t *testing.T) {
	db := dbtest.Postgres(t)
	at := time.Date(2026, 3, 1, 12, 0, 0, 120_000, time.FixedZone("X", 3600))
	k := sqldb.NewKept(`SELECT v.n, v.s, $3::timestamptz = '2026-03-01 11:00:00.00012+00', $4::text IS NULL, $5::boolean
		FROM (SELECT unnest($1::bigint[]) AS n, unnest($2::text[]) AS s) AS v`)
	run := func(on func(ctx context.Context, scan func(*sql.Rows) error) error) {
		t.Helper()
		got := ""
		err := on(t.Context(), func(row *sql.Rows) error {
			var n int64
			var s string
			var same, null, yes bool
			err := row.Scan(&n, &s, &same, &null, &yes)
			got += fmt.Sprint(n, s, same, null, yes, ";")
			return err
		})
		if want := "1 it's $1 true true true;-2 ü true true true;"; err != nil || got != want {
			t.Errorf("%q, not %q: %v", got, want, err)
		}
	}
	args := []any{[]int64{1, -2}, []string{" it's $1 ", " ü "}, at, nil, true}
	for range 2 { // also when it is prepared
		run(func(ctx context.Context, scan func(*sql.Rows) error) error { return k.Rows(ctx, db.DB, scan, args...) })
		run(func(ctx context.Context, scan func(*sql.Rows) error) error {
			return db.Within(ctx, func(ctx context.Context) error { return k.Rows(ctx, db.On(ctx), scan, args...) })
		})
	}
	for _, arg := range []any{[]byte("x"), uint64(1), "a\x00b", []string{"\x00"}, make(chan int), time.Time{}.AddDate(-1, 0, 0)} {
		if err := sqldb.NewKept("SELECT $1::text").Rows(t.Context(), db.DB, nil, arg); err == nil || !strings.Contains(err.Error(), "argument 1") {
			t.Errorf("%T: %v", arg, err)
		}
	}
}

func TestAKeptStatementIsPlannedOnceForAWhile(t *testing.T) {
	db := dbtest.Postgres(t)
	db.SetMaxOpenConns(1) // which then has all that is prepared
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE kept (n BIGINT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	add := sqldb.NewKept("INSERT INTO kept (n) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING")
	lock := sqldb.NewKept("SELECT pg_advisory_xact_lock_shared($1::bigint)")
	names := map[string]bool{}
	for i := range sqldb.RenewAfter + 50 {
		err := db.Within(t.Context(), func(ctx context.Context) error {
			s := db.NewScript()
			s.Kept(lock, 7)
			s.Kept(add, []int{i, i + 1})
			return s.Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		var kept []struct {
			Name             string
			Generic, Planned int
		}
		err = db.NewRaw("SELECT name, generic_plans AS generic, custom_plans AS planned FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO kept%'").Scan(t.Context(), &kept)
		if err != nil || len(kept) != 1 || kept[0].Planned > 5 {
			t.Fatalf("after %d times it is kept as %+v: %v", i+1, kept, err)
		}
		names[kept[0].Name] = true
	}
	if len(names) != 2 {
		t.Errorf("it was prepared %d times", len(names))
	}
	var n int
	if err := db.NewRaw("SELECT count(*) FROM kept").Scan(t.Context(), &n); err != nil || n != sqldb.RenewAfter+51 {
		t.Errorf("%d rows: %v", n, err)
	}
}

func TestEachKindOfDatabaseRefusesTheStatementsOfTheOther(t *testing.T) {
	none := sqldb.NewKept("SELECT 1")
	lite, pg := dbtest.SQLite(t), dbtest.Postgres(t)
	err := lite.Within(t.Context(), func(ctx context.Context) error {
		s := lite.NewScript()
		s.Kept(none)
		return s.Exec(ctx)
	})
	if err == nil || !strings.Contains(err.Error(), "only PostgreSQL") {
		t.Error(err)
	}
	prepared := func(db *sqldb.DB) func(context.Context) error {
		return func(ctx context.Context) error { return db.Prepared(ctx, "SELECT ?", nil, 1) }
	}
	for _, err := range []error{pg.Within(t.Context(), prepared(pg)), prepared(lite)(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "a transaction of SQLite only") {
			t.Error(err)
		}
	}
}

func TestAStatementOfSQLiteTakesManyRowsAsOneArgument(t *testing.T) {
	db := dbtest.SQLite(t)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE one (n INTEGER PRIMARY KEY, s TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	add := func(rows, s any) (told []int64, err error) {
		err = db.Within(t.Context(), func(ctx context.Context) error {
			return db.Prepared(ctx, "INSERT INTO one (n, s) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING n", func(row *sql.Rows) error {
				var n int64
				err := row.Scan(&n)
				told = append(told, n)
				return err
			}, s, rows)
		})
		return told, err
	}
	for i := range 3 { // also when it is prepared
		if told, err := add(fmt.Sprintf("[%d, %d, %d]", 2*i, 2*i+1, 2*i), "it's ?1"); err != nil || len(told) != 2 {
			t.Errorf("it told of %v: %v", told, err)
		}
	}
	if told, err := add("[]", "a"); err != nil || told != nil {
		t.Errorf("of no rows it told of %v: %v", told, err)
	}
	if _, err := add("[9]", make(chan int)); err == nil || !strings.Contains(err.Error(), "takes no values of type") {
		t.Error(err)
	}
	var n int
	if err := db.NewRaw("SELECT count(*) FROM one WHERE s = ?", "it's ?1").Scan(t.Context(), &n); err != nil || n != 6 {
		t.Errorf("%d rows: %v", n, err)
	}
}
