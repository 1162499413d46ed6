package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/text"
	"parley/platform/sqldb"
)

type passageRow struct {
	bun.BaseModel `bun:"table:corpora_passages,alias:p"`
	ID            int64
	CorpusID      int64
	DocumentID    int64
	Number        int
	Page          int
	Title         string
	Text          string
	Length        int
	IsLive        bool // of a completed document
	Reading       int  // the text.Version that its postings were made by
	// Sections are those within the text as JSON; "" for none, and for passages
	// that were stored before they were kept.
	Sections string
}

func (r passageRow) passage() (ranking.Passage, error) {
	p := ranking.Passage{ID: r.ID, Corpus: r.CorpusID, Document: r.DocumentID, Number: r.Number, Page: r.Page, Title: r.Title, Text: r.Text}
	if r.Sections != "" {
		if err := json.Unmarshal([]byte(r.Sections), &p.Sections); err != nil {
			return p, fmt.Errorf("decoding the sections of passage %d: %w", r.ID, err)
		}
	}
	return p, nil
}

func passagesOf(rows []passageRow) ([]ranking.Passage, error) {
	out := make([]ranking.Passage, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.passage(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sectionsOf are the sections within a passage as they are stored.
func sectionsOf(p core.Indexed) (string, error) {
	if len(p.Sections) == 0 {
		return "", nil
	}
	data, err := json.Marshal(p.Sections)
	if err != nil {
		return "", fmt.Errorf("encoding the sections of passage %d: %w", p.Number, err)
	}
	return string(data), nil
}

var open = bun.List([]core.Step{core.Pending, core.Extracting, core.Indexing})

// Begin implements core.Index.
func (s *Store) Begin(ctx context.Context, id int64) (before core.Document, err error) {
	_, err = s.documents.Update(ctx, func(d *core.Document) error {
		if before = *d; d.Step != core.Completed {
			d.Step, d.FailureReason = core.Extracting, nil
		}
		return nil
	}, sqldb.Eq("id", id))
	return before, err
}

// Unfinished implements core.Index.
func (s *Store) Unfinished(ctx context.Context, after int64, limit int) ([]core.Document, error) {
	return s.documents.List(ctx, limit, "id", sqldb.Cond("step IN (?)", open), sqldb.Cond("id > ?", after))
}

// held runs fn in one short transaction, as long as hold allows it.
func (s *Store) held(ctx context.Context, hold core.Hold, fn func(ctx context.Context, tx bun.IDB) error) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		if err := hold(ctx); err != nil {
			return err
		}
		return fn(ctx, s.db.On(ctx))
	})
}

// clearSize is how many passages are removed in one transaction.
const clearSize = 100

// Clear implements core.Index. The terms of a passage are read from its text
// again, so that no second index of the postings is needed.
func (s *Store) Clear(ctx context.Context, documentID int64, hold core.Hold) (done bool, err error) {
	indexer := ranking.NewIndexer()
	err = s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error {
		rows := []passageRow{}
		found := tx.NewSelect().Model(&rows).Where("document_id = ? AND NOT is_live", documentID).OrderExpr("id").Limit(clearSize)
		if s.db.Postgres() { // passages come before the statistics, which removeGrams locks
			found = found.For("UPDATE")
		}
		if err := found.Scan(ctx); err != nil {
			return err
		}
		done = len(rows) < clearSize
		if len(rows) == 0 {
			return nil
		}
		ids, outdated := make([]int64, len(rows)), []int64{}
		gone := map[string]bool{}
		for i, r := range rows {
			ids[i] = r.ID
			if r.Reading != text.Version {
				outdated = append(outdated, r.ID)
				continue
			}
			terms := slices.Collect(maps.Keys(indexer.Entry(r.Title, r.Text).Terms))
			for _, term := range terms {
				gone[term] = true
			}
			if _, err := tx.NewDelete().
				TableExpr("corpora_postings").
				Where("corpus_id = ? AND block = ? AND term IN (?)", r.CorpusID, r.ID, bun.List(terms)).
				Exec(ctx); err != nil {
				return err
			}
		}
		if len(outdated) > 0 { // nobody can say any more which terms they had
			var terms []string
			err := tx.NewDelete().
				TableExpr("corpora_postings").
				Where("corpus_id = ? AND block IN (?)", rows[0].CorpusID, bun.List(outdated)).
				Returning("term").
				Scan(ctx, &terms)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			for _, term := range terms {
				gone[term] = true
			}
		}
		if err := s.removeGrams(ctx, tx, rows[0].CorpusID, slices.Sorted(maps.Keys(gone))); err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model((*passageRow)(nil)).Where("id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewDelete().Model((*vectorRow)(nil)).Where("passage_id IN (?)", bun.List(ids)).Exec(ctx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("clearing the passages of document %d: %w", documentID, err)
	}
	return done, nil
}

// How much one transaction of Stage writes.
const (
	passagesAtOnce = 200
	blocksAtOnce   = 1_000
)

// Stage implements core.Index. The postings of all passages go in together, in
// the order of the index: each page of it is then written once.
func (s *Store) Stage(ctx context.Context, d core.Document, passages []core.Indexed, hold core.Hold) error {
	err := s.db.Within(ctx, func(ctx context.Context) error {
		res, err := s.db.On(ctx).NewUpdate().TableExpr("corpora_documents").Set("step = CASE WHEN step = ? THEN step ELSE ? END", core.Completed, core.Indexing).
			Where("id = ?", d.ID).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return hold.After(ctx, errors.Join(core.ErrDocumentNotFound, err))
		}
		return hold(ctx)
	})
	if err != nil {
		return fmt.Errorf("moving document %d on: %w", d.ID, err)
	}
	terms := map[string][]posting{}
	for part := range slices.Chunk(passages, passagesAtOnce) {
		err := s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error { return insertPassages(ctx, tx, d, part, false, terms) })
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(packAll(terms), blocksAtOnce) {
		err := s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error { return s.insertBlocks(ctx, tx, d, part) })
		if err != nil {
			return err
		}
	}
	return nil
}

// insertPassages writes passages and adds their postings to terms.
func insertPassages(ctx context.Context, tx bun.IDB, d core.Document, passages []core.Indexed, live bool, terms map[string][]posting) error {
	if len(passages) == 0 {
		return nil
	}
	rows := make([]passageRow, len(passages))
	for i, p := range passages {
		sections, err := sectionsOf(p)
		if err != nil {
			return err
		}
		rows[i] = passageRow{
			CorpusID:   d.CorpusID,
			DocumentID: d.ID,
			Number:     p.Number,
			Page:       p.Page,
			Title:      p.Title,
			Text:       p.Text,
			Length:     p.Length,
			IsLive:     live,
			Reading:    text.Version,
			Sections:   sections,
		}
	}
	if _, err := tx.NewInsert().Model(&rows).ExcludeColumn("id").Returning("id").Exec(ctx); err != nil {
		return fmt.Errorf("storing passages of document %d: %w", d.ID, err)
	}
	for i, p := range passages {
		for term, tf := range p.Terms {
			terms[term] = append(terms[term], newPosting(rows[i].ID, tf, p.Length))
		}
	}
	return nil
}

// insertBlocks adds blocks as one JSON array that the database unfolds. Rows
// of VALUES and PostgreSQL's arrays are hardly faster.
func (s *Store) insertBlocks(ctx context.Context, tx bun.IDB, d core.Document, blocks []block) error {
	if len(blocks) == 0 {
		return nil
	}
	values := make([][4]any, len(blocks))
	terms := make([]string, 0, len(blocks))
	for i, b := range blocks {
		if i == 0 || b.term != blocks[i-1].term {
			terms = append(terms, b.term)
		}
		values[i] = [4]any{b.term, b.id, b.passages, b.data}
	}
	if err := s.addGrams(ctx, tx, d.CorpusID, terms); err != nil {
		return err
	}
	packed, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("packing postings of document %d: %w", d.ID, err)
	}
	unfold := "SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)"
	if s.db.Postgres() {
		unfold = "SELECT ?, value ->> 0, (value ->> 1)::bigint, (value ->> 2)::int, value ->> 3 FROM json_array_elements(?::json)"
	}
	_, err = tx.NewRaw("INSERT INTO corpora_postings (corpus_id, term, block, passages, data) "+unfold, d.CorpusID, string(packed)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing postings of document %d: %w", d.ID, err)
	}
	return nil
}

// warningsOf are a document's warnings as they are stored; nil for none.
func warningsOf(d core.Document) (*string, error) {
	if len(d.Warnings) == 0 {
		return nil, nil //nolint:nilnil // NULL
	}
	data, err := json.Marshal(d.Warnings)
	if err != nil {
		return nil, fmt.Errorf("encoding the warnings of document %d: %w", d.ID, err)
	}
	text := string(data)
	return &text, nil
}

// Finish implements core.Index.
func (s *Store) Finish(ctx context.Context, d core.Document, last []core.Indexed, hold core.Hold) (core.Document, error) {
	var row documentRow
	warnings, err := warningsOf(d)
	if err != nil {
		return d, err
	}
	q := s.db.On(ctx).NewUpdate().Model(&row).Set("step = ?", d.Step).Set("warnings = ?", warnings).Set("failure_reason = ?", d.FailureReason).
		Set("page_count = ?", d.PageCount).Set("mime_type = ?", d.MimeType).Set("charset = ?", d.Charset).Set("modified_on = ?", d.ModifiedOn)
	if d.Step == core.Failed {
		q = q.Set("claimed_name = '', claimed_content = ''")
	} else {
		q = q.Set("chunk_count = ?", d.ChunkCount).Set("index_version = ?", core.IndexVersion)
	}
	err = q.Where("id = ?", d.ID).Returning("*").Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = core.ErrDocumentNotFound
	case err != nil:
		err = fmt.Errorf("finishing document %d: %w", d.ID, err)
	}
	if err := hold.After(ctx, err); err != nil {
		return d, err
	}
	if d.Step != core.Completed {
		return row.Document, nil
	}
	// What was staged takes the place of what was there.
	var turned []struct {
		Length int
		IsLive bool
	}
	err = s.db.On(ctx).
		NewUpdate().
		TableExpr("corpora_passages").
		Set("is_live = NOT is_live").
		Where("document_id = ?", d.ID).
		Returning("length, is_live").
		Scan(ctx, &turned)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("showing the passages of document %d: %w", d.ID, err)
	}
	passages, length, replaced := len(last), 0, false
	for _, p := range turned {
		sign := -1
		if p.IsLive {
			sign = 1
		}
		replaced = replaced || !p.IsLive
		passages, length = passages+sign, length+sign*p.Length
	}
	for _, p := range last {
		length += p.Length
	}
	terms := map[string][]posting{}
	if err := insertPassages(ctx, s.db.On(ctx), d, last, true, terms); err != nil {
		return d, err
	}
	if err := s.insertBlocks(ctx, s.db.On(ctx), d, packAll(terms)); err != nil {
		return d, err
	}
	if replaced {
		if err := s.passVectors(ctx, d.ID); err != nil {
			return d, err
		}
	}
	err = s.changing(ctx, func(ctx context.Context) error {
		_, err := s.db.On(ctx).
			NewRaw("UPDATE corpora_statistics SET passages = passages + ?, length = length + ?, version = ? WHERE corpus_id = ?", passages, length, newVersion(), d.CorpusID).
			Exec(ctx)
		return err
	})
	if err != nil {
		return d, fmt.Errorf("counting the passages of document %d: %w", d.ID, err)
	}
	return row.Document, nil
}
