package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// threeNumbers is a database of SQLite with a table of them.
func threeNumbers(t *testing.T) *sqldb.DB {
	t.Helper()
	db := dbtest.SQLite(t)
	for _, text := range []string{"CREATE TABLE numbers (n BIGINT PRIMARY KEY)", "INSERT INTO numbers VALUES (1), (2), (3)"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestAStatementWithArgumentsIsKeptByItsConnection(t *testing.T) {
	db := threeNumbers(t)
	before, err := db.KeptTexts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const add, count = "INSERT INTO numbers VALUES (?)", "SELECT count(*) FROM numbers WHERE n < ?"
	for i := range 3 {
		if _, err := db.DB.DB.ExecContext(t.Context(), add, 10+i); err != nil {
			t.Fatal(err)
		}
		if _, err := db.DB.DB.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO numbers VALUES (%d)", 20+i)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.DB.DB.QueryRowContext(t.Context(), count, 20).Scan(&n); err != nil || n != 4+i {
			t.Errorf("%d numbers: %v", n, err)
		}
	}
	kept, err := db.KeptTexts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept = slices.DeleteFunc(kept, func(text string) bool { return slices.Contains(before, text) })
	if want := []string{add, count}; !slices.Equal(kept, want) {
		t.Errorf("kept %q", kept)
	}
}

func TestAStatementRunsWhileItsRowsAreRead(t *testing.T) {
	db := threeNumbers(t)
	tx, err := db.DB.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	const from = "SELECT n FROM numbers WHERE n >= ? ORDER BY n"
	read := func(at int) (out []int) {
		t.Helper()
		rows, err := tx.QueryContext(t.Context(), from, at)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n, within int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			if err := tx.QueryRowContext(t.Context(), from, n).Scan(&within); err != nil || within != n {
				t.Errorf("%d within %d: %v", within, n, err)
			}
			out = append(out, n)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for at, want := range [][]int{{1, 2, 3}, {1, 2, 3}, {2, 3}} {
		if got := read(at); !slices.Equal(got, want) {
			t.Errorf("from %d on it read %v", at, got)
		}
	}
}

func TestAKeptStatementFollowsTheSchema(t *testing.T) {
	db := threeNumbers(t)
	use := func() (n int, err error) {
		err = db.DB.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM late WHERE n > ?", 0).Scan(&n)
		return n, err
	}
	if _, err := use(); err == nil {
		t.Fatal("it read a table that is not there")
	}
	for want, change := range []string{"CREATE TABLE late (n BIGINT)", "INSERT INTO late VALUES (1)", "CREATE INDEX late_n ON late (n)", "ALTER TABLE late ADD COLUMN m BIGINT", "DROP INDEX late_n"} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if n, err := use(); err != nil || n != min(want, 1) {
			t.Errorf("after %s: %d, %v", change, n, err)
		}
	}
}

func TestMoreStatementsThanAreKeptRun(t *testing.T) {
	db := threeNumbers(t)
	for i := range sqldb.MostKept + 10 {
		var n int
		if err := db.DB.DB.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d + ?", i), 1).Scan(&n); err != nil || n != i+1 {
			t.Fatal(i, n, err)
		}
	}
	if _, err := db.DB.DB.ExecContext(t.Context(), "DELETE FROM numbers WHERE n = ?", 3); err != nil {
		t.Fatal(err)
	}
	kept, err := db.KeptTexts(t.Context())
	if err != nil || len(kept) > sqldb.MostKept {
		t.Errorf("%d are kept: %v", len(kept), err)
	}
}

func TestACommitThatFailsLeavesNoTransaction(t *testing.T) {
	db := dbtest.SQLite(t)
	for _, text := range []string{"CREATE TABLE parents (id BIGINT PRIMARY KEY)", "CREATE TABLE children (parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		tx, err := db.DB.DB.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO children VALUES (?)", 1); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err == nil || !strings.Contains(err.Error(), "FOREIGN KEY") {
			t.Fatal(err)
		}
	}
	var n int
	if err := db.DB.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM children").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d children: %v", n, err)
	}
}

func TestATransactionBeginsAnew(t *testing.T) {
	db := threeNumbers(t)
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := db.DB.DB.BeginTx(ended, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := db.DB.DB.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelReadUncommitted}); err == nil {
		t.Error("it took an isolation level that SQLite does not have")
	}
	ctx, leave := context.WithCancel(t.Context())
	tx, err := db.DB.DB.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM numbers WHERE n > ?", 0); err != nil {
		t.Fatal(err)
	}
	leave()
	for range 2 { // the first waits until the one before is rolled back
		err := db.Within(t.Context(), func(ctx context.Context) error {
			var n int
			err := db.On(ctx).NewRaw("SELECT count(*) FROM numbers").Scan(ctx, &n)
			if n != 3 {
				t.Errorf("%d numbers are left", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Caches of other drivers kept statements that were not reset after a failure, and
// then the connection wrote nothing any more.
func TestAKeptStatementThatFailedIsUsedAgain(t *testing.T) {
	db := threeNumbers(t)
	const add = "INSERT INTO numbers VALUES (?) RETURNING n"
	for i := range 3 {
		err := db.Within(t.Context(), func(ctx context.Context) error {
			told := func(row *sql.Rows) error { return row.Scan(new(int64)) }
			for _, scan := range []func(*sql.Rows) error{nil, told} {
				if err := db.Prepared(ctx, add, scan, 1); !sqldb.IsUnique(err) {
					t.Error("the number is there twice")
				}
			}
			if err := db.Prepared(ctx, add, func(*sql.Rows) error { return errors.New("no more") }, 100+i); err == nil {
				t.Error("it did not tell why a row could not be read")
			}
			return db.Prepared(ctx, add, told, 10+i)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := db.NewRaw("SELECT count(*) FROM numbers WHERE n >= 10").Scan(t.Context(), &n); err != nil || n != 6 {
		t.Errorf("%d numbers: %v", n, err)
	}
}

func TestAReadThatIsGivenUpLeavesItsStatementAlone(t *testing.T) {
	db := threeNumbers(t)
	const count = "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT i FROM c"
	giveUp := func() error {
		ctx, leave := context.WithCancel(t.Context())
		rows, err := db.Reader().QueryContext(ctx, count, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		leave()
		for rows.Next() {
		}
		return rows.Err()
	}
	for range 3 {
		if err := giveUp(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		n := 0
		if err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM ("+count+")", 5).Scan(&n); err != nil || n != 5 {
			t.Errorf("%d rows: %v", n, err)
		}
		if err := db.Reader().QueryRowContext(t.Context(), count, 5).Scan(&n); err != nil || n != 1 {
			t.Errorf("the first row is %d: %v", n, err)
		}
	}
}
