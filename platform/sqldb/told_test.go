package sqldb_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// What is told of a transaction on PostgreSQL is what became of it.

// Who has gone when COMMIT was on its way must not be told that nothing is
// stored.
func TestWhatIsCommittedIsToldAsCommittedWhoeverHasGone(t *testing.T) {
	db := withNumbers(t)
	ctx, leave := context.WithCancel(t.Context())
	dbtest.Hook(db, func(_ context.Context, query string) any {
		if strings.HasSuffix(query, "COMMIT") {
			return true
		}
		return nil
	}, func(any) { leave() })
	commits := db.Commits()
	err := db.Within(ctx, func(ctx context.Context) error {
		return db.InsertLast(ctx, sqldb.Insert{Rows: &[]numberRow{{N: 1, Late: 1, Name: "x"}}})
	})
	if err != nil || numbers(t, db) != "1=x" {
		t.Errorf("it stored %q and said %v", numbers(t, db), err)
	}
	if n := db.Commits() - commits; n != 1 {
		t.Errorf("%d commits were counted", n)
	}
}

// The last message waits for a lock when the time of its caller is over.
func TestWhatIsCommittedIsToldAsCommittedHoweverLate(t *testing.T) {
	db := withNumbers(t)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO numbers VALUES (1, 1, 'before')"); err != nil {
		t.Fatal(err)
	}
	other, err := db.DB.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	if _, err := other.ExecContext(t.Context(), "SELECT FROM numbers FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	unlocked := make(chan error, 1)
	context.AfterFunc(ctx, func() { unlocked <- other.Rollback() })
	err = db.Within(ctx, func(ctx context.Context) error {
		s := db.NewScript()
		s.Change(sqldb.NewChange("numbers", "name = v.column2", "n = v.column1", ""), sqldb.Rows{{1, "after"}})
		return s.PutOff(ctx)
	})
	if err := <-unlocked; err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "BEGIN; LOCK TABLE numbers; COMMIT"); err != nil { // who still writes is waited for
		t.Fatal(err)
	}
	if got := numbers(t, db); (got == "1=after") != (err == nil) {
		t.Errorf("%s is stored, and it was told as %v", got, err)
	}
}

// PostgreSQL answers the COMMIT of a transaction in which a statement failed as
// if nothing were wrong, and rolls it back.
func TestAnErrorThatNobodyLookedAtIsToldByTheEnd(t *testing.T) {
	db := withNumbers(t)
	db.SetMaxOpenConns(1)
	err := db.Within(t.Context(), func(ctx context.Context) error {
		if _, err := db.On(ctx).NewRaw("INSERT INTO numbers VALUES (1, 1, 'x')").Exec(ctx); err != nil {
			return err
		}
		if _, err := db.On(ctx).NewRaw("INSERT INTO numbers VALUES (2, 2, 'refused')").Exec(ctx); err == nil {
			t.Error("it ran")
		}
		return nil
	})
	if got := numbers(t, db); got != "" || err == nil {
		t.Errorf("%q is stored, and it was told as %v", got, err)
	}
	err = db.Within(t.Context(), func(ctx context.Context) error {
		_, err := db.On(ctx).NewRaw("INSERT INTO numbers VALUES (3, 3, 'x')").Exec(ctx)
		return err
	})
	if got := numbers(t, db); got != "3=x" || err != nil {
		t.Errorf("then %q is stored, and it was told as %v", got, err)
	}
}

// PostgreSQL has read no BEGIN, so that each statement would be committed on
// its own.
func TestWhatIsPutOffBehindAnErrorThatNobodyLookedAtIsNotStored(t *testing.T) {
	db := withNumbers(t)
	run := func(n int64, first string) error {
		return db.Within(t.Context(), func(ctx context.Context) error {
			_, _ = db.On(ctx).NewRaw(first).Exec(ctx)
			return db.InsertLast(ctx, sqldb.Insert{Rows: &[]numberRow{{N: n, Late: n, Name: "x"}}})
		})
	}
	if err := run(1, "SELECT"); err != nil { // which knows the columns from here on
		t.Fatal(err)
	}
	err := run(2, "SELCT")
	if got := numbers(t, db); got != "1=x" || err == nil {
		t.Errorf("%s is stored, and it was told as %v", got, err)
	}
}

func TestAViewTakesNothingToBeWritten(t *testing.T) {
	for _, db := range []*sqldb.DB{withNumbers(t), dbtest.SQLite(t)} {
		if !db.Postgres() {
			if _, err := db.ExecContext(t.Context(), "CREATE TABLE numbers (n BIGINT, late BIGINT, name TEXT)"); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Snapshot(t.Context(), func(ctx context.Context) error {
			return db.InsertLast(ctx, sqldb.Insert{Rows: &[]numberRow{{N: 1, Late: 1, Name: "x"}}})
		})
		if err == nil {
			t.Errorf("PostgreSQL %v: what was put off was lost, and nobody was told", db.Postgres())
		}
	}
}

func TestALostConnectionIsToldAndNotUsedAgain(t *testing.T) {
	db := withNumbers(t)
	other := dbtest.Postgres(t) // which has a connection of its own
	write := func(broken bool, n int64) error {
		return db.Within(t.Context(), func(ctx context.Context) error {
			var pid int
			if err := db.On(ctx).NewRaw("SELECT pg_backend_pid()").Scan(ctx, &pid); err != nil {
				return err
			}
			if broken {
				if _, err := other.NewRaw("SELECT pg_terminate_backend(?, 5000)", pid).Exec(ctx); err != nil {
					return err
				}
			}
			return db.InsertLast(ctx, sqldb.Insert{Rows: &[]numberRow{{N: n, Late: n, Name: "x"}}})
		})
	}
	for n := range int64(3) {
		if err := write(true, n); err == nil || !sqldb.Unavailable(err) {
			t.Errorf("the lost connection was told as %v", err)
		}
		if err := write(false, 10+n); err != nil {
			t.Error(err)
		}
	}
	if got := numbers(t, db); got != "10=x 11=x 12=x" {
		t.Error(got)
	}
}
