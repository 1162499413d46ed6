package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// migrating is a database of PostgreSQL with a table that changes. Each
// connection has what is prepared for itself.
func migrating(t *testing.T, conns int) (db *sqldb.DB, migrate func(to string)) {
	t.Helper()
	db = dbtest.Postgres(t)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	do := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do("CREATE TABLE changing (n BIGINT NOT NULL, s INTEGER)")
	do("CREATE TABLE written (n BIGINT NOT NULL)")
	do("INSERT INTO changing VALUES (1, 2)")
	return db, func(to string) { t.Helper(); do("ALTER TABLE changing " + to) }
}

// migrations change what is answered, each in another way.
var migrations = []string{"ADD COLUMN more TEXT", "ALTER COLUMN n TYPE TEXT", "DROP COLUMN more"}

var (
	everything = sqldb.NewKept("SELECT * FROM changing WHERE $1::bigint > 0")
	writing    = sqldb.NewKept("INSERT INTO written (n) VALUES ($1::bigint)")
)

func columns(of *string) func(row *sql.Rows) error {
	return func(row *sql.Rows) error {
		names, err := row.Columns()
		*of = strings.Join(names, ",")
		return err
	}
}

func TestWhatIsPreparedOutlivesAMigration(t *testing.T) {
	var got string
	for name, use := range map[string]func(ctx context.Context, db *sqldb.DB, read *sqldb.Stmt) error{
		"outside of a transaction": func(ctx context.Context, db *sqldb.DB, _ *sqldb.Stmt) error {
			return everything.Rows(ctx, db.DB, columns(&got), 1)
		},
		"as the first statement of a transaction": func(ctx context.Context, db *sqldb.DB, _ *sqldb.Stmt) error {
			return db.Within(ctx, func(ctx context.Context) error {
				if err := everything.Rows(ctx, db.On(ctx), columns(&got), 1); err != nil {
					return err
				}
				return writing.Rows(ctx, db.On(ctx), nil, 7)
			})
		},
		"behind a change in the first message": func(ctx context.Context, db *sqldb.DB, _ *sqldb.Stmt) error {
			err := db.Within(ctx, func(ctx context.Context) error {
				s := db.NewScript()
				s.Kept(writing, 7)
				s.Kept(everything, 1)
				return s.Exec(ctx)
			})
			return errors.Join(err, everything.Rows(ctx, db.DB, columns(&got), 1))
		},
		"in a transaction that is done again": func(ctx context.Context, db *sqldb.DB, _ *sqldb.Stmt) error {
			return db.Within(sqldb.Redone(ctx), func(ctx context.Context) error {
				return everything.Rows(ctx, db.On(ctx), columns(&got), 1)
			})
		},
		"as a read": func(ctx context.Context, _ *sqldb.DB, read *sqldb.Stmt) error {
			return read.Rows(ctx, columns(&got), 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, migrate := migrating(t, 1)
			read := db.Stmt("SELECT * FROM changing WHERE $1::bigint > 0")
			uses := 0
			again := func(want string) {
				t.Helper()
				uses++
				if err := use(t.Context(), db, read); err != nil || got != want {
					t.Fatalf("use %d answers %q: %v", uses, got, err)
				}
			}
			again("n,s")
			for i, want := range []string{"n,s,more", "n,s,more", "n,s"} {
				again([]string{"n,s", "n,s,more", "n,s,more"}[i])
				migrate(migrations[i])
				again(want)
			}
			again("n,s")
			var written int
			if err := db.NewRaw("SELECT count(*) FROM written").Scan(t.Context(), &written); err != nil || strings.Contains(name, "change") && written != uses {
				t.Errorf("%d uses wrote %d rows: %v", uses, written, err)
			}
			var prepared int
			if err := db.NewRaw("SELECT count(*) FROM pg_prepared_statements").Scan(t.Context(), &prepared); err != nil || prepared > 2 {
				t.Errorf("%d statements are prepared: %v", prepared, err)
			}
		})
	}
}

func TestAMigrationFailsNoMoreThanOneUnitThatHasBegun(t *testing.T) {
	const conns = 4
	db, migrate := migrating(t, conns)
	// use has a unit on each connection write first, and answers how many failed.
	use := func() (failed int) {
		t.Helper()
		var units [conns]context.Context
		var ends [conns]chan error
		var done [conns]chan error
		for i := range units {
			begun := make(chan context.Context)
			ends[i], done[i] = make(chan error), make(chan error, 1)
			go func() {
				done[i] <- db.Within(t.Context(), func(ctx context.Context) error {
					_, err := db.On(ctx).ExecContext(ctx, "INSERT INTO written VALUES (1)")
					begun <- ctx
					return errors.Join(err, <-ends[i])
				})
			}()
			units[i] = <-begun
		}
		for i, ctx := range units {
			err := everything.Rows(ctx, db.On(ctx), nil, 1)
			ends[i] <- err
			if err := <-done[i]; err != nil {
				failed++
				if !strings.Contains(err.Error(), "0A000") { // what the transaction says afterwards tells nothing
					t.Errorf("it failed by %v", err)
				}
			}
		}
		return failed
	}
	var got string
	for i := range 3 {
		if failed := use(); failed > min(i, 1) {
			t.Errorf("%d units failed after %d migrations", failed, i)
		}
		if failed := use(); failed != 0 {
			t.Errorf("%d units failed later", failed)
		}
		migrate(fmt.Sprintf("ADD COLUMN more%d TEXT", i))
	}
	if err := everything.Rows(t.Context(), db.DB, columns(&got), 1); err != nil || got != "n,s,more0,more1,more2" {
		t.Errorf("%q: %v", got, err)
	}
}

func TestWhatPostgreSQLDoesNotSupportIsAnErrorAllTheSame(t *testing.T) {
	db, _ := migrating(t, 1)
	refused := sqldb.NewKept("SELECT n FROM changing WHERE n = $1::bigint GROUP BY n FOR UPDATE") // 0A000, too
	for range 2 {
		if err := everything.Rows(t.Context(), db.DB, nil, 1); err != nil {
			t.Fatal(err)
		}
		if err := refused.Rows(t.Context(), db.DB, nil, 1); err == nil || !strings.Contains(err.Error(), "0A000") {
			t.Errorf("got %v", err)
		}
	}
}
