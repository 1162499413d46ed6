// Package sqlstore keeps notifications in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

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

// Page implements core.Store.
func (s *Store) Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[core.Notification], error) {
	where := []sqldb.Where{sqldb.Eq("user_id", userID)}
	if isRead != nil {
		where = append(where, sqldb.Eq("is_read", *isRead))
	}
	count := func(ctx context.Context) (int64, error) {
		c, err := s.Counters(ctx, userID)
		switch {
		case isRead == nil:
			return c.Total, err
		case *isRead:
			return c.Total - c.Unread, err
		}
		return c.Unread, err
	}
	return s.inbox.Page(ctx, p, sqldb.Order[core.Notification]{Time: "created_on", Desc: true, Key: core.ByNewest, Count: count}, where...)
}

// After implements core.Store.
func (s *Store) After(ctx context.Context, userID, sequence int64, limit int) ([]core.Notification, int64, error) {
	var rows []struct {
		inboxRow
		Unread int64
	}
	err := s.db.On(ctx).NewSelect().Model((*inboxRow)(nil)).ColumnExpr("n.*, c.unread").Join("JOIN notifications_counters AS c ON c.user_id = n.user_id").
		Where("n.user_id = ?", userID).Where("n.sequence > ?", sequence).OrderExpr("n.sequence").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, 0, fmt.Errorf("reading on in the inbox of user %d: %w", userID, err)
	}
	var unread int64
	ns := make([]core.Notification, len(rows))
	for i, r := range rows {
		ns[i], unread = r.Notification, r.Unread
	}
	return ns, unread, nil
}

// Sent implements core.Store.
func (s *Store) Sent(ctx context.Context, userID, senderID int64, nth int) (time.Time, bool, error) {
	var at time.Time
	err := s.db.On(ctx).NewSelect().Model((*inboxRow)(nil)).Column("created_on").Where("user_id = ?", userID).Where("sender_id = ?", senderID).Where("sender_id > 0").
		OrderExpr("created_on DESC").Offset(int64(nth-1)).Limit(1).Scan(ctx, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading what user %d sent to user %d: %w", senderID, userID, err)
	}
	return at.UTC(), true, nil
}

// Get implements core.Store.
func (s *Store) Get(ctx context.Context, userID, id int64) (core.Notification, error) {
	return s.inbox.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("user_id", userID))
}

// Update implements core.Store.
func (s *Store) Update(ctx context.Context, userID, id int64, change func(*core.Notification) error) (core.Notification, error) {
	var out core.Notification
	err := s.db.Within(ctx, func(ctx context.Context) error {
		if err := s.locked(ctx, userID); err != nil {
			return err
		}
		was := false
		var err error
		out, err = s.inbox.Update(ctx, func(n *core.Notification) error { was = n.IsRead; return change(n) }, sqldb.Eq("id", id), sqldb.Eq("user_id", userID))
		if err != nil || was == out.IsRead {
			return err
		}
		less := int64(1)
		if was {
			less = -1
		}
		return s.fewer(ctx, userID, 0, less)
	})
	return out, err
}

// ReadThrough implements core.Store.
func (s *Store) ReadThrough(ctx context.Context, userID, sequence int64, on time.Time, limit int) (int, error) {
	n := int64(0)
	err := s.db.Within(ctx, func(ctx context.Context) error {
		if err := s.locked(ctx, userID); err != nil {
			return err
		}
		update := s.db.On(ctx).NewUpdate().Model((*inboxRow)(nil)).Set("is_read = ?", true).Set("read_on = ?", on).
			Where("user_id = ?", userID).Where("is_read = ?", false).Where("sequence <= ?", sequence)
		// A range of the index that has the unread ones together. With a list of
		// ids PostgreSQL may read the whole table.
		var last struct {
			CreatedOn time.Time
			ID        int64
		}
		err := s.db.On(ctx).NewSelect().Model((*inboxRow)(nil)).Column("created_on", "id").Where("user_id = ?", userID).Where("is_read = ?", false).Where("sequence <= ?", sequence).
			OrderExpr("created_on, id").Offset(int64(limit-1)).Limit(1).Scan(ctx, &last)
		switch {
		case err == nil:
			update = update.Where("(created_on, id) <= (?, ?)", last.CreatedOn.UTC(), last.ID)
		case !errors.Is(err, sql.ErrNoRows): // without a row there are fewer
			return fmt.Errorf("reading the inbox of user %d: %w", userID, err)
		}
		done, err := update.Exec(ctx)
		if err != nil {
			return fmt.Errorf("reading the inbox of user %d: %w", userID, err)
		}
		if n, err = done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.fewer(ctx, userID, 0, n)
	})
	return int(n), err
}

// Trim implements core.Store.
func (s *Store) Trim(ctx context.Context, userID, sequence int64, limit int) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		if err := s.locked(ctx, userID); err != nil {
			return err
		}
		c, err := s.Counters(ctx, userID)
		if err != nil {
			return err
		}
		// What is kept has no gaps.
		sequence = min(sequence, c.LastSequence-c.Total+int64(limit))
		var gone []bool
		err = s.db.On(ctx).NewDelete().Model((*inboxRow)(nil)).Where("user_id = ?", userID).Where("sequence <= ?", sequence).Returning("is_read").Scan(ctx, &gone)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("trimming the inbox of user %d: %w", userID, err)
		}
		unread := int64(0)
		for _, read := range gone {
			if !read {
				unread++
			}
		}
		return s.fewer(ctx, userID, int64(len(gone)), unread)
	})
}

// DeleteOf implements core.Store.
func (s *Store) DeleteOf(ctx context.Context, organizationID, userID int64) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		row := counterRow{UserID: userID, OrganizationID: organizationID, IsClosed: true}
		_, err := s.db.On(ctx).NewInsert().Model(&row).On("CONFLICT (user_id) DO UPDATE").Set("is_closed = EXCLUDED.is_closed").Set("total = 0").Set("unread = 0").Exec(ctx)
		for _, model := range []any{(*inboxRow)(nil), (*preferenceRow)(nil), (*mailRow)(nil)} {
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
