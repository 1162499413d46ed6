package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestDocumentsFromBeforeAreFoundByTagAndName(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "2")}, func(t *testing.T, db *sqldb.DB) {
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
		var keys []string
		if err := db.NewSelect().TableExpr("corpora_documents").Column("name_key").OrderExpr("id").Scan(ctx, &keys); err != nil || strings.Join(keys, ",") != "annual report.pdf,notes.md," {
			t.Errorf("%q, %v", keys, err)
		}
		for _, step := range []func() error{func() error { return runner.Down(ctx) }, func() error { return runner.Up(ctx) }} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// queued keeps jobs that nobody does.
type queued struct{ jobs []work.Job }

// Put implements work.Queue.
func (q *queued) Put(_ context.Context, jobs ...work.Job) error {
	q.jobs = append(q.jobs, jobs...)
	return nil
}

// Cancel implements work.Queue.
func (*queued) Cancel(context.Context, string, ...string) error { return nil }

// Names from before they were composed are composed when the server starts.
func TestNamesFromBeforeAreComposed(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "2")}, func(t *testing.T, db *sqldb.DB) {
		ctx, at := t.Context(), "'2026-05-01 12:00:00+00:00'"
		exec := func(statement string) {
			t.Helper()
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		exec(`INSERT INTO corpora_corpora (organization_id, owner_id, name, description, indexing_mode_id, is_public, is_deleted, tags, created_by, created_on, modified_by, modified_on)
			VALUES (1, 1, 'c', '', 2, FALSE, FALSE, '[]', '', ` + at + `, '', ` + at + `)`)
		exec(`INSERT INTO corpora_statistics (corpus_id, documents, passages, length) VALUES (1, 4, 0, 0)`)
		for i, name := range []string{"Cafe\u0301.pdf", "Caf\u00e9.pdf", "U\u0308ber.txt", "plain.txt"} {
			exec(fmt.Sprintf(`INSERT INTO corpora_documents (organization_id, corpus_id, user_id, name, source, content_type, mime_type, size, sha256, tags, description, upload_from, step,
				chunk_count, blob_key, claimed_by, attempts, created_by, created_on, modified_by, modified_on)
				VALUES (1, 1, 1, '%[1]s', '%[1]s', 'file', '', 1, 'sum %[2]d', '[]', '', '', 'completed', 0, '', '', 0, '', %[3]s, '', %[3]s)`, name, i, at))
		}
		if err := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(ctx); err != nil {
			t.Fatal(err)
		}
		store := sqlstore.New(db)
		waiting := &queued{}
		service := core.New(core.Deps{Queue: waiting, Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Store: store, Versions: coretest.NewVersions(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
		if err := service.Adopt(ctx); err != nil {
			t.Fatal(err)
		}
		if len(waiting.jobs) != 1 || waiting.jobs[0].Kind != "corpora.stale" || waiting.jobs[0].Key != "1" {
			t.Errorf("what was read by an older version waits as %+v", waiting.jobs)
		}
		if left, err := store.Uncomposed(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("%v are left, %v", left, err)
		}
		found, err := store.DocumentsByID(ctx, []int64{1, 2, 3, 4})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range found {
			got = append(got, fmt.Sprintf("%s|%s|%s", d.Name, d.Source, d.ClaimedName))
		}
		want := []string{"Caf\u00e9.pdf|Caf\u00e9.pdf|", "Caf\u00e9.pdf|Caf\u00e9.pdf|Caf\u00e9.pdf", "\u00dcber.txt|\u00dcber.txt|\u00dcber.txt", "plain.txt|plain.txt|plain.txt"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for part, want := range map[string]int{"caf\u00e9": 2, "\u00fcber": 1, "cafe\u0301": 0} {
			named, err := store.DocumentsPage(ctx, 1, core.DocumentFilter{Name: part}, page.Request{})
			if err != nil || len(named.Items) != want {
				t.Errorf("%q finds %d, want %d: %v", part, len(named.Items), want, err)
			}
		}
	})
}

// However many documents there are, a start looks at those that were renamed.
func TestNamesToRepairAreFoundByIndex(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	ctx := t.Context()
	for _, statement := range []string{
		`INSERT INTO corpora_documents (organization_id, corpus_id, user_id, source, content_type, mime_type, size, sha256, description, upload_from, step,
			chunk_count, blob_key, created_by, created_on, modified_by, modified_on, tags, name, name_key)
			SELECT 1, 1, 1, '', 'file', '', 1, '', '', '', 'completed', 1, '', '', now(), '', now(), '[]', 'N' || n, 'n' || n FROM generate_series(1, 3000) AS n`,
		"ANALYZE corpora_documents",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	seen := &recorder{}
	db.AddQueryHook(seen)
	if err := sqlstore.New(db).RepairNames(ctx); err != nil || len(seen.statements) != 1 {
		t.Fatalf("%v, with nothing to do %q", err, seen.statements)
	}
	if plan := strings.Join(dbtest.Plan(t, db, true, seen.statements[0]), "\n"); !strings.Contains(plan, "corpora_documents_renamed") {
		t.Errorf("%s\nis planned as\n%s", seen.statements[0], plan)
	}
}

// While two versions run, the one before changes names without their keys.
func TestNamesThatTheVersionBeforeHasChangedAreFoundAgain(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations()) // one process alone uses SQLite
	store, ctx := sqlstore.New(db), t.Context()
	names := []string{"right.md", "\u00dcber.md", "\u0130stanbul.md", "Renamed.md", "RENAMED \u00c4.md", "added.md", "last.md"}
	for _, name := range names {
		if _, err := store.AddDocument(ctx, core.Document{OrganizationID: 1, CorpusID: 1, Name: name, Tags: []string{}, Step: core.Completed}); err != nil {
			t.Fatal(err)
		}
	}
	leave := func(key string, ids ...int64) {
		t.Helper()
		if _, err := db.NewUpdate().TableExpr("corpora_documents").Set("name_key = ?", key).Where("id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	leave("old.md", 4, 5)
	leave("", 6)
	service := core.New(core.Deps{Queue: &queued{}, Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Store: store, Versions: coretest.NewVersions(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err := service.Adopt(ctx); err != nil {
		t.Fatal(err)
	}
	keys := func() (keys []string) {
		t.Helper()
		if err := db.NewSelect().TableExpr("corpora_documents").Column("name_key").OrderExpr("id").Scan(ctx, &keys); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	var want []string
	for _, name := range names {
		want = append(want, strings.ToLower(name))
	}
	if diff := cmp.Diff(want, keys()); diff != "" {
		t.Error(diff)
	}
	seen := &recorder{}
	db.AddQueryHook(seen)
	if err := store.RepairNames(ctx); err != nil || len(seen.statements) != 1 {
		t.Fatalf("%v, with nothing to do %q", err, seen.statements)
	}
	leave("old.md", 2, 5, 7)
	if err := store.RepairNamesBy(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, keys()); diff != "" {
		t.Errorf("two at a time: %s", diff)
	}
	// The indexer of this version, to which a changed name leads, is as good.
	leave("old.md", 4)
	if _, err := store.Begin(ctx, 4); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, keys()); diff != "" {
		t.Error(diff)
	}
}
