package sqlstore_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
)

// inParts is an index that is never read as a whole.
type inParts struct{ ranking.Source }

// Whole implements ranking.Source.
func (inParts) Whole(context.Context, []int64, int) ([]ranking.Postings, ranking.Versions, error) {
	return nil, nil, nil
}

// BenchmarkWholeIndex reads the index of a corpus as a whole, by the 1,000 words
// of its passages, beside what one question over four new words takes that reads
// parts of it, and one that has the whole.
//
//	PARLEY_TEST_POSTGRES_URL=… go test ./modules/corpora/internal/adapters/sqlstore -run '^$' -bench WholeIndex -benchtime 200x
func BenchmarkWholeIndex(b *testing.B) {
	each(b, func(s bench) {
		w := newWriter()
		s.upload(w.markdown(150_000))
		s.wait(1)
		if s.db.Postgres() {
			if _, err := s.db.ExecContext(s.ctx, "VACUUM ANALYZE corpora_postings, corpora_passages, corpora_statistics, corpora_grams"); err != nil {
				s.b.Fatal(err)
			}
		}
		store := sqlstore.New(s.db)
		in, err := store.Searchable(s.ctx, access.CorporaVisibleTo(who), 0, []int64{s.corpus.ID})
		if err != nil {
			s.b.Fatal(err)
		}
		n := 0
		ask := func(b *testing.B, e *ranking.Engine) {
			b.Helper()
			for b.Loop() {
				n = (n + 4) % 15_000
				if _, err := e.Search(s.ctx, ranking.Question{Text: strings.Join(w.words[1000+n:1004+n], " "), Corpora: in, Limit: 10}); err != nil {
					b.Fatal(err)
				}
			}
		}
		s.b.Run("question/parts", func(b *testing.B) { ask(b, ranking.NewEngine(inParts{store}, 64<<20)) })
		s.b.Run("question/whole", func(b *testing.B) {
			e := ranking.NewEngine(store, 64<<20)
			ask(b, e)
		})
		s.b.Run("whole", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := store.Whole(s.ctx, []int64{s.corpus.ID}, math.MaxInt); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(in[0].Length)*1000, "us/1000words")
			b.ReportMetric(float64(in[0].Length), "words")
		})
	})
}
