package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/id"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

// Pgvector opens a fresh, migrated schema on the PostgreSQL with pgvector that
// PARLEY_TEST_PGVECTOR_URL names, on which the extension is created. The server
// may be one that serves several connections by a single session (PGlite). Without one the
// test is skipped; .ci/run has one.
func Pgvector(t testing.TB, sets ...migrate.Set) *sqldb.DB {
	t.Helper()
	base := os.Getenv("PARLEY_TEST_PGVECTOR_URL")
	if base == "" {
		t.Skip("PARLEY_TEST_PGVECTOR_URL names no PostgreSQL with pgvector; bash .ci/pgvector/serve DIR PORT starts one")
	}
	schema := "t" + strings.ReplaceAll(id.New(), "-", "")
	once(t, base, "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public", fmt.Sprintf("CREATE SCHEMA %s", schema))
	t.Cleanup(func() { once(t, base, fmt.Sprintf("DROP SCHEMA %s CASCADE", schema)) })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("the test server's URL: %v", err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	c := sqldb.Config{URL: u.String(), MaxConns: 4} // a migration takes two
	if _, measured := t.(*testing.B); measured {
		c.StatementTimeout = time.Hour // an index of many vectors takes long
	}
	return open(t, c, sets)
}

// once runs statements on a connection that is closed again.
func once(t testing.TB, at string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: at, MaxConns: 1})
	if err != nil {
		t.Fatalf("connecting to the test server: %v", err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}
