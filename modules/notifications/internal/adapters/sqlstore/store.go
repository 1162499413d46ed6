// Package sqlstore keeps notifications in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "notifications", Files: files} }

// Store implements core.Store.
type Store struct{ db *sqldb.DB }

// New returns the store over db.
func New(db *sqldb.DB) *Store { return &Store{db: db} }

// Sent implements core.Store.
func (s *Store) Sent(ctx context.Context, userID, senderID int64, nth int) (time.Time, bool, error) {
	var at time.Time
	err := s.db.On(ctx).
		NewSelect().
		Model((*inboxRow)(nil)).
		Column("created_on").
		Where("user_id = ?", userID).
		Where("sender_id = ?", senderID).
		Where("sender_id > 0").
		OrderExpr("created_on DESC").
		Offset(int64(nth-1)).
		Limit(1).
		Scan(ctx, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading what user %d sent to user %d: %w", senderID, userID, err)
	}
	return at.UTC(), true, nil
}

// Trim implements core.Store.
func (s *Store) Trim(ctx context.Context, userID, sequence int64, limit int) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		c, err := s.locked(ctx, userID)
		if err != nil {
			return err
		}
		// What is kept has no gaps.
		sequence = min(sequence, c.LastSequence-c.Total+int64(limit))
		var gone []inboxRow
		err = s.db.On(ctx).
			NewDelete().
			Model((*inboxRow)(nil)).
			Where("user_id = ?", userID).
			Where("sequence <= ?", sequence).
			Returning("is_read, sequence").
			Scan(ctx, &gone)
		if err == nil || errors.Is(err, sql.ErrNoRows) {
			_, err = s.db.On(ctx).NewDelete().Model((*readsRow)(nil)).Where("user_id = ?", userID).Where("sequence <= ?", sequence).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("trimming the inbox of user %d: %w", userID, err)
		}
		unread := int64(0)
		for _, n := range gone {
			if !n.IsRead && n.Sequence > c.ReadThrough {
				unread++
			}
		}
		return s.fewer(ctx, c, int64(len(gone)), unread)
	})
}

// DeleteOf implements core.Store.
func (s *Store) DeleteOf(ctx context.Context, organizationID, userID int64) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		row := counterRow{UserID: userID, OrganizationID: organizationID, IsClosed: true}
		_, err := s.db.On(ctx).
			NewInsert().
			Model(&row).
			On("CONFLICT (user_id) DO UPDATE").
			Set("is_closed = EXCLUDED.is_closed").
			Set("total = 0").
			Set("unread = 0").
			Exec(ctx)
		for _, model := range []any{(*inboxRow)(nil), (*readsRow)(nil), (*preferenceRow)(nil), (*mailRow)(nil)} {
			if err == nil {
				_, err = s.db.On(ctx).NewDelete().Model(model).Where("user_id = ?", userID).Exec(ctx)
			}
		}
		if err != nil {
			return fmt.Errorf("emptying the inbox of user %d: %w", userID, err)
		}
		return nil
	})
}
