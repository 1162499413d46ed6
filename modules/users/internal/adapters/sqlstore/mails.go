package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/users/internal/core"
	"parley/platform/sqldb"
)

type mailRow struct {
	bun.BaseModel `bun:"table:users_mails,alias:m"`
	core.Mail
}

// AddMail implements core.MailStore.
func (s *Store) AddMail(ctx context.Context, m core.Mail) (core.Mail, error) {
	return s.mails.Add(ctx, m)
}

// Mail implements core.MailStore.
func (s *Store) Mail(ctx context.Context, id int64) (core.Mail, error) {
	return s.mails.Get(ctx, sqldb.Eq("id", id))
}

// MailByToken implements core.MailStore.
func (s *Store) MailByToken(ctx context.Context, hash string) (core.Mail, error) {
	return s.mails.Get(ctx, sqldb.Eq("token_hash", hash), sqldb.Cond("token_hash <> ''"))
}

// CountMails implements core.MailStore.
func (s *Store) CountMails(ctx context.Context, kind core.MailKind, email string, since time.Time) (int64, error) {
	return s.mails.Count(ctx, sqldb.Eq("email", email), sqldb.Eq("kind", kind), sqldb.Cond("created_on >= ?", since))
}

// DeleteMail implements core.MailStore.
func (s *Store) DeleteMail(ctx context.Context, id int64) error {
	return s.deleteMails(ctx, "id = ?", id)
}

// DeleteMailsOf implements core.MailStore.
func (s *Store) DeleteMailsOf(ctx context.Context, userID int64) error {
	return s.deleteMails(ctx, "user_id = ?", userID)
}

// DeleteMailsTo implements core.MailStore.
func (s *Store) DeleteMailsTo(ctx context.Context, kind core.MailKind, email string) error {
	return s.deleteMails(ctx, "email = ? AND kind = ?", email, kind)
}

// PruneMails implements core.MailStore. What another unit prunes at this
// moment is left to it, so that no two wait for each other.
func (s *Store) PruneMails(ctx context.Context, before time.Time) error {
	skip := ""
	if s.db.Postgres() {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	return s.deleteMails(ctx, "id IN (SELECT id FROM users_mails WHERE expires_on < ? ORDER BY expires_on LIMIT 500"+skip+")", before)
}

func (s *Store) deleteMails(ctx context.Context, where string, args ...any) error {
	if _, err := s.db.On(ctx).NewDelete().TableExpr("users_mails").Where(where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("deleting mails about accounts: %w", err)
	}
	return nil
}
