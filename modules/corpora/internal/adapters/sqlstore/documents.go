package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

// LockCorpus implements core.Documents. SQLite has one writer, which is lock
// enough.
func (s *Store) LockCorpus(ctx context.Context, id int64) (documents int64, err error) {
	if s.db.Postgres() {
		_, err := s.db.On(ctx).NewRaw("SELECT 1 FROM corpora_corpora WHERE id = ? FOR UPDATE", id).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("locking corpus %d: %w", id, err)
		}
	}
	err = s.db.On(ctx).NewSelect().TableExpr("corpora_corpora AS c").Join("JOIN corpora_statistics AS s ON s.corpus_id = c.id").Column("documents").
		Where("c.id = ? AND c.is_deleted = ?", id, false).Scan(ctx, &documents)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, core.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("counting the documents of corpus %d: %w", id, err)
	}
	return documents, nil
}

// AddDocument implements core.Documents.
func (s *Store) AddDocument(ctx context.Context, d core.Document) (core.Document, error) {
	d, err := s.documents.Add(ctx, d)
	if err != nil {
		return d, err
	}
	if _, err := s.db.On(ctx).NewRaw("UPDATE corpora_statistics SET documents = documents + 1 WHERE corpus_id = ?", d.CorpusID).Exec(ctx); err != nil {
		return d, fmt.Errorf("counting a document: %w", err)
	}
	return d, s.addKeys(ctx, d)
}

// Document implements core.Documents.
func (s *Store) Document(ctx context.Context, v access.VisibleCorpora, id int64) (core.Document, error) {
	d, err := s.documents.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", v.OrganizationID))
	if err != nil {
		return d, err
	}
	if _, err := s.Corpus(ctx, v, d.CorpusID); errors.Is(err, core.ErrNotFound) {
		return core.Document{}, core.ErrDocumentNotFound
	} else if err != nil {
		return core.Document{}, err
	}
	return d, nil
}

// DocumentsPage implements core.Documents.
func (s *Store) DocumentsPage(ctx context.Context, corpusID int64, f core.DocumentFilter, p page.Request) (page.Of[core.Document], error) {
	where := []sqldb.Where{sqldb.Eq("corpus_id", corpusID)}
	if f.Step != "" {
		where = append(where, sqldb.Eq("step", string(f.Step)))
	}
	if f.Name != "" {
		name, err := s.named(ctx, corpusID, f.Name)
		if err != nil {
			return page.Of[core.Document]{}, err
		}
		where = append(where, name)
	}
	var after page.Key // an invalid cursor is Page's to refuse
	switch {
	case f == core.DocumentFilter{Tag: f.Tag} && f.Tag != "" && p.Keyset() && (p.Cursor == "" || page.DecodeCursor(p.Cursor, &after) == nil):
		where = append(where, firstTagged(corpusID, f.Tag, after.ID, p.Fetch()))
	case f.Tag != "":
		where = append(where, tagged(corpusID, f.Tag))
	}
	order := sqldb.Order[core.Document]{Key: core.ByID[core.Document]}
	switch f {
	case core.DocumentFilter{}:
		order.Count = func(ctx context.Context) (int64, error) {
			counts, err := s.CountDocuments(ctx, []int64{corpusID})
			return counts[corpusID], err
		}
	case core.DocumentFilter{Name: f.Name}:
		order.Count = func(ctx context.Context) (int64, error) { return s.countNamed(ctx, corpusID, f.Name) }
	}
	return s.documents.Page(ctx, p, order, where...)
}

// LockDocuments implements core.Documents. SQLite has one writer, which is lock
// enough.
func (s *Store) LockDocuments(ctx context.Context, ids []int64) ([]core.Document, error) {
	if !s.db.Postgres() {
		return s.DocumentsByID(ctx, ids)
	}
	rows := []documentRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).OrderExpr("id").For("UPDATE").Scan(ctx); err != nil {
		return nil, fmt.Errorf("locking documents: %w", err)
	}
	out := make([]core.Document, len(rows))
	for i, r := range rows {
		out[i] = r.Document
	}
	return out, nil
}

// DocumentsByID implements core.Documents.
func (s *Store) DocumentsByID(ctx context.Context, ids []int64) ([]core.Document, error) {
	return s.documents.List(ctx, len(ids)+1, "id", sqldb.In("id", ids))
}

// UpdateDocument implements core.Documents.
func (s *Store) UpdateDocument(ctx context.Context, id int64, change func(*core.Document) error) (core.Document, error) {
	var after core.Document
	err := s.db.Within(ctx, func(ctx context.Context) (err error) {
		var before core.Document
		after, err = s.documents.Update(ctx, func(d *core.Document) error {
			before = *d
			before.Tags = slices.Clone(d.Tags)
			return change(d)
		}, sqldb.Eq("id", id))
		if err != nil || before.Name == after.Name && slices.Equal(before.Tags, after.Tags) {
			return err
		}
		if err := s.removeKeys(ctx, before.CorpusID, before); err != nil {
			return err
		}
		return s.addKeys(ctx, after)
	})
	return after, err
}

// RemoveDocuments implements core.Documents.
func (s *Store) RemoveDocuments(ctx context.Context, corpusID int64, documents []core.Document) error {
	ids := make([]int64, len(documents))
	for i, d := range documents {
		ids[i] = d.ID
	}
	on := s.db.On(ctx)
	var lengths []int
	err := on.NewUpdate().
		TableExpr("corpora_passages").
		Set("is_live = ?", false).
		Where("document_id IN (?) AND is_live", bun.List(ids)).
		Returning("length").
		Scan(ctx, &lengths)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("hiding passages of corpus %d: %w", corpusID, err)
	}
	length := 0
	for _, n := range lengths {
		length += n
	}
	if err := s.removeKeys(ctx, corpusID, documents...); err != nil {
		return err
	}
	gone, err := s.documents.Delete(ctx, sqldb.In("id", ids), sqldb.Eq("corpus_id", corpusID))
	if err != nil {
		return err
	}
	err = s.changing(ctx, func(ctx context.Context) error {
		_, err := s.db.On(ctx).
			NewRaw("UPDATE corpora_statistics SET documents = documents - ?, passages = passages - ?, length = length - ?, version = ? WHERE corpus_id = ?",
				len(gone), len(lengths), length, newVersion(), corpusID).
			Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("counting what is left in corpus %d: %w", corpusID, err)
	}
	return nil
}

// Twins implements core.Documents.
func (s *Store) Twins(ctx context.Context, corpusID, except int64, names, contents []string) ([]core.Twin, error) {
	having := func(column string, byContent bool, values []string) *bun.SelectQuery {
		return s.db.NewSelect().TableExpr("corpora_documents").ColumnExpr("min(id) AS document_id, ? AS by_content, ? AS value", byContent, bun.Ident(column)).
			Where("corpus_id = ?0 AND id <> ?1 AND step <> ?2 AND ?3 IN (?4) AND ?3 <> ''", corpusID, except, core.Failed, bun.Ident(column), bun.List(values)).
			GroupExpr("?", bun.Ident(column))
	}
	found := []core.Twin{}
	if len(names)+len(contents) == 0 {
		return found, nil
	}
	q := s.db.On(ctx).
		NewSelect().
		TableExpr("(?) AS found", having("name", false, names).UnionAll(having("claimed_name", false, names)).UnionAll(having("sha256", true, contents))).
		ColumnExpr("min(document_id) AS document_id, by_content, value").
		GroupExpr("by_content, value").
		OrderExpr("document_id, by_content")
	if err := q.Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("looking for duplicates: %w", err)
	}
	return found, nil
}

// Uncomposed implements core.Documents.
func (s *Store) Uncomposed(ctx context.Context, limit int) ([]int64, error) {
	var ids []int64
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_uncomposed").Column("document_id").OrderExpr("document_id").Limit(int64(limit)).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("looking for names that are not composed: %w", err)
	}
	return ids, nil
}

// Composed implements core.Documents.
func (s *Store) Composed(ctx context.Context, ids []int64) error {
	_, err := s.db.On(ctx).NewDelete().TableExpr("corpora_uncomposed").Where("document_id IN (?)", bun.List(ids)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("noting composed names: %w", err)
	}
	return nil
}

// Existing implements core.Documents.
func (s *Store) Existing(ctx context.Context, ids []int64) (map[int64]int64, error) {
	var rows []struct{ ID, CorpusID int64 }
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_documents").Column("id", "corpus_id").Where("id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("looking documents up: %w", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.CorpusID
	}
	return out, nil
}
