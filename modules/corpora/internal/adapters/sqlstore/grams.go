package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/text"
)

// unknown answers which of the terms no passage of the corpus has. On
// PostgreSQL it locks the statistics of the corpus until the end of the
// transaction: the grams of a term are added with its first posting and removed
// with its last, and two transactions must not take each other's for that.
func (s *Store) unknown(ctx context.Context, tx bun.IDB, corpusID int64, terms []string) (out []string, err error) {
	if len(terms) == 0 { // as of a passage without words
		return nil, nil
	}
	if s.db.Postgres() {
		if _, err := tx.NewRaw("SELECT 1 FROM corpora_statistics WHERE corpus_id = ? FOR UPDATE", corpusID).Exec(ctx); err != nil {
			return nil, fmt.Errorf("locking the statistics of corpus %d: %w", corpusID, err)
		}
	}
	packed, err := json.Marshal(terms)
	if err != nil {
		return nil, fmt.Errorf("packing terms: %w", err)
	}
	unfold := "json_each(?)"
	if s.db.Postgres() {
		unfold = "json_array_elements_text(?::json)"
	}
	// A subquery that gives a value is looked up term by term. PostgreSQL would
	// read all postings of the corpus for NOT EXISTS.
	err = tx.NewRaw("SELECT value FROM "+unfold+" WHERE (SELECT 1 FROM corpora_postings WHERE corpus_id = ? AND term = value LIMIT 1) IS NULL", string(packed), corpusID).
		Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("looking for unknown terms: %w", err)
	}
	return out, nil
}

// grams are the rows of terms as JSON, in the order of the index, and whether
// there are any.
func grams(terms []string) (packed string, found bool, err error) {
	type row struct {
		gram int64
		term string
	}
	var rows []row
	for _, term := range terms {
		for _, g := range text.TermGrams(term) {
			rows = append(rows, row{int64(g), term}) //nolint:gosec // a number for a number
		}
	}
	if len(rows) == 0 {
		return "", false, nil
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.gram, b.gram), cmp.Compare(a.term, b.term)) })
	values := make([][2]any, len(rows))
	for i, r := range rows {
		values[i] = [2]any{r.gram, r.term}
	}
	out, err := json.Marshal(values)
	if err != nil {
		return "", false, fmt.Errorf("packing grams: %w", err)
	}
	return string(out), true, nil
}

// unfoldGrams gives (gram, term) of packed grams.
func (s *Store) unfoldGrams() string {
	if s.db.Postgres() {
		return "SELECT (value ->> 0)::bigint, value ->> 1 FROM json_array_elements(?::json)"
	}
	return "SELECT value ->> 0, value ->> 1 FROM json_each(?)"
}

// addGrams adds the grams of those terms that are new to the corpus. Their
// postings are to be added in the same transaction.
func (s *Store) addGrams(ctx context.Context, tx bun.IDB, corpusID int64, terms []string) error {
	fresh, err := s.unknown(ctx, tx, corpusID, terms)
	if err != nil {
		return err
	}
	return s.insertGrams(ctx, tx, corpusID, fresh)
}

// insertGrams adds the grams of terms that are not there yet.
func (s *Store) insertGrams(ctx context.Context, tx bun.IDB, corpusID int64, terms []string) error {
	packed, found, err := grams(terms)
	if err != nil || !found {
		return err
	}
	_, err = tx.NewRaw("INSERT INTO corpora_grams (corpus_id, gram, term) SELECT ?, g.* FROM ("+s.unfoldGrams()+") AS g WHERE true ON CONFLICT DO NOTHING", corpusID, packed).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing grams: %w", err)
	}
	return nil
}

// removeGrams removes the grams of those terms that no passage has any more.
func (s *Store) removeGrams(ctx context.Context, tx bun.IDB, corpusID int64, terms []string) error {
	gone, err := s.unknown(ctx, tx, corpusID, terms)
	if err != nil {
		return err
	}
	packed, found, err := grams(gone)
	if err != nil || !found {
		return err
	}
	_, err = tx.NewRaw("DELETE FROM corpora_grams WHERE corpus_id = ? AND (gram, term) IN ("+s.unfoldGrams()+")", corpusID, packed).Exec(ctx)
	if err != nil {
		return fmt.Errorf("removing grams: %w", err)
	}
	return nil
}

// Alike implements ranking.Source.
func (s *Store) Alike(ctx context.Context, corpora []int64, words [][]text.Gram, limit int) ([]ranking.AlikeTerm, ranking.Versions, error) {
	rows, versions, err := s.alike(ctx, corpora, words, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for terms that are alike: %w", err)
	}
	out := make([]ranking.AlikeTerm, len(rows))
	for i, r := range rows {
		word, err := strconv.Atoi(r.Data)
		if err != nil {
			return nil, nil, fmt.Errorf("reading terms that are alike: %w", err)
		}
		out[i] = ranking.AlikeTerm{Word: word, Term: r.Term, Shared: int(r.N)}
	}
	return out, versions, nil
}

// alike counts a term once for each of its grams, in however many corpora.
func (s *Store) alike(ctx context.Context, corpora []int64, words [][]text.Gram, limit int) ([]versioned, ranking.Versions, error) {
	var numbers, all []int64
	var each *bun.SelectQuery
	for i, word := range words {
		grams := make([]int64, len(word))
		for k, g := range word {
			grams[k] = int64(g) //nolint:gosec // a number for a number
			numbers = append(numbers, int64(i))
		}
		all = append(all, grams...)
		if s.db.Postgres() {
			continue
		}
		shared := s.db.NewSelect().TableExpr("corpora_grams").ColumnExpr("term, CAST(count(DISTINCT gram) AS BIGINT) AS n").
			Where("corpus_id IN (?) AND gram IN (?)", bun.List(corpora), bun.List(grams)).
			GroupExpr("term").OrderExpr("n DESC, octet_length(term), term").Limit(int64(limit))
		one := s.db.NewSelect().TableExpr("(?) AS commonest", shared).ColumnExpr("0, term, n, ?", strconv.Itoa(i))
		if each == nil {
			each = one
		} else {
			each = each.UnionAll(one)
		}
	}
	if s.db.Postgres() {
		return s.gatheredAlike(ctx, corpora, numbers, all, limit)
	}
	return s.snapshot(ctx, corpora, each)
}
