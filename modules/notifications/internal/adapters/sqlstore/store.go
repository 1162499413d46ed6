// Package sqlstore keeps notifications in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "notifications", Files: files} }

type inboxRow struct {
	bun.BaseModel `bun:"table:notifications_inbox,alias:n"`
	core.Notification
}

// Store implements core.Store.
type Store struct {
	db    *sqldb.DB
	inbox sqldb.Table[core.Notification, inboxRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{db: db, inbox: sqldb.NewTable(db,
		func(n core.Notification) inboxRow { return inboxRow{Notification: n} },
		func(r inboxRow) core.Notification { return r.Notification }, core.ErrNotFound, nil)}
}

// Add implements core.Store.
func (s *Store) Add(ctx context.Context, ns []core.Notification) error {
	if len(ns) == 0 {
		return nil
	}
	rows := make([]inboxRow, len(ns))
	for i, n := range ns {
		rows[i] = inboxRow{Notification: n}
	}
	_, err := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (user_id, cause) DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing notifications: %w", err)
	}
	return nil
}

// Page implements core.Store.
func (s *Store) Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[core.Notification], error) {
	where := []sqldb.Where{sqldb.Eq("user_id", userID)}
	if isRead != nil {
		where = append(where, sqldb.Eq("is_read", *isRead))
	}
	return s.inbox.Page(ctx, p, sqldb.Order[core.Notification]{Time: "created_on", Desc: true, Key: core.ByNewest}, where...)
}

// Unread implements core.Store.
func (s *Store) Unread(ctx context.Context, userID int64) (int64, error) {
	return s.inbox.Count(ctx, sqldb.Eq("user_id", userID), sqldb.Eq("is_read", false))
}

// Get implements core.Store.
func (s *Store) Get(ctx context.Context, userID, id int64) (core.Notification, error) {
	return s.inbox.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("user_id", userID))
}

// Update implements core.Store.
func (s *Store) Update(ctx context.Context, userID, id int64, change func(*core.Notification) error) (core.Notification, error) {
	return s.inbox.Update(ctx, change, sqldb.Eq("id", id), sqldb.Eq("user_id", userID))
}

// DeleteOf implements core.Store.
func (s *Store) DeleteOf(ctx context.Context, userID int64) error {
	_, err := s.db.On(ctx).NewDelete().Model((*inboxRow)(nil)).Where("user_id = ?", userID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("emptying the inbox of user %d: %w", userID, err)
	}
	return nil
}
