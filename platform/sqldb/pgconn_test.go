package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// withNumbers is a database with a table, one of whose rules is only looked at
// by COMMIT.
func withNumbers(t *testing.T) *sqldb.DB {
	t.Helper()
	db := dbtest.Postgres(t)
	_, err := db.ExecContext(t.Context(), `CREATE TABLE numbers (n BIGINT PRIMARY KEY, late BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED, name TEXT NOT NULL CHECK (name <> 'refused'))`)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

type numberRow struct {
	bun.BaseModel `bun:"table:numbers"`
	N             int64
	Late          int64
	Name          string
}

func numbers(t *testing.T, db *sqldb.DB) string {
	t.Helper()
	var list []string
	if err := db.NewRaw("SELECT n || '=' || name FROM numbers ORDER BY n").Scan(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

// Each position of a message of six statements fails once: when they are new to
// the connection and when they are prepared.
func TestAnErrorAtAnyPositionOfTheLastMessageUndoesTheTransaction(t *testing.T) {
	db := withNumbers(t)
	db.SetMaxOpenConns(1)
	rename := sqldb.NewChange("numbers", "name = v.column2", "n = v.column1", "")
	run := func(bad int) error {
		return db.Within(t.Context(), func(ctx context.Context) error {
			name := func(position int) string {
				if position == bad {
					return "refused"
				}
				return fmt.Sprint("at", position)
			}
			if _, err := db.On(ctx).NewRaw("INSERT INTO numbers VALUES (1, 1, 'begun')").Exec(ctx); err != nil {
				return err
			}
			s := db.NewScript()
			s.Insert(sqldb.Insert{Rows: &[]numberRow{{N: 2, Late: 2, Name: name(0)}}})
			s.Change(rename, sqldb.Rows{{1, name(1)}})
			s.Insert(sqldb.Insert{Rows: &[]numberRow{{N: 3, Late: 3, Name: name(2)}, {N: 4, Late: 4, Name: "x"}}})
			s.Change(rename, sqldb.Rows{{1, "a"}, {2, name(3)}, {3, "c"}, {4, "d"}, {5, "e"}})
			s.Add(db.NewUpdate().Model((*numberRow)(nil)).Set("name = ?", name(4)).Where("n = 4"))
			late := int64(5)
			if bad == 5 { // what only COMMIT finds
				late = 1
			}
			s.Insert(sqldb.Insert{Rows: &[]numberRow{{N: 5, Late: late, Name: "x"}}})
			return s.PutOff(ctx)
		})
	}
	for round := range 2 {
		for bad := range 6 {
			err := run(bad)
			if err == nil || (bad == 5) != sqldb.IsUnique(err) {
				t.Errorf("round %d, an error at %d: %v", round, bad, err)
			}
			if got := numbers(t, db); got != "" {
				t.Errorf("round %d, an error at %d left %s", round, bad, got)
			}
		}
		if err := run(-1); err != nil {
			t.Fatal(err)
		}
		if got := numbers(t, db); got != "1=a 2=at3 3=c 4=at4 5=x" {
			t.Errorf("it stored %s", got)
		}
		if _, err := db.ExecContext(t.Context(), "DELETE FROM numbers"); err != nil {
			t.Fatal(err)
		}
	}
}

// After an error of the first statement, with which BEGIN went, another one
// must not run on its own: also when PostgreSQL has read neither.
func TestATransactionWhoseFirstStatementFailsRunsNoOther(t *testing.T) {
	db := withNumbers(t)
	db.SetMaxOpenConns(1)
	for name, first := range map[string]string{"not understood": "INSRT", "refused": "INSERT INTO numbers VALUES (1, 1, 'refused')"} {
		for _, way := range []string{"text", "batch", "prepared", "commit"} {
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Tx.ExecContext(t.Context(), first); err == nil {
				t.Fatal("it ran")
			}
			const next = "INSERT INTO numbers VALUES (2, 2, 'alone')"
			switch way {
			case "text":
				_, err = tx.Tx.ExecContext(t.Context(), next)
			case "batch":
				_, err = tx.Tx.QueryContext(t.Context(), next) //nolint:sqlclosecheck,rowserrcheck // it must fail
			case "prepared":
				_, err = tx.Tx.PrepareContext(t.Context(), next) //nolint:sqlclosecheck // it must fail
			case "commit":
				err = tx.Tx.Commit()
			}
			if err == nil {
				t.Errorf("%s, then %s: nobody was told", name, way)
			}
			_ = tx.Tx.Rollback()
			if got := numbers(t, db); got != "" {
				t.Errorf("%s, then %s: %s is there", name, way, got)
			}
		}
	}
}

func TestATransactionBeginsWithItsFirstStatementHoweverThatIsRun(t *testing.T) {
	db := withNumbers(t)
	db.SetMaxOpenConns(1)
	insert := "INSERT INTO numbers VALUES (1, 1, 'x')"
	prepared, err := db.DB.DB.PrepareContext(t.Context(), insert)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = prepared.Close() }()
	ways := map[string]func(tx *sql.Tx) error{
		"exec": func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), insert); return err },
		"query": func(tx *sql.Tx) error {
			rows, err := tx.QueryContext(t.Context(), insert+" RETURNING n")
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			return rows.Err()
		},
		"prepared": func(tx *sql.Tx) error {
			stmt := tx.StmtContext(t.Context(), prepared)
			defer func() { _ = stmt.Close() }()
			_, err := stmt.ExecContext(t.Context())
			return err
		},
		"arguments": func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO numbers VALUES ($1, $1, $2)", 1, "it's $1")
			return err
		},
	}
	for name, way := range ways {
		tx, err := db.DB.DB.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := way(tx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := numbers(t, db); got != "" {
			t.Errorf("%s ran outside: %s", name, got)
		}
	}
	tx, err := db.DB.DB.BeginTx(t.Context(), nil) // and one without any
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if got := numbers(t, db); got != "" {
		t.Error(got)
	}
}

func TestASnapshotOnlyReadsAsOfOneMoment(t *testing.T) {
	db := withNumbers(t)
	err := db.Snapshot(t.Context(), func(ctx context.Context) error {
		var level, only string
		if err := db.On(ctx).NewRaw("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')").Scan(ctx, &level, &only); err != nil {
			return err
		}
		if level != "repeatable read" || only != "on" {
			t.Errorf("it is %s, read-only %s", level, only)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// PostgreSQL says more than it is asked for.
func TestNoticesDoNotDisturbAMessage(t *testing.T) {
	db := withNumbers(t)
	db.SetMaxOpenConns(1)
	for n := range int64(3) {
		err := db.Within(t.Context(), func(ctx context.Context) error {
			s := db.NewScript()
			s.Add(db.NewRaw("DROP TABLE IF EXISTS there_is_none"))
			s.Add(db.NewRaw("DO $$ BEGIN FOR i IN 1..2000 LOOP RAISE NOTICE 'line %', repeat('x', i); END LOOP; END $$"))
			s.Add(db.NewRaw("SET LOCAL application_name = 'other'"))
			s.Add(db.NewRaw("SELECT repeat('x', n) FROM generate_series(1, 3000) AS n"))
			s.Insert(sqldb.Insert{Rows: &[]numberRow{{N: n, Late: n, Name: "x"}}})
			return s.PutOff(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := numbers(t, db); got != "0=x 1=x 2=x" {
		t.Error(got)
	}
}

func TestStatementsThatSomebodyThrewAwayArePreparedAgain(t *testing.T) {
	db := withNumbers(t)
	db.SetMaxOpenConns(1)
	write := func(n int64) error {
		return db.Within(t.Context(), func(ctx context.Context) error {
			return db.InsertLast(ctx, sqldb.Insert{Rows: &[]numberRow{{N: n, Late: n, Name: "x"}}})
		})
	}
	if err := write(1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DEALLOCATE ALL"); err != nil {
		t.Fatal(err)
	}
	for n := range int64(2) {
		if err := write(2 + n); err != nil {
			t.Error(err)
		}
	}
	if got := numbers(t, db); got != "1=x 2=x 3=x" {
		t.Error(got)
	}
}
