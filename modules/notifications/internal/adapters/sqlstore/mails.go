package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/notifications/internal/core"
)

// mailRow is a mail that waits, or with 0 in the place of its first sequence
// number when the last one was sent.
type mailRow struct {
	bun.BaseModel `bun:"table:notifications_mails,alias:m"`

	UserID         int64      `bun:"user_id,pk"`
	Mode           core.Mail  `bun:"mode,pk"`
	OrganizationID int64      `bun:"organization_id"`
	FromSequence   int64      `bun:"from_sequence"`
	MailedOn       *time.Time `bun:"mailed_on"`
}

func (r mailRow) value() core.MailWait {
	if r.MailedOn != nil {
		at := r.MailedOn.UTC()
		r.MailedOn = &at
	}
	return core.MailWait{UserID: r.UserID, OrganizationID: r.OrganizationID, Mode: r.Mode, FromSequence: r.FromSequence, MailedOn: r.MailedOn}
}

// WaitForMail implements core.Store. Rows are locked in one order.
func (s *Store) WaitForMail(ctx context.Context, ws []core.MailWait) ([]core.MailWait, error) {
	if len(ws) == 0 {
		return nil, nil
	}
	rows := make([]mailRow, len(ws))
	for i, w := range ws {
		rows[i] = mailRow{UserID: w.UserID, Mode: w.Mode, OrganizationID: w.OrganizationID, FromSequence: w.FromSequence}
	}
	slices.SortFunc(rows, func(a, b mailRow) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Mode, b.Mode))
	})
	var fresh []mailRow
	err := s.db.On(ctx).NewInsert().Model(&rows).On("CONFLICT (user_id, mode) DO UPDATE").Set("from_sequence = EXCLUDED.from_sequence").
		Where("m.from_sequence = 0").Returning("*").Scan(ctx, &fresh)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("noting which mails wait: %w", err)
	}
	out := make([]core.MailWait, len(fresh))
	for i, r := range fresh {
		out[i] = r.value()
	}
	return out, nil
}

// EndMailWait implements core.Store.
func (s *Store) EndMailWait(ctx context.Context, userID int64, mode core.Mail, mailed *time.Time) (core.MailWait, error) {
	var row mailRow
	q := s.db.On(ctx).NewUpdate().Model(&row).Set("from_sequence = 0").Where("user_id = ? AND mode = ?", userID, mode).Returning("*")
	if mailed != nil {
		q = q.Set("mailed_on = ?", *mailed)
	}
	err := q.Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.MailWait{}, nil
	}
	if err != nil {
		return core.MailWait{}, fmt.Errorf("ending the wait for a mail to user %d: %w", userID, err)
	}
	return row.value(), nil
}
