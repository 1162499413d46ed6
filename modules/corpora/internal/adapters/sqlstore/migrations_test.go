package sqlstore_test

import (
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// first is the module's first migration alone.
func first(t *testing.T) migrate.Set {
	t.Helper()
	all, older := sqlstore.Migrations(), fstest.MapFS{}
	paths, err := fs.Glob(all.Files, "migrations/1_*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := fs.ReadFile(all.Files, path)
		if err != nil {
			t.Fatal(err)
		}
		older[path] = &fstest.MapFile{Data: text}
	}
	return migrate.Set{Module: all.Module, Files: older}
}

func TestDocumentsFromBeforeAreFoundByTagAndName(t *testing.T) {
	dbtest.Each(t, []migrate.Set{first(t)}, func(t *testing.T, db *sqldb.DB) {
		ctx, at := t.Context(), "'2026-05-01 12:00:00+00:00'"
		for _, document := range []string{`'Annual Report.pdf', '["x","y","x"]'`, `'notes.md', '[]'`, `'', '["y"]'`} {
			_, err := db.ExecContext(ctx, `INSERT INTO corpora_documents (organization_id, corpus_id, user_id, source, content_type, mime_type, size, sha256, description, upload_from, step,
				chunk_count, blob_key, claimed_by, attempts, created_by, created_on, modified_by, modified_on, name, tags)
				VALUES (1, 1, 1, '', 'file', '', 1, '', '', '', 'failed', 0, '', '', 0, '', `+at+`, '', `+at+`, `+document+`)`)
			if err != nil {
				t.Fatal(err)
			}
		}
		runner := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler))
		if err := runner.Up(ctx); err != nil {
			t.Fatal(err)
		}
		for filter, want := range map[core.DocumentFilter]string{{Tag: "y"}: "Annual Report.pdf,", {Tag: "x"}: "Annual Report.pdf", {Name: "al rep"}: "Annual Report.pdf", {Name: "D"}: "Annual Report.pdf,notes.md"} {
			found, err := sqlstore.New(db).DocumentsPage(ctx, 1, filter, page.Request{})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, d := range found.Items {
				names = append(names, d.Name)
			}
			if got := strings.Join(names, ","); got != want {
				t.Errorf("%+v: %q, want %q", filter, got, want)
			}
		}
		for _, step := range []func() error{func() error { return runner.Down(ctx) }, func() error { return runner.Up(ctx) }} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
