package sqlstore_test

import (
	"log/slog"
	"testing"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestVectorsFromBeforePgvectorArePutIntoTheIndex(t *testing.T) {
	store, db := indexedStore(t)
	before := sqlstore.New(db) // knows nothing of the extension
	corpora := filled(t, before, "a", clustered(450, 16))
	m := ranking.Meaning{Model: "m", Values: clustered(1, 16)[0]}
	asked := func(want bool) {
		t.Helper()
		if _, ok, err := store.Closest(t.Context(), corpora, m, 100); ok != want || err != nil {
			t.Errorf("the index answers: %v, %v; want %v", ok, err, want)
		}
		if len(places(t, store, corpora, m.Values)) != 100 {
			t.Error("not all are found")
		}
	}
	asked(false)
	for _, want := range []int{200, 200, 50, 0} {
		asked(want == 0)
		if n, err := store.IndexVectors(t.Context(), corpora[0].ID, "m", held); n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
	asked(true)
	if n, err := store.IndexVectors(t.Context(), corpora[0].ID, "another", held); n != 0 || err != nil {
		t.Error(n, err)
	}
	more := filled(t, before, "b", clustered(110, 16))
	if corpora = append(corpora, more...); len(corpora) != 2 {
		t.Fatal(corpora)
	}
	asked(false) // a process of an older version has added some
}

func TestPgvectorMayGoAndComeBack(t *testing.T) {
	store, db := indexedStore(t)
	corpora := filled(t, store, "a", clustered(150, 16))
	question := clustered(1, 16)[0]
	drop := func() {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), "DROP EXTENSION vector CASCADE"); err != nil {
			t.Fatal(err)
		}
	}
	drop()
	t.Cleanup(func() { dbtest.Pgvector(t) }) // for the next test
	if found := places(t, store, corpora, question); len(found) == 0 {
		t.Error("nothing is found")
	}
	again := sqlstore.New(db)
	again.AlwaysIndex()
	use := func() {
		t.Helper()
		if err := again.UseVectorIndex(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	use()
	if n, err := again.IndexVectors(t.Context(), corpora[0].ID, "m", held); n != 150 || err != nil {
		t.Error(n, err)
	}
	if _, ok, err := again.Closest(t.Context(), corpora, ranking.Meaning{Model: "m", Values: question}, 100); !ok || err != nil {
		t.Error(ok, err)
	}
	drop()
	more := filled(t, again, "b", clustered(120, 16)) // which finds out
	if found := places(t, again, append(more, corpora...), question); len(found) != 100 {
		t.Errorf("%d found", len(found))
	}
	use()
	drop()
	if n, err := again.IndexVectors(t.Context(), corpora[0].ID, "m", held); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestAnIndexThatWasLostIsLookedForNowAndThen(t *testing.T) {
	store, db := indexedStore(t)
	corpora := filled(t, store, "a", clustered(150, 16))
	m := ranking.Meaning{Model: "m", Values: clustered(1, 16)[0]}
	exec := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	asked := func(want bool) {
		t.Helper()
		if _, ok, err := store.Closest(t.Context(), corpora, m, 100); ok != want || err != nil {
			t.Errorf("the index answers: %v, %v; want %v", ok, err, want)
		}
	}
	exec("ALTER TABLE corpora_directions RENAME TO away")
	t.Run("a question finds a table that is there again", func(t *testing.T) {
		asked(false)
		exec("ALTER TABLE away RENAME TO corpora_directions")
		seen := &recorder{}
		db.AddQueryHook(seen)
		asked(false)
		if len(seen.statements) != 0 {
			t.Errorf("it looks at once: %q", seen.statements)
		}
		store.LostLongAgo()
		asked(true)
	})
	exec("DROP EXTENSION vector CASCADE")
	t.Cleanup(func() { dbtest.Pgvector(t) }) // for the next test
	filled(t, store, "b", clustered(10, 16)) // which finds out
	asked(false)
	index := func(want int) {
		t.Helper()
		store.LostLongAgo()
		if n, err := store.IndexVectors(t.Context(), corpora[0].ID, "m", held); n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
	index(0) // and does not create what somebody has dropped
	exec("CREATE EXTENSION vector SCHEMA public")
	store.LostLongAgo()
	asked(false) // a question makes no table
	index(150)
	asked(true)
}

func TestOnlyWhatIsNotThereStopsTheUseOfTheIndex(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations()) // SQLite has no extensions
	for statement, want := range map[string]bool{
		"SELECT 1::nope": true, "SELECT nope(1)": true, "SELECT 1 FROM nope": true, "SELECT nope": true,
		"SELEC 1": false, "SELECT sum(sum(1))": false, "SELECT 1 UNION SELECT 'a'::text": false, "SELECT 1 / 0": false,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		if err == nil {
			t.Fatal(statement, " is no mistake")
		}
		if got := sqlstore.New(db).Loses(t.Context(), err); got != want {
			t.Errorf("%s: %v: %v, want %v", statement, err, got, want)
		}
	}
}

func TestWithoutPgvectorVectorsAreComparedExactly(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		store := sqlstore.New(db)
		store.AlwaysIndex()
		corpora := filled(t, store, "a", clustered(150, 16))
		if _, ok, err := store.Closest(t.Context(), corpora, ranking.Meaning{Model: "m", Values: clustered(1, 16)[0]}, 100); ok || err != nil {
			t.Error(ok, err)
		}
		if len(places(t, store, corpora, clustered(1, 16)[0])) == 0 {
			t.Error("nothing is found")
		}
		if n, err := store.IndexVectors(t.Context(), corpora[0].ID, "m", held); n != 0 || err != nil {
			t.Error(n, err)
		}
		seen := &recorder{}
		db.AddQueryHook(seen)
		store.LostLongAgo() // which none was
		if _, ok, err := store.Closest(t.Context(), corpora, ranking.Meaning{Model: "m"}, 100); ok || err != nil || len(seen.statements) != 0 {
			t.Errorf("%v, %v; it is looked for what was never there: %q", ok, err, seen.statements)
		}
	})
}
