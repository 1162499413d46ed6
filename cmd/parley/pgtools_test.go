package main

import (
	"net/url"
	"path/filepath"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// A database with extensions is restored to one whose user may not create any.
func TestWhatIsRestoredNeedsNoExtension(t *testing.T) {
	database := func() (string, *sqldb.DB) {
		u, err := url.Parse(dbtest.EmptyDatabaseURL(t, dbtest.PostgresURL(t)))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Del("search_path")
		u.RawQuery = q.Encode()
		db, err := sqldb.Open(t.Context(), sqldb.Config{URL: u.String(), MaxConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return u.String(), db
	}
	from, source := database()
	to, target := database()
	for _, statement := range []string{"CREATE EXTENSION pg_trgm", "CREATE TABLE kept (id INT)", "INSERT INTO kept VALUES (7)", "CREATE TABLE corpora_directions (id INT)"} {
		if _, err := source.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	file := filepath.Join(t.TempDir(), "parley.dump")
	if err := dump(t.Context(), from, file); err != nil {
		t.Fatal(err)
	}
	if err := undump(t.Context(), file, to); err != nil {
		t.Fatal(err)
	}
	var kept, others int
	if err := target.NewRaw("SELECT (SELECT id FROM kept), (SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql') + (SELECT count(*) FROM pg_class WHERE relname = 'corpora_directions')").
		Scan(t.Context(), &kept, &others); err != nil || kept != 7 || others != 0 {
		t.Errorf("%d is kept, and %d that should not be, %v", kept, others, err)
	}
}
