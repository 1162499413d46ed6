package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/text"
	"parley/platform/sqldb"
)

// How much one Renew does: so many documents with about so many passages.
// Their postings are found by going through those of the corpus once.
const (
	renewDocuments = 500
	renewPassages  = 4_000
)

// outdated matches the partial index: a new text.Version needs a migration
// that makes that index anew, which a test checks.
const outdated = "reading < 2"

// Outdated implements core.Index.
func (s *Store) Outdated(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	var rows []core.Corpus
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_corpora AS c").ColumnExpr("c.id, c.organization_id").Where("c.id > ?", after).
		Where("EXISTS (SELECT 1 FROM corpora_passages AS p WHERE p.corpus_id = c.id AND p."+outdated+")").OrderExpr("c.id").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("looking for indexes of an older version: %w", err)
	}
	return rows, nil
}

// stale is core.Document.IsStale and matches the partial index: a new
// core.IndexVersion needs a migration that makes that index anew, which a test
// checks.
const stale = "step = 'completed' AND (index_version < 2 OR index_version < 3 AND chunk_count BETWEEN 2 AND 17)"

// StaleCorpora implements core.Index.
func (s *Store) StaleCorpora(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	var rows []core.Corpus
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_corpora AS c").ColumnExpr("c.id, c.organization_id").Where("c.id > ? AND NOT c.is_deleted", after).
		Where("EXISTS (SELECT 1 FROM corpora_documents AS d WHERE d.corpus_id = c.id AND "+stale+")").OrderExpr("c.id").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("looking for documents of an older version: %w", err)
	}
	return rows, nil
}

// Stale implements core.Index.
func (s *Store) Stale(ctx context.Context, corpusID int64, limit int) ([]core.Document, error) {
	return s.documents.List(ctx, limit, "id", sqldb.Cond("corpus_id = ? AND "+stale, corpusID))
}

// errChanged answers a document that was removed while its index was renewed.
var errChanged = errors.New("a document was removed meanwhile")

// place is the key of a row of postings within a corpus.
type place struct {
	term  string
	block int64
}

// change is a row of postings that is to be removed, written, or both.
type change struct {
	place
	old bool
	new *block
}

// Renew implements core.Index. Only the rows that change are written, so a
// word that is still read as before is found all the time.
func (s *Store) Renew(ctx context.Context, corpusID int64, hold core.Hold) (done bool, err error) {
	passages, err := s.outdatedPassages(ctx, corpusID)
	if err != nil || len(passages) == 0 {
		return err == nil, err
	}
	indexer := ranking.NewIndexer()
	length, resized := 0, []passageRow{}
	terms, wanted := map[string][]posting{}, []block{}
	for i, p := range passages {
		e := indexer.Entry(p.Title, p.Text)
		for term, tf := range e.Terms {
			terms[term] = append(terms[term], newPosting(p.ID, tf, e.Length))
		}
		if i+1 == len(passages) || passages[i+1].DocumentID != p.DocumentID {
			wanted = append(wanted, packAll(terms)...)
			clear(terms)
		}
		if e.Length != p.Length {
			if p.IsLive {
				length += e.Length - p.Length
			}
			p.Length = e.Length
			resized = append(resized, p)
		}
	}
	changes, err := s.changes(ctx, corpusID, passages, wanted)
	if err != nil {
		return false, err
	}
	if err := s.renewGrams(ctx, corpusID, wanted, hold); err != nil {
		return false, err
	}
	for part := range slices.Chunk(changes, blocksAtOnce) {
		err := s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error { return s.apply(ctx, tx, corpusID, passages, part) })
		if err != nil {
			return false, err
		}
	}
	return false, s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error {
		for _, p := range resized {
			if _, err := tx.NewUpdate().Model((*passageRow)(nil)).Set("length = ?", p.Length).Where("id = ?", p.ID).Exec(ctx); err != nil {
				return fmt.Errorf("renewing the length of passage %d: %w", p.ID, err)
			}
		}
		if _, err := tx.NewUpdate().Model((*passageRow)(nil)).Set("reading = ?", text.Version).Where("id IN (?)", bun.List(idsOf(passages))).Exec(ctx); err != nil {
			return fmt.Errorf("ending the renewal of passages: %w", err)
		}
		return s.renewed(ctx, corpusID, length)
	})
}

// renewGrams adds the grams of all terms: there were none at first.
func (s *Store) renewGrams(ctx context.Context, corpusID int64, wanted []block, hold core.Hold) error {
	terms := make([]string, len(wanted))
	for i, b := range wanted {
		terms[i] = b.term
	}
	slices.Sort(terms)
	for part := range slices.Chunk(slices.Compact(terms), blocksAtOnce) {
		if err := s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error { return s.insertGrams(ctx, tx, corpusID, part) }); err != nil {
			return err
		}
	}
	return nil
}

// renewed gives the corpus a new version.
func (s *Store) renewed(ctx context.Context, corpusID int64, length int) error {
	err := s.changing(ctx, func(ctx context.Context) error {
		_, err := s.db.On(ctx).NewRaw("UPDATE corpora_statistics SET length = length + ?, version = ? WHERE corpus_id = ?", length, newVersion(), corpusID).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("giving corpus %d a new version: %w", corpusID, err)
	}
	return nil
}

func idsOf(passages []passageRow) []int64 {
	ids := make([]int64, len(passages))
	for i, p := range passages {
		ids[i] = p.ID
	}
	return ids
}

// outdatedPassages answers those of some documents, document by document.
func (s *Store) outdatedPassages(ctx context.Context, corpusID int64) ([]passageRow, error) {
	var documents []struct{ DocumentID, N int64 }
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_passages").ColumnExpr("document_id, count(*) AS n").Where("corpus_id = ? AND "+outdated, corpusID).
		GroupExpr("document_id").OrderExpr("document_id").Limit(renewDocuments).Scan(ctx, &documents)
	if err != nil {
		return nil, fmt.Errorf("looking for documents of an older version: %w", err)
	}
	var ids []int64
	passages := int64(0)
	for _, d := range documents {
		if passages += d.N; len(ids) > 0 && passages > renewPassages {
			break
		}
		ids = append(ids, d.DocumentID)
	}
	rows := []passageRow{}
	err = s.db.On(ctx).NewSelect().Model(&rows).Where("document_id IN (?) AND "+outdated, bun.List(ids)).OrderExpr("document_id, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading passages of an older version: %w", err)
	}
	return rows, nil
}

// changes compares the postings of passages with those that they should have.
func (s *Store) changes(ctx context.Context, corpusID int64, passages []passageRow, wanted []block) ([]change, error) {
	ids := idsOf(passages)
	ours := make(map[int64]bool, len(ids))
	for _, id := range ids {
		ours[id] = true
	}
	missing := make(map[place]*block, len(wanted))
	for i, b := range wanted {
		missing[place{b.term, b.id}] = &wanted[i]
	}
	rows, err := s.db.On(ctx).
		QueryContext(ctx, "SELECT term, block, data FROM corpora_postings WHERE corpus_id = ? AND block BETWEEN ? AND ?", corpusID, slices.Min(ids), slices.Max(ids))
	if err != nil {
		return nil, fmt.Errorf("reading the postings of an older version: %w", err)
	}
	defer rows.Close()
	var out []change
	for rows.Next() {
		var at place
		var data string
		if err := rows.Scan(&at.term, &at.block, &data); err != nil {
			return nil, fmt.Errorf("reading the postings of an older version: %w", err)
		}
		if !ours[at.block] {
			continue
		}
		is, ok := missing[at]
		delete(missing, at)
		if !ok || is.data != data {
			out = append(out, change{at, true, is})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the postings of an older version: %w", err)
	}
	for at, b := range missing {
		out = append(out, change{at, false, b})
	}
	slices.SortFunc(out, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.term, b.term), cmp.Compare(a.block, b.block))
	})
	return out, nil
}

// apply writes changes, unless some of the passages are gone meanwhile.
func (s *Store) apply(ctx context.Context, tx bun.IDB, corpusID int64, passages []passageRow, changes []change) error {
	ids := idsOf(passages)
	there := tx.NewSelect().Model((*passageRow)(nil)).Column("id").Where("id IN (?)", bun.List(ids)).OrderExpr("id")
	if s.db.Postgres() {
		there = there.For("SHARE")
	}
	var left []int64
	if err := there.Scan(ctx, &left); err != nil {
		return fmt.Errorf("looking for passages: %w", err)
	}
	if len(left) != len(ids) {
		return fmt.Errorf("renewing %d passages: %w", len(ids), errChanged)
	}
	old := [][2]any{} // not null in JSON, which is no array to PostgreSQL
	var blocks []block
	terms := []string{}
	for _, c := range changes {
		if c.old {
			old = append(old, [2]any{c.term, c.block})
			terms = append(terms, c.term)
		}
		if c.new != nil {
			blocks = append(blocks, *c.new)
		}
	}
	packed, err := json.Marshal(old)
	if err != nil {
		return fmt.Errorf("packing places: %w", err)
	}
	unfold := "SELECT value ->> 0, value ->> 1 FROM json_each(?)"
	if s.db.Postgres() {
		unfold = "SELECT value ->> 0, (value ->> 1)::bigint FROM json_array_elements(?::json)"
	}
	if _, err := tx.NewRaw("DELETE FROM corpora_postings WHERE corpus_id = ? AND (term, block) IN ("+unfold+")", corpusID, string(packed)).Exec(ctx); err != nil {
		return fmt.Errorf("removing postings of an older version: %w", err)
	}
	if err := s.insertBlocks(ctx, tx, core.Document{CorpusID: corpusID}, blocks); err != nil {
		return err
	}
	if err := s.removeGrams(ctx, tx, corpusID, slices.Compact(terms)); err != nil {
		return err
	}
	return s.renewed(ctx, corpusID, 0)
}
