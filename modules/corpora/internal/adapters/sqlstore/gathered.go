package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/sqldb"
)

// postingsOf, wholeOf and alikeOf are Postings, Whole and Alike on PostgreSQL, which
// takes longer to plan them than to run them.
var (
	postingsOf = sqldb.NewKept(
		versionsOf + `SELECT corpus_id, term, CAST(sum(passages) AS BIGINT), CASE WHEN sum(passages) <= $3::bigint THEN string_agg(data, '') ELSE '' END
	FROM corpora_postings WHERE corpus_id = ANY($1::bigint[]) AND term = ANY($2::text[])
	AND block NOT IN (SELECT id FROM corpora_passages WHERE NOT is_live AND corpus_id = ANY($1::bigint[])) GROUP BY corpus_id, term`,
	)
	wholeOf = sqldb.NewKept(versionsOf + `SELECT corpus_id, term, CAST(sum(passages) AS BIGINT), string_agg(data, '')
	FROM corpora_postings WHERE corpus_id IN (SELECT corpus_id FROM corpora_statistics WHERE corpus_id = ANY($1::bigint[]) AND length <= $2::bigint)
	AND block NOT IN (SELECT id FROM corpora_passages WHERE NOT is_live AND corpus_id = ANY($1::bigint[])) GROUP BY corpus_id, term`)
	alikeOf = sqldb.NewKept(versionsOf + `(SELECT 0, term, n, CAST(word AS TEXT) FROM (
	SELECT w.word, g.term, count(DISTINCT g.gram) AS n,
		row_number() OVER (PARTITION BY w.word ORDER BY count(DISTINCT g.gram) DESC, octet_length(g.term), g.term) AS place
	FROM unnest($2::bigint[], $3::bigint[]) AS w (word, gram) JOIN corpora_grams AS g ON g.corpus_id = ANY($1::bigint[]) AND g.gram = w.gram
	GROUP BY w.word, g.term) AS found WHERE place <= $4::bigint ORDER BY found.word, found.place)`)
)

// versionsOf begins a statement as snapshot does.
const versionsOf = "SELECT corpus_id, '' AS term, version AS n, '' AS data FROM corpora_statistics WHERE corpus_id = ANY($1::bigint[]) UNION ALL "

// keptSnapshot runs a statement that begins with versionsOf.
func (s *Store) keptSnapshot(ctx context.Context, statement sqldb.Kept, corpora []int64, args ...any) (rows []versioned, versions ranking.Versions, err error) {
	versions = make(ranking.Versions, len(corpora))
	err = statement.Rows(ctx, s.db.On(ctx), func(row *sql.Rows) error {
		var r versioned
		if err := row.Scan(&r.CorpusID, &r.Term, &r.N, &r.Data); err != nil {
			return err
		}
		if r.Term == "" {
			versions[r.CorpusID] = r.N
		} else {
			rows = append(rows, r)
		}
		return nil
	}, append([]any{corpora}, args...)...)
	return rows, versions, err
}

// gathering has the reads of PostgreSQL that several questions share.
type gathering struct {
	postingsAtOnce sqldb.GatheredReads[string, []string, found]
	alikeAtOnce    sqldb.GatheredReads[string, gramsOfWords, found]
	passagesAtOnce sqldb.GatheredReads[string, []int64, []passageRow]
}

// found is what one of the questions gets of a statement.
type found struct {
	rows     []versioned
	versions ranking.Versions
}

// gatherMost is how long the postings of a term may be that are read for several
// questions at once.
const gatherMost = 1_000

func (s *Store) gatheredPostings(ctx context.Context, corpora []int64, terms []string, most int) ([]versioned, ranking.Versions, error) {
	if most > gatherMost || s.db.InTx(ctx) {
		return s.keptSnapshot(ctx, postingsOf, corpora, terms, int64(most))
	}
	f, err := s.postingsAtOnce.Do(ctx, fmt.Sprint(corpora, most), terms, func(ctx context.Context, asked [][]string) ([]found, error) {
		rows, versions, err := s.keptSnapshot(ctx, postingsOf, corpora, union(asked), int64(most))
		out := make([]found, len(asked))
		for i, rows := range theirs(rows, asked, func(r versioned) string { return r.Term }) {
			out[i] = found{rows, versions}
		}
		return out, err
	})
	return f.rows, f.versions, err
}

// gramsOfWords are grams, each with the number of its word in a question.
type gramsOfWords struct{ words, grams []int64 }

// wordBits are those of the number of a word, which is below ranking's bound of
// the terms of a question.
const wordBits = 16

func (s *Store) gatheredAlike(ctx context.Context, corpora, words, grams []int64, limit int) ([]versioned, ranking.Versions, error) {
	if s.db.InTx(ctx) {
		return s.keptSnapshot(ctx, alikeOf, corpora, words, grams, int64(limit))
	}
	f, err := s.alikeAtOnce.Do(ctx, fmt.Sprint(corpora, limit), gramsOfWords{words, grams}, func(ctx context.Context, asked []gramsOfWords) ([]found, error) {
		var all gramsOfWords
		for i, a := range asked {
			for _, w := range a.words {
				all.words = append(all.words, int64(i)<<wordBits+w)
			}
			all.grams = append(all.grams, a.grams...)
		}
		rows, versions, err := s.keptSnapshot(ctx, alikeOf, corpora, all.words, all.grams, int64(limit))
		out := make([]found, len(asked))
		for i := range out {
			out[i].versions = versions
		}
		for _, r := range rows {
			n, err := strconv.ParseInt(r.Data, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("reading the number of a word: %w", err)
			}
			r.Data = strconv.FormatInt(n&(1<<wordBits-1), 10)
			out[n>>wordBits].rows = append(out[n>>wordBits].rows, r)
		}
		return out, err
	})
	return f.rows, f.versions, err
}

func (s *Store) gatheredPassages(ctx context.Context, corpora, ids []int64) ([]passageRow, error) {
	if !s.db.Postgres() || s.db.InTx(ctx) {
		return s.passages(ctx, corpora, ids)
	}
	return s.passagesAtOnce.Do(ctx, fmt.Sprint(corpora), ids, func(ctx context.Context, asked [][]int64) ([][]passageRow, error) {
		rows, err := s.passages(ctx, corpora, union(asked))
		return theirs(rows, asked, func(r passageRow) int64 { return r.ID }), err
	})
}

// union is each of the values once.
func union[V cmp.Ordered](lists [][]V) []V {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// theirs gives each who asked the rows of the keys that they asked for.
func theirs[R any, K comparable](rows []R, asked [][]K, key func(R) K) [][]R {
	out := make([][]R, len(asked))
	if len(asked) == 1 {
		out[0] = rows
		return out
	}
	by := map[K][]int{} // who asked for a key
	for i, keys := range asked {
		for _, k := range keys {
			if who := by[k]; len(who) == 0 || who[len(who)-1] != i {
				by[k] = append(who, i)
			}
		}
	}
	for _, r := range rows {
		for _, i := range by[key(r)] {
			out[i] = append(out[i], r)
		}
	}
	return out
}
