package sqldb_test

import (
	"context"
	"testing"
	"time"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAStatementThatCouldNotBePreparedIsPreparedLater(t *testing.T) {
	db := dbtest.SQLite(t)
	const query = "SELECT n FROM late"
	late, n := db.Stmt(query), 0
	use := func() error {
		return db.Within(t.Context(), func(ctx context.Context) error { return late.Row(ctx, []any{&n}) })
	}
	until := func(what string, reached func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !reached(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	if use() == nil {
		t.Fatal("it read a table that is not there")
	}
	until("it was not tried to prepare the statement", func() bool { _, waits := db.Writer(query); return waits })
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE late AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	for range sqldb.AfterFailure {
		if err := use(); err != nil || n != 7 {
			t.Fatal(n, err)
		}
	}
	if prepared, waits := db.Writer(query); prepared || waits {
		t.Error("it was tried again too soon")
	}
	if err := use(); err != nil {
		t.Fatal(err)
	}
	until("it was not prepared later", func() bool { prepared, _ := db.Writer(query); return prepared })
	if err := use(); err != nil || n != 7 {
		t.Error(n, err)
	}
}
