// Package sqlstore keeps SharePoint items in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "sharepoint", Files: files} }

type itemRow struct {
	bun.BaseModel `bun:"table:sharepoint_items,alias:i"`
	core.Item
}

type driveRow struct {
	bun.BaseModel `bun:"table:sharepoint_drives,alias:d"`
	core.FollowedDrive
}

// Store implements core.Store.
type Store struct {
	db     *sqldb.DB
	items  sqldb.Table[core.Item, itemRow]
	drives sqldb.Table[core.FollowedDrive, driveRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db: db,
		items: sqldb.NewTable(db,
			func(i core.Item) itemRow { return itemRow{Item: i} },
			func(r itemRow) core.Item { return r.Item }, core.ErrNotFound, nil),
		drives: sqldb.NewTable(db,
			func(d core.FollowedDrive) driveRow { return driveRow{FollowedDrive: d} },
			func(r driveRow) core.FollowedDrive { return r.FollowedDrive }, core.ErrNotFound, nil),
	}
}

func in(org int64, drive string) []sqldb.Where {
	return []sqldb.Where{sqldb.Eq("organization_id", org), sqldb.Eq("drive_external_id", drive)}
}

// Item implements core.Items.
func (s *Store) Item(ctx context.Context, org, id int64) (core.Item, error) {
	return s.items.Get(ctx, sqldb.Eq("organization_id", org), sqldb.Eq("id", id), sqldb.Eq("is_deleted", false))
}

// ItemsByExternalID implements core.Items.
func (s *Store) ItemsByExternalID(ctx context.Context, org int64, ids []string) ([]core.Item, error) {
	if len(ids) == 0 {
		return []core.Item{}, nil
	}
	return s.items.List(ctx, len(ids), "id", sqldb.Eq("organization_id", org), sqldb.In("external_id", ids))
}

// maxDepth bounds a chain, should items ever hold each other in a circle.
const maxDepth = 250

// Chain implements core.Items.
func (s *Store) Chain(ctx context.Context, org int64, externalID string) ([]core.Item, error) {
	var rows []struct {
		core.Item
		Depth int
	}
	err := s.db.On(ctx).NewRaw(`WITH RECURSIVE sharepoint_chain AS (
		SELECT i.*, 0 AS depth FROM sharepoint_items AS i WHERE i.organization_id = ?0 AND i.external_id = ?1
		UNION ALL SELECT i.*, c.depth + 1 FROM sharepoint_chain AS c
			JOIN sharepoint_items AS i
				ON i.organization_id = ?0 AND i.external_id = c.parent_external_id WHERE c.depth < ?2
	) SELECT * FROM sharepoint_chain ORDER BY depth`, org, externalID, maxDepth).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading what an item is in: %w", err)
	}
	out := make([]core.Item, len(rows))
	for i, r := range rows {
		out[i] = r.Item
	}
	return out, nil
}

// SaveItem implements core.Items.
func (s *Store) SaveItem(ctx context.Context, org int64, externalID string, change func(*core.Item) error) (core.Item, error) {
	var out core.Item
	err := s.db.Within(ctx, func(ctx context.Context) error {
		fresh := core.Item{OrganizationID: org, ExternalID: externalID}
		if _, err := s.items.Upsert(ctx, fresh, "organization_id, external_id", "external_id = EXCLUDED.external_id"); err != nil {
			return err
		}
		var err error
		out, err = s.items.Update(ctx, change, sqldb.Eq("organization_id", org), sqldb.Eq("external_id", externalID))
		return err
	})
	return out, err
}

// UpdateItem implements core.Items.
func (s *Store) UpdateItem(ctx context.Context, org, id int64, change func(*core.Item) error) (core.Item, error) {
	return s.items.Update(ctx, change, sqldb.Eq("organization_id", org), sqldb.Eq("id", id))
}

// tree is everything at and below an item.
const tree = `WITH RECURSIVE sharepoint_tree AS (
	SELECT external_id FROM sharepoint_items WHERE organization_id = ?0 AND external_id = ?1
	UNION SELECT i.external_id FROM sharepoint_tree AS t JOIN sharepoint_items AS i ON i.organization_id = ?0 AND i.parent_external_id = t.external_id
) `

func (s *Store) exec(ctx context.Context, doing, query string, args ...any) error {
	if _, err := s.db.On(ctx).NewRaw(query, args...).Exec(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// TouchTree implements core.Items.
func (s *Store) TouchTree(ctx context.Context, org int64, externalID string) error {
	return s.exec(ctx, "touching what is below an item", tree+`UPDATE sharepoint_items SET revision = revision + 1
		WHERE organization_id = ?0 AND kind = 'file' AND external_id IN (SELECT external_id FROM sharepoint_tree)`, org, externalID)
}

// PendingItems implements core.Items.
func (s *Store) PendingItems(ctx context.Context, org int64, drive string, after int64, limit int) ([]core.Item, error) {
	return s.items.List(ctx, limit, "id", append(in(org, drive), sqldb.Cond("kind = 'file' AND revision > handled AND id > ?", after))...)
}

// SweepItems implements core.Items.
func (s *Store) SweepItems(ctx context.Context, org int64, drive string, generation int64) error {
	return s.exec(ctx, "sweeping items", `UPDATE sharepoint_items SET is_deleted = ?, revision = revision + 1
		WHERE organization_id = ? AND drive_external_id = ? AND kind IN ('file', 'folder') AND generation < ? AND NOT is_deleted`, true, org, drive, generation)
}

// TouchFailed implements core.Items.
func (s *Store) TouchFailed(ctx context.Context, org int64, drive string) error {
	return s.exec(ctx, "touching items", `UPDATE sharepoint_items SET revision = revision + 1
		WHERE organization_id = ? AND drive_external_id = ? AND kind = 'file' AND (state = ? OR document_id <> 0)`, org, drive, core.Failed)
}

// RemoveItem implements core.Items.
func (s *Store) RemoveItem(ctx context.Context, org, id int64) error {
	_, err := s.items.Delete(ctx, sqldb.Eq("organization_id", org), sqldb.Eq("id", id))
	return err
}

// RemoveFolders implements core.Items.
func (s *Store) RemoveFolders(ctx context.Context, org int64, drive string) error {
	return s.exec(ctx, "removing folders", `WITH RECURSIVE sharepoint_gone AS (
			SELECT external_id FROM sharepoint_items WHERE organization_id = ?0 AND drive_external_id = ?1 AND kind = 'folder' AND is_deleted
			UNION SELECT i.external_id FROM sharepoint_gone AS g JOIN sharepoint_items AS i
				ON i.organization_id = ?0 AND i.parent_external_id = g.external_id AND i.kind = 'folder'
		) DELETE FROM sharepoint_items WHERE organization_id = ?0 AND kind = 'folder' AND external_id IN (SELECT external_id FROM sharepoint_gone)
		AND NOT EXISTS (SELECT 1 FROM sharepoint_items AS f
			WHERE f.organization_id = ?0 AND f.parent_external_id = sharepoint_items.external_id AND f.kind = 'file')`, org, drive)
}

// MarkLinks implements core.Items.
func (s *Store) MarkLinks(ctx context.Context, org int64, drive string, state core.State, lastError string, at time.Time) error {
	synced := ""
	args := []any{state, lastError}
	if state == core.Synced {
		synced, args = ", last_synced_on = ?", append(args, at)
	}
	return s.exec(ctx, "marking links", `UPDATE sharepoint_items SET state = ?, last_error = ?`+synced+
		` WHERE organization_id = ? AND drive_external_id = ? AND kind <> 'file' AND corpus_id IS NOT NULL`, append(args, org, drive)...)
}

// CountLinks implements core.Items.
func (s *Store) CountLinks(ctx context.Context, org int64, drive string) (int64, error) {
	return s.items.Count(ctx, append(in(org, drive), sqldb.Cond("(corpus_id IS NOT NULL AND NOT is_deleted OR document_id <> 0)"))...)
}

// PassLinks implements core.Items.
func (s *Store) PassLinks(ctx context.Context, org, from, to int64) error {
	return s.exec(ctx, "passing links on", "UPDATE sharepoint_items SET linked_by = ? WHERE organization_id = ? AND linked_by = ?", to, org, from)
}

// DrivesOfDocuments implements core.Items.
func (s *Store) DrivesOfDocuments(ctx context.Context, org int64, documentIDs []int64) ([]string, error) {
	var drives []string
	err := s.db.On(ctx).NewSelect().TableExpr("sharepoint_items").ColumnExpr("DISTINCT drive_external_id").
		Where("organization_id = ? AND document_id IN (?) AND document_id <> 0", org, bun.List(documentIDs)).Scan(ctx, &drives)
	if err != nil {
		return nil, fmt.Errorf("looking for the drives of documents: %w", err)
	}
	slices.Sort(drives)
	return drives, nil
}

// ForgetDocuments implements core.Items.
func (s *Store) ForgetDocuments(ctx context.Context, org int64, documentIDs []int64) error {
	return s.exec(ctx, "forgetting documents", `UPDATE sharepoint_items
		SET document_id = 0, kept_corpus_id = 0, kept_etag = '', kept_name = '', revision = revision + 1
		WHERE organization_id = ? AND document_id IN (?) AND document_id <> 0`, org, bun.List(documentIDs))
}

// FailDocument implements core.Items.
func (s *Store) FailDocument(ctx context.Context, org, documentID int64, lastError string) error {
	return s.exec(ctx, "failing an item",
		"UPDATE sharepoint_items SET state = ?, last_error = ? WHERE organization_id = ? AND document_id = ? AND document_id <> 0",
		core.Failed, lastError, org, documentID)
}
