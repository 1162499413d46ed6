package sqlstore_test

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkNearest asks for the hundred closest of as many vectors of 1,024
// dimensions as PARLEY_BENCH_VECTORS says, by pgvector and by comparing all of
// them, in a corpus that has all and in one that has a twentieth of them.
func BenchmarkNearest(b *testing.B) {
	const dimensions, questions = 1_024, 50
	n, err := strconv.Atoi(os.Getenv("PARLEY_BENCH_VECTORS"))
	if err != nil {
		n = 2_000
	}
	db := dbtest.Pgvector(b, sqlstore.Migrations())
	store, exact := sqlstore.New(db), sqlstore.New(db)
	store.AlwaysIndex()
	if err := store.UseVectorIndex(b.Context(), slog.New(slog.DiscardHandler)); err != nil {
		b.Fatal(err)
	}
	all := clustered(n, dimensions)
	// The index is made at once: to add one vector after the other takes longer.
	filled(b, store, "first", all[:1])
	var name, made string
	if err := db.NewRaw("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'corpora_directions' AND indexdef LIKE '%hnsw%'").Scan(b.Context(), &name, &made); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(b.Context(), "DROP INDEX "+name); err != nil {
		b.Fatal(err)
	}
	large := filled(b, store, "large", all[:n-n/20])
	small := filled(b, store, "small", all[n-n/20:])
	if _, err := db.ExecContext(b.Context(), "SET maintenance_work_mem = '1GB'; SET statement_timeout = 0; "+made); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(b.Context(), "VACUUM ANALYZE corpora_vectors, corpora_directions"); err != nil {
		b.Fatal(err)
	}
	asked := clustered(questions, dimensions)
	for name, corpora := range map[string][]ranking.Corpus{"all": large, "a twentieth": small} {
		cold, warm := ranking.NewEngine(exact, 64<<20), ranking.NewEngine(store, 64<<20) // as the server has it
		want := make([]map[int64]bool, questions)
		for i, q := range asked {
			want[i] = foundBy(b, cold, corpora, q)
		}
		for by, engine := range map[string]*ranking.Engine{"exact": cold, "index": warm} {
			b.Run(fmt.Sprintf("%s/%s", name, by), func(b *testing.B) {
				right, wanted := 0, 0
				for i := 0; b.Loop(); i++ {
					found := foundBy(b, engine, corpora, asked[i%questions])
					for id := range want[i%questions] {
						if wanted++; found[id] {
							right++
						}
					}
				}
				b.ReportMetric(float64(right)/float64(wanted), "recall")
			})
		}
	}
}

func foundBy(b *testing.B, e *ranking.Engine, corpora []ranking.Corpus, question []int8) map[int64]bool {
	b.Helper()
	found, err := e.Search(b.Context(), ranking.Question{Corpora: corpora, Limit: 100, Meaning: &ranking.Meaning{Model: "m", Values: question}})
	if err != nil {
		b.Fatal(err)
	}
	out := map[int64]bool{}
	for _, h := range found.Hits {
		out[h.ID] = true
	}
	return out
}
