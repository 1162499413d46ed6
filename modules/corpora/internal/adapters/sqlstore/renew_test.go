package sqlstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/text"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func indexed(from int, texts ...string) (out []core.Indexed) {
	x := ranking.NewIndexer()
	for i, s := range texts {
		e := x.Entry("Title", s)
		out = append(out, core.Indexed{Number: from + i, Title: "Title", Text: s, Terms: e.Terms, Length: e.Length})
	}
	return out
}

// index is all that is stored of the index, as text.
func index(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	var all []string
	for _, query := range []string{
		"SELECT 'posting' AS kind, corpus_id AS corpus, term, block AS n, data FROM corpora_postings ORDER BY corpus, term, n",
		"SELECT 'gram' AS kind, corpus_id AS corpus, term, gram AS n, '' AS data FROM corpora_grams ORDER BY corpus, term, n",
		"SELECT 'passage' AS kind, corpus_id AS corpus, '' AS term, id AS n, CAST(length AS TEXT) AS data FROM corpora_passages ORDER BY n",
		"SELECT 'statistics' AS kind, corpus_id AS corpus, '' AS term, passages AS n, CAST(length AS TEXT) AS data FROM corpora_statistics ORDER BY corpus",
	} {
		var rows []struct {
			Kind, Term, Data string
			Corpus, N        int64
		}
		if err := db.NewRaw(query).Scan(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			all = append(all, fmt.Sprint(r))
		}
	}
	return all
}

// An index of an older version is one with other terms, lengths and grams, and
// with the old version at its passages.
func TestAnIndexOfAnOlderVersionBecomesThatOfThisOne(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx, store := t.Context(), sqlstore.New(db)
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		held := func(context.Context) error { return nil }
		c, err := store.AddCorpus(ctx, core.Corpus{OrganizationID: 7, OwnerID: 1, Name: "a"})
		check(err)
		add := func(texts ...string) core.Document {
			t.Helper()
			d, err := store.AddDocument(ctx, core.Document{OrganizationID: 7, CorpusID: c.ID, Name: "n", Tags: []string{}, Step: core.Pending})
			check(err)
			d.Step = core.Completed
			_, err = store.Finish(ctx, d, indexed(1, texts...), held)
			check(err)
			return d
		}
		first := add("الإجازة السنوية", "lantern of the harbour", "lantern again")
		add("Urlaubsanspruch", "ｻｰﾊﾞｰ lantern")
		want := index(t, db)
		for _, old := range []string{
			"UPDATE corpora_passages SET reading = 1, length = length + 2",
			"UPDATE corpora_statistics SET length = length + 10, version = 5",
			"UPDATE corpora_postings SET term = 'ال' || term WHERE term = 'اجازه'",
			"UPDATE corpora_postings SET term = 'urlaubs-anspruch' WHERE term = 'urlaubsanspruch'",
			"DELETE FROM corpora_postings WHERE term = 'ーハ'",
			"DELETE FROM corpora_grams",
		} {
			_, err := db.ExecContext(ctx, old)
			check(err)
		}
		found := func(question string) int {
			t.Helper()
			var version int64 // of a corpus whose index is not read as a whole
			check(db.QueryRowContext(ctx, "SELECT version FROM corpora_statistics").Scan(&version))
			r, err := ranking.NewEngine(store, 1<<20).Search(ctx, ranking.Question{Text: question, Corpora: []ranking.Corpus{{ID: c.ID, Version: version, Passages: 5, Length: 300_000}}, Limit: 10})
			check(err)
			return len(r.Hits)
		}
		if found("إجازة") != 0 || found("lantern") != 3 {
			t.Fatal("the index is not that of an older version")
		}
		outdated, err := store.Outdated(ctx, 0, 10)
		check(err)
		if diff := cmp.Diff([]core.Corpus{{ID: c.ID, OrganizationID: 7}}, outdated); diff != "" {
			t.Error(diff)
		}
		for round := 0; ; round++ {
			done, err := store.Renew(ctx, c.ID, held)
			check(err)
			if done {
				break
			}
			if round > 5 {
				t.Fatal("renewing never ends")
			}
		}
		if diff := cmp.Diff(want, index(t, db)); diff != "" {
			t.Error(diff)
		}
		if found("إجازة") != 1 || found("Urlaub") != 1 || found("サーバー") != 1 {
			t.Error("a word that is read differently now is not found")
		}
		if outdated, err = store.Outdated(ctx, 0, 10); err != nil || len(outdated) != 0 {
			t.Errorf("%+v, %v", outdated, err)
		}

		// A document is removed whole, also when nobody knows any more by which
		// terms it was indexed.
		_, err = db.ExecContext(ctx, "UPDATE corpora_passages SET reading = 1, is_live = false")
		check(err)
		_, err = db.ExecContext(ctx, "UPDATE corpora_postings SET term = 'forgotten' WHERE term = 'harbour'")
		check(err)
		_, err = store.Clear(ctx, first.ID, held)
		check(err)
		for _, row := range index(t, db) {
			if strings.Contains(row, "forgotten") || strings.Contains(row, "اجازه") {
				t.Errorf("left behind: %s", row)
			}
		}
	})
}

func TestTheIndexOfStaleDocumentsIsForThisVersion(t *testing.T) {
	if core.IndexVersion != 3 {
		t.Errorf("core.IndexVersion is %d: add a migration that makes corpora_documents_stale for it, and change the condition in renew.go", core.IndexVersion)
	}
}

func TestTheIndexOfOutdatedPassagesIsForThisVersion(t *testing.T) {
	if text.Version != 2 {
		t.Errorf("text.Version is %d: add a migration that makes corpora_passages_outdated for it, and change the condition in renew.go", text.Version)
	}
}
