package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/notifications/internal/core"
)

// preferenceRow has what a user chose, as JSON.
type preferenceRow struct {
	bun.BaseModel `bun:"table:notifications_preferences,alias:p"`

	UserID         int64                `bun:"user_id,pk"`
	OrganizationID int64                `bun:"organization_id"`
	Muted          []string             `bun:"muted"`
	Mail           map[string]core.Mail `bun:"mail"`
}

func (r preferenceRow) value() core.Preference {
	return core.Preference{UserID: r.UserID, OrganizationID: r.OrganizationID, Muted: r.Muted, Mail: r.Mail}
}

// Preferences implements core.Store.
func (s *Store) Preferences(ctx context.Context, userIDs []int64) (map[int64]core.Preference, error) {
	out := make(map[int64]core.Preference, len(userIDs))
	if len(userIDs) == 0 {
		return out, nil
	}
	var rows []preferenceRow
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("user_id IN (?)", bun.List(userIDs)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading preferences: %w", err)
	}
	for _, r := range rows {
		out[r.UserID] = r.value()
	}
	return out, nil
}

// UpdatePreference implements core.Store.
func (s *Store) UpdatePreference(ctx context.Context, organizationID, userID int64, change func(*core.Preference) error) (core.Preference, error) {
	var out core.Preference
	err := s.db.Within(ctx, func(ctx context.Context) error {
		// The row of the inbox is locked, also when there are no preferences yet.
		if err := s.Lock(ctx, organizationID, userID); err != nil {
			return err
		}
		row := preferenceRow{UserID: userID, OrganizationID: organizationID}
		err := s.db.On(ctx).NewSelect().Model(&row).Where("user_id = ?", userID).Scan(ctx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("reading the preferences of user %d: %w", userID, err)
		}
		if out = row.value(); out.UserID == 0 {
			out.UserID, out.OrganizationID = userID, organizationID
		}
		if err := change(&out); err != nil {
			return err
		}
		row.Muted, row.Mail = out.Muted, out.Mail
		if row.Muted == nil { // null is no list
			row.Muted = []string{}
		}
		if row.Mail == nil {
			row.Mail = map[string]core.Mail{}
		}
		_, err = s.db.On(ctx).NewInsert().Model(&row).On("CONFLICT (user_id) DO UPDATE").Set("muted = EXCLUDED.muted").Set("mail = EXCLUDED.mail").Exec(ctx)
		if err != nil {
			return fmt.Errorf("storing the preferences of user %d: %w", userID, err)
		}
		return nil
	})
	return out, err
}
