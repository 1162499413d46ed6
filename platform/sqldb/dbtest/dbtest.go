// Package dbtest gives tests real databases: SQLite in a temporary file and
// PostgreSQL, either the server that PARLEY_TEST_POSTGRES_URL names or one
// that is started from the binaries on this machine for the life of the test
// program. Without either the PostgreSQL half is skipped with the reason;
// with CI=true a missing PostgreSQL fails instead.
package dbtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

// Each runs test as a subtest on a fresh, migrated database of each kind.
func Each(t *testing.T, sets []migrate.Set, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t, sets...)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t, sets...)) })
}

// EachBench is Each for benchmarks.
func EachBench(b *testing.B, sets []migrate.Set, bench func(b *testing.B, db *sqldb.DB)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { bench(b, SQLite(b, sets...)) })
	b.Run("postgres", func(b *testing.B) { bench(b, Postgres(b, sets...)) })
}

// SQLite opens a fresh, migrated SQLite database.
func SQLite(t testing.TB, sets ...migrate.Set) *sqldb.DB {
	t.Helper()
	return open(t, sqldb.Config{File: filepath.Join(t.TempDir(), "test.db")}, sets)
}

// Postgres opens a fresh, migrated schema on a PostgreSQL server.
func Postgres(t testing.TB, sets ...migrate.Set) *sqldb.DB {
	t.Helper()
	return open(t, sqldb.Config{URL: PostgresURL(t), MaxConns: 8}, sets)
}

// PostgresURL makes a schema of its own for the test and answers a URL that
// leads there; the schema is dropped when the test ends.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := serverURL(t)
	ctx := context.Background()
	admin, err := sqldb.Open(ctx, sqldb.Config{URL: base, MaxConns: 1})
	if err != nil {
		t.Fatalf("connecting to the test server: %v", err)
	}
	schema := "t" + strings.ReplaceAll(id.New(), "-", "")
	if _, err := admin.ExecContext(ctx, fmt.Sprintf("CREATE SCHEMA %s", schema)); err != nil {
		t.Fatalf("making a schema: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(ctx, fmt.Sprintf("DROP SCHEMA %s CASCADE", schema)); err != nil {
			t.Errorf("dropping the schema: %v", err)
		}
		if err := admin.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("the test server's URL: %v", err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// EmptyDatabaseURL makes an empty database of its own for the test, in which
// the schema of another URL is missing, and answers the URL that leads there;
// the database is dropped when the test ends.
func EmptyDatabaseURL(t testing.TB, like string) string {
	t.Helper()
	ctx := context.Background()
	admin, err := sqldb.Open(ctx, sqldb.Config{URL: serverURL(t), MaxConns: 1})
	if err != nil {
		t.Fatalf("connecting to the test server: %v", err)
	}
	name := "t" + strings.ReplaceAll(id.New(), "-", "")
	if _, err := admin.ExecContext(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE template0", name)); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("dropping the database: %v", err)
		}
		if err := admin.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	u, err := url.Parse(like)
	if err != nil {
		t.Fatalf("the URL of a database: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

func open(t testing.TB, c sqldb.Config, sets []migrate.Set) *sqldb.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sqldb.Open(ctx, c)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := migrate.New(db, sets, slog.New(slog.DiscardHandler)).Up(ctx); err != nil {
		t.Fatalf("migrating: %v", err)
	}
	return db
}

// missing skips, or fails where every part is promised to be there.
func missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// Stores runs a store's contract suite on SQLite and on PostgreSQL: open
// answers a fresh, migrated database each time, and a unit of work whose
// events go nowhere.
func Stores(t *testing.T, migrations func() migrate.Set, suite func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit))) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			suite(t, func(t *testing.T) (*sqldb.DB, uow.Unit) {
				db := open(t, migrations())
				return db, sqldb.NewUnit(db, nowhere{}, clock.System{})
			})
		})
	}
}

type nowhere struct{}

// Append implements sqldb.Outbox.
func (nowhere) Append(context.Context, []event.Envelope) error { return nil }

// Committed implements sqldb.Outbox.
func (nowhere) Committed() {}
