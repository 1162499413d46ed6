package sqlstore

import (
	"context"
	"fmt"

	"parley/modules/corpora/internal/core"
	"parley/platform/sqldb"
)

// RemoveDocument implements core.Documents.
func (s *Store) RemoveDocument(ctx context.Context, org, id int64) (core.Document, error) {
	d, err := s.documents.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
	if err != nil {
		return d, err
	}
	if _, err := s.LockCorpus(ctx, d.CorpusID); err != nil {
		return d, err
	}
	gone, err := s.documents.Delete(ctx, sqldb.Eq("id", id))
	if err != nil {
		return d, err
	}
	if len(gone) == 0 {
		return d, core.ErrDocumentNotFound
	}
	var live struct{ Passages, Length int64 }
	err = s.db.On(ctx).NewSelect().TableExpr("corpora_passages").ColumnExpr("count(*) AS passages, CAST(coalesce(sum(length), 0) AS BIGINT) AS length").
		Where("document_id = ? AND is_live", id).Scan(ctx, &live)
	if err != nil {
		return d, fmt.Errorf("counting the passages of document %d: %w", id, err)
	}
	for done := false; !done; {
		if done, err = s.Clear(ctx, id, func(context.Context) error { return nil }); err != nil {
			return d, err
		}
	}
	if _, err := s.db.On(ctx).NewRaw("DELETE FROM corpora_document_keys WHERE corpus_id = ? AND document_id = ?", d.CorpusID, id).Exec(ctx); err != nil {
		return d, fmt.Errorf("removing the keys of document %d: %w", id, err)
	}
	_, err = s.db.On(ctx).NewRaw("UPDATE corpora_statistics SET documents = documents - 1, passages = passages - ?, length = length - ?, version = ? WHERE corpus_id = ?",
		live.Passages, live.Length, newVersion(), d.CorpusID).Exec(ctx)
	if err != nil {
		return d, fmt.Errorf("counting the documents of corpus %d: %w", d.CorpusID, err)
	}
	return gone[0], nil
}
