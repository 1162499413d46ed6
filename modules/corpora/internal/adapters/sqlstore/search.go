package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core/ranking"
)

// live leaves out the blocks of passages that no question may see yet; an
// index has these alone.
const live = "block NOT IN (SELECT id FROM corpora_passages WHERE NOT is_live AND corpus_id IN (?))"

// Statistics implements ranking.Source.
func (s *Store) Statistics(ctx context.Context, corpora []int64, terms []string) (ranking.Statistics, error) {
	out := ranking.Statistics{DF: map[string]int{}}
	var sum struct{ Passages, Length int }
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_statistics").ColumnExpr("CAST(coalesce(sum(passages), 0) AS BIGINT) AS passages, CAST(coalesce(sum(length), 0) AS BIGINT) AS length").
		Where("corpus_id IN (?)", bun.List(corpora)).Scan(ctx, &sum)
	if err != nil {
		return out, fmt.Errorf("summing up corpora: %w", err)
	}
	out.Passages, out.Length = sum.Passages, sum.Length
	if len(terms) == 0 {
		return out, nil
	}
	var counts []ranking.TermCount
	err = s.db.On(ctx).NewSelect().TableExpr("corpora_postings").ColumnExpr("term, CAST(sum(passages) AS BIGINT) AS df").
		Where("corpus_id IN (?) AND term IN (?)", bun.List(corpora), bun.List(terms)).Where(live, bun.List(corpora)).GroupExpr("term").Scan(ctx, &counts)
	if err != nil {
		return out, fmt.Errorf("counting terms: %w", err)
	}
	for _, c := range counts {
		out.DF[c.Term] = c.DF
	}
	return out, nil
}

// Vocabulary implements ranking.Source. Both databases compare terms byte by
// byte, so the terms with a prefix are one range of the index.
func (s *Store) Vocabulary(ctx context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]ranking.TermCount, error) {
	var out []ranking.TermCount
	q := s.db.On(ctx).NewSelect().TableExpr("corpora_postings").ColumnExpr("term, CAST(sum(passages) AS BIGINT) AS df").Where("corpus_id IN (?)", bun.List(corpora))
	if prefix != "" {
		q = q.Where("term >= ? AND term < ?", prefix, prefix+"\U0010ffff")
	}
	err := q.Where("octet_length(term) BETWEEN ? AND ?", shortest, longest).Where(live, bun.List(corpora)).GroupExpr("term").OrderExpr("df DESC, term").Limit(int64(limit)).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("reading the vocabulary: %w", err)
	}
	return out, nil
}

// Candidates implements ranking.Source. The database hands the postings over,
// one row for each term, and they are scored here: adding them up in SQL takes
// six to ten times as long, and databases don't add in the same order.
func (s *Store) Candidates(ctx context.Context, corpora []int64, terms []ranking.Weighted, slope float64, limit int) ([]ranking.Candidate, error) {
	names := make([]string, len(terms))
	for i, t := range terms {
		names[i] = t.Term
	}
	joined := "group_concat(data, '')"
	if s.db.Postgres() {
		joined = "string_agg(data, '')"
	}
	var found []struct{ Term, Data string }
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_postings").ColumnExpr("term, "+joined+" AS data").
		Where("corpus_id IN (?) AND term IN (?)", bun.List(corpora), bun.List(names)).Where(live, bun.List(corpora)).GroupExpr("term").Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("reading postings: %w", err)
	}
	data := make(map[string]string, len(found))
	for _, f := range found {
		data[f.Term] = f.Data
	}
	sums := map[int64]float64{}
	for _, t := range terms {
		err := unpack(data[t.Term], func(p posting) {
			tf := float64(p.tf)
			sums[p.passage] += t.Weight * (tf / (tf + ranking.Base + slope*float64(p.length)))
		})
		if err != nil {
			return nil, fmt.Errorf("reading the postings of %q: %w", t.Term, err)
		}
	}
	return best(sums, limit), nil
}

// best are the highest sums, ties in favour of the lower id.
func best(sums map[int64]float64, limit int) []ranking.Candidate {
	var out []ranking.Candidate
	cut := func() {
		slices.SortFunc(out, func(a, b ranking.Candidate) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage, b.Passage))
		})
		out = out[:min(limit, len(out))]
	}
	least := math.Inf(-1)
	for id, sum := range sums {
		if sum < least {
			continue
		}
		if out = append(out, ranking.Candidate{Passage: id, Score: sum}); len(out) >= 4*limit {
			cut()
			least = out[limit-1].Score
		}
	}
	cut()
	return out
}

// Passages implements ranking.Source.
func (s *Store) Passages(ctx context.Context, corpora []int64, ids []int64) ([]ranking.Passage, error) {
	rows := []passageRow{}
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("id IN (?) AND corpus_id IN (?) AND is_live", bun.List(ids), bun.List(corpora)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading passages: %w", err)
	}
	out := make([]ranking.Passage, len(rows))
	for i, r := range rows {
		out[i] = ranking.Passage{ID: r.ID, Corpus: r.CorpusID, Document: r.DocumentID, Number: r.Number, Page: r.Page, Title: r.Title, Text: r.Text}
	}
	return out, nil
}
