package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
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
}

// Claim implements core.Index.
func (s *Store) Claim(ctx context.Context, owner string, now, until time.Time) (core.Document, bool, error) {
	next := s.db.NewSelect().TableExpr("corpora_documents").Column("id").
		Where("step IN (?)", open).Where("(claimed_until IS NULL OR claimed_until < ?)", now).OrderExpr("id").Limit(1)
	if s.db.Postgres() {
		next = next.For("UPDATE SKIP LOCKED")
	}
	var row documentRow
	err := s.db.On(ctx).NewUpdate().Model(&row).Set("step = ?", core.Extracting).Set("claimed_by = ?", owner).Set("claimed_until = ?", until).Set("attempts = attempts + 1").
		Where("id = (?)", next).Returning("*").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.Document{}, false, nil
	}
	if err != nil {
		return core.Document{}, false, fmt.Errorf("claiming a document: %w", err)
	}
	return row.Document, true, nil
}

var open = bun.List([]core.Step{core.Pending, core.Extracting, core.Indexing})

// Claimants implements core.Index.
func (s *Store) Claimants(ctx context.Context) ([]string, error) {
	var owners []string
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_documents").ColumnExpr("DISTINCT claimed_by").Where("claimed_until IS NOT NULL AND step IN (?)", open).Scan(ctx, &owners)
	if err != nil {
		return nil, fmt.Errorf("listing claims: %w", err)
	}
	return owners, nil
}

// Release implements core.Index.
func (s *Store) Release(ctx context.Context, dead []string) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("corpora_documents").Set("claimed_until = NULL").Where("claimed_by IN (?) AND step IN (?)", bun.List(dead), open).Exec(ctx)
	if err != nil {
		return fmt.Errorf("releasing claims: %w", err)
	}
	return nil
}

// claimed narrows a statement to a claimed document, as long as nobody has
// claimed it since.
func claimed(claim core.Document) (string, []any) {
	return "id = ? AND claimed_by = ? AND attempts = ? AND step IN (?)", []any{claim.ID, claim.ClaimedBy, claim.Attempts, open}
}

// extendClaim extends a claim and keeps others from claiming the document until the
// end of tx.
func extendClaim(ctx context.Context, tx bun.Tx, claim core.Document, step core.Step, until time.Time) error {
	where, args := claimed(claim)
	res, err := tx.NewUpdate().TableExpr("corpora_documents").Set("step = ?", step).Set("claimed_until = ?", until).Where(where, args...).Exec(ctx)
	if err != nil {
		return fmt.Errorf("extending the claim of document %d: %w", claim.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(core.ErrClaimLost, err)
	}
	return nil
}

// clearSize is how many passages are removed in one transaction.
const clearSize = 100

// Clear implements core.Index. The terms of a passage are read from its text
// again, so that no second index of the postings is needed.
func (s *Store) Clear(ctx context.Context, claim core.Document, until time.Time) (done bool, err error) {
	indexer := ranking.NewIndexer()
	err = s.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := extendClaim(ctx, tx, claim, core.Extracting, until); err != nil {
			return err
		}
		rows := []passageRow{}
		if err := tx.NewSelect().Model(&rows).Where("document_id = ?", claim.ID).OrderExpr("id").Limit(clearSize).Scan(ctx); err != nil {
			return err
		}
		done = len(rows) < clearSize
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
			terms := indexer.Entry(r.Title, r.Text).Terms
			names := make([]string, 0, len(terms))
			for term := range terms {
				names = append(names, term)
			}
			if _, err := tx.NewDelete().TableExpr("corpora_postings").Where("corpus_id = ? AND block = ? AND term IN (?)", r.CorpusID, r.ID, bun.List(names)).Exec(ctx); err != nil {
				return err
			}
		}
		_, err := tx.NewDelete().Model((*passageRow)(nil)).Where("id IN (?)", bun.List(ids)).Exec(ctx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("clearing the passages of document %d: %w", claim.ID, err)
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
func (s *Store) Stage(ctx context.Context, claim core.Document, passages []core.Indexed, until time.Time) error {
	holding := func(write func(ctx context.Context, tx bun.IDB) error) error {
		return s.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			if err := extendClaim(ctx, tx, claim, core.Indexing, until); err != nil {
				return err
			}
			return write(ctx, tx)
		})
	}
	terms := map[string][]posting{}
	for part := range slices.Chunk(passages, passagesAtOnce) {
		err := holding(func(ctx context.Context, tx bun.IDB) error { return insertPassages(ctx, tx, claim, part, false, terms) })
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(packAll(terms), blocksAtOnce) {
		err := holding(func(ctx context.Context, tx bun.IDB) error { return s.insertBlocks(ctx, tx, claim, part) })
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
		rows[i] = passageRow{CorpusID: d.CorpusID, DocumentID: d.ID, Number: p.Number, Page: p.Page, Title: p.Title, Text: p.Text, Length: p.Length, IsLive: live}
	}
	if _, err := tx.NewInsert().Model(&rows).ExcludeColumn("id").Returning("id").Exec(ctx); err != nil {
		return fmt.Errorf("storing passages of document %d: %w", d.ID, err)
	}
	for i, p := range passages {
		for term, tf := range p.Terms {
			terms[term] = append(terms[term], posting{rows[i].ID, tf, p.Length})
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
	for i, b := range blocks {
		values[i] = [4]any{b.term, b.id, b.passages, b.data}
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

// Finish implements core.Index.
func (s *Store) Finish(ctx context.Context, claim core.Document, last []core.Indexed) (core.Document, error) {
	var row documentRow
	where, args := claimed(claim)
	var warnings *string
	if len(claim.Warnings) > 0 {
		data, err := json.Marshal(claim.Warnings)
		if err != nil {
			return claim, fmt.Errorf("finishing document %d: %w", claim.ID, err)
		}
		text := string(data)
		warnings = &text
	}
	err := s.db.On(ctx).NewUpdate().Model(&row).Set("step = ?", claim.Step).Set("warnings = ?", warnings).Set("failure_reason = ?", claim.FailureReason).Set("chunk_count = ?", claim.ChunkCount).
		Set("page_count = ?", claim.PageCount).Set("mime_type = ?", claim.MimeType).Set("modified_on = ?", claim.ModifiedOn).Set("claimed_until = NULL").
		Where(where, args...).Returning("*").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return claim, core.ErrClaimLost
	}
	if err != nil {
		return claim, fmt.Errorf("finishing document %d: %w", claim.ID, err)
	}
	if claim.Step != core.Completed {
		return row.Document, nil
	}
	var staged []int // their lengths
	err = s.db.On(ctx).NewUpdate().TableExpr("corpora_passages").Set("is_live = ?", true).Where("document_id = ?", claim.ID).Returning("length").Scan(ctx, &staged)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return claim, fmt.Errorf("showing the passages of document %d: %w", claim.ID, err)
	}
	length := 0
	for _, n := range staged {
		length += n
	}
	for _, p := range last {
		length += p.Length
	}
	terms := map[string][]posting{}
	if err := insertPassages(ctx, s.db.On(ctx), claim, last, true, terms); err != nil {
		return claim, err
	}
	if err := s.insertBlocks(ctx, s.db.On(ctx), claim, packAll(terms)); err != nil {
		return claim, err
	}
	_, err = s.db.On(ctx).NewRaw("UPDATE corpora_statistics SET passages = passages + ?, length = length + ? WHERE corpus_id = ?", len(staged)+len(last), length, claim.CorpusID).Exec(ctx)
	if err != nil {
		return claim, fmt.Errorf("counting the passages of document %d: %w", claim.ID, err)
	}
	return row.Document, nil
}
