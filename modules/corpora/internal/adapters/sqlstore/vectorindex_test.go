package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func held(context.Context) error { return nil }

// indexedStore asks the index of every question.
func indexedStore(t *testing.T) (*sqlstore.Store, *sqldb.DB) {
	t.Helper()
	db := dbtest.Pgvector(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	store.AlwaysIndex()
	if err := store.UseVectorIndex(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return store, db
}

func TestStoreWithPgvector(t *testing.T) {
	coretest.TestStore(t, func(t *testing.T) (core.Store, uow.Unit) {
		store, db := indexedStore(t)
		return store, sqldb.NewUnit(db, &dbtest.Outbox{}, clock.System{})
	})
}

// Before 0.7 there is no halfvec, and before 0.8 a search does not go on.
func TestAnOlderPgvectorServes(t *testing.T) {
	for _, version := range []string{"0.5.1", "0.7.4"} {
		t.Run(version, func(t *testing.T) {
			db := dbtest.Pgvector(t, sqlstore.Migrations())
			store := sqlstore.New(db)
			store.AlwaysIndex()
			if err := store.UsePgvectorOf(t.Context(), version); err != nil {
				t.Fatal(err)
			}
			c := filled(t, store, "a", clustered(600, 32))
			if found, ok, err := store.Closest(t.Context(), c, ranking.Meaning{Model: "m", Values: clustered(1, 32)[0]}, 100); err != nil || !ok || len(found) != 100 {
				t.Errorf("%d found, %v, %v", len(found), ok, err)
			}
		})
	}
}

// clustered makes vectors as models make them: in clusters, more of which are
// near each other than of which are not.
func clustered(n, dimensions int) [][]int8 {
	random := rand.New(rand.NewPCG(uint64(n), 7)) //nolint:gosec // the same in every run
	shared := rand.New(rand.NewPCG(3, 7))         //nolint:gosec // so that all have the same centres
	centres := make([][]float32, 40)
	for i := range centres {
		centres[i] = make([]float32, dimensions)
		for k := range centres[i] {
			centres[i][k] = float32(shared.NormFloat64())
		}
	}
	out := make([][]int8, n)
	for i := range out {
		v := make([]float32, dimensions)
		for k, x := range centres[random.IntN(len(centres))] {
			v[k] = x + .7*float32(random.NormFloat64())
		}
		out[i], _ = ranking.Quantize(v)
	}
	return out
}

// filled makes a corpus with a passage for each vector.
func filled(t testing.TB, s *sqlstore.Store, name string, vectors [][]int8) []ranking.Corpus {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.AddCorpus(ctx, core.Corpus{OrganizationID: 1, OwnerID: 2, Name: name})
	check(err)
	d, err := s.AddDocument(ctx, core.Document{OrganizationID: 1, CorpusID: c.ID, Name: name, Tags: []string{}, Step: core.Pending})
	check(err)
	passages := make([]core.Indexed, len(vectors))
	for i := range passages {
		passages[i] = core.Indexed{Number: i + 1, Text: fmt.Sprint(i), Terms: map[string]int{}, Length: 1}
	}
	check(s.Stage(ctx, d, passages, held))
	d.Step = core.Completed
	_, err = s.Finish(ctx, d, nil, held)
	check(err)
	embedAll(t, s, c.ID, vectors)
	return searchable(t, s, c.ID)
}

func embedAll(t testing.TB, s *sqlstore.Store, corpusID int64, vectors [][]int8) {
	t.Helper()
	const atOnce = 200
	for after := int64(0); len(vectors) > 0; {
		bare, err := s.Unembedded(t.Context(), corpusID, 0, "m", after, min(atOnce, len(vectors)))
		if err != nil || len(bare) == 0 {
			t.Fatal(len(bare), err)
		}
		made := make([]ranking.Vector, len(bare))
		for i, p := range bare {
			made[i] = ranking.Vector{Passage: p.ID, Values: vectors[i]}
		}
		if err := s.AddVectors(t.Context(), corpusID, "m", made, held); err != nil {
			t.Fatal(err)
		}
		vectors, after = vectors[len(bare):], bare[len(bare)-1].ID
	}
}

func searchable(t testing.TB, s *sqlstore.Store, ids ...int64) []ranking.Corpus {
	t.Helper()
	found, err := s.Searchable(t.Context(), access.VisibleCorpora{OrganizationID: 1, UserID: 2}, 0, ids)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// places are the passages that a question finds by meaning.
func places(t testing.TB, s *sqlstore.Store, corpora []ranking.Corpus, question []int8) map[int64]bool {
	t.Helper()
	found, err := ranking.NewEngine(s, 1<<20).Search(t.Context(), ranking.Question{Corpora: corpora, Limit: 100, Meaning: &ranking.Meaning{Model: "m", Values: question}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]bool{}
	for _, h := range found.Hits {
		out[h.ID] = true
	}
	return out
}

func TestTheIndexFindsNearlyAllThatIsClosest(t *testing.T) {
	store, db := indexedStore(t)
	exact := sqlstore.New(db)
	const dimensions = 64
	all := clustered(2_000, dimensions)
	small, large := filled(t, store, "small", all[:400]), filled(t, store, "large", all[400:])
	for name, corpora := range map[string][]ranking.Corpus{"a corpus": large, "a small part": small, "all": {small[0], large[0]}} {
		right, wanted := 0, 0
		for _, question := range clustered(20, dimensions) {
			if _, ok, err := store.Closest(t.Context(), corpora, ranking.Meaning{Model: "m", Values: question}, 100); !ok || err != nil {
				t.Fatalf("%s: the index is not asked: %v", name, err)
			}
			found := places(t, store, corpora, question)
			for id := range places(t, exact, corpora, question) {
				if wanted++; found[id] {
					right++
				}
			}
		}
		recall := float64(right) / float64(wanted)
		t.Logf("%s: recall of the first hundred %.3f", name, recall)
		if recall < .95 {
			t.Errorf("%s: recall %.3f", name, recall)
		}
	}
}

// A few passages of many are compared exactly: the index would go through most
// of the others.
func TestFewPassagesAreComparedExactly(t *testing.T) {
	_, db := indexedStore(t)
	store := sqlstore.New(db) // as it is by itself
	if err := store.UseVectorIndex(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	corpora := filled(t, store, "a", clustered(200, 8))
	if _, err := db.ExecContext(t.Context(), "VACUUM ANALYZE corpora_directions"); err != nil {
		t.Fatal(err)
	}
	m := ranking.Meaning{Model: "m", Values: clustered(1, 8)[0]}
	for passages, want := range map[int]bool{200: false, 4_999: false, 5_000: true} {
		corpora[0].Passages = passages
		if _, ok, err := store.Closest(t.Context(), corpora, m, 100); ok != want || err != nil {
			t.Errorf("%d passages: the index is asked: %v, %v", passages, ok, err)
		}
	}
	// As if there were ten million.
	if _, err := db.ExecContext(t.Context(), "UPDATE pg_class SET reltuples = 1e7 WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = to_regclass('corpora_directions'))"); err != nil {
		t.Fatal(err)
	}
	for passages, want := range map[int]bool{90_000: false, 110_000: true} {
		corpora[0].Passages = passages
		if _, ok, err := store.Closest(t.Context(), corpora, m, 100); ok != want || err != nil {
			t.Errorf("%d passages of ten million: the index is asked: %v, %v", passages, ok, err)
		}
	}
}

func TestQuestionsBySimilarityUseTheIndex(t *testing.T) {
	store, db := indexedStore(t)
	corpora := filled(t, store, "a", clustered(500, 16))
	seen := &recorder{}
	db.AddQueryHook(seen)
	if _, ok, err := store.Closest(t.Context(), corpora, ranking.Meaning{Model: "m", Values: clustered(1, 16)[0]}, 100); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if len(seen.statements) != 2 {
		t.Fatalf("%d statements, want 2: %q", len(seen.statements), seen.statements)
	}
	conn, err := db.DB.DB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// What the first statement sets ends with its transaction.
	if _, err := conn.ExecContext(t.Context(), "SET enable_sort = off"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(t.Context()), "RESET enable_sort"); err != nil {
			t.Error(err)
		}
	}()
	plan := strings.Join(dbtest.Plan(t, conn, true, seen.statements[1]), "\n")
	if !regexp.MustCompile(`Index Scan using corpora_directions_\w+_16 `).MatchString(plan) || strings.Contains(plan, "Sort") {
		t.Errorf("it is planned as\n%s", plan)
	}
}
