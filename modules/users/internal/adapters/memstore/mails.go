package memstore

import (
	"context"
	"time"

	"parley/modules/users/internal/core"
)

// AddMail implements core.MailStore.
func (s *Store) AddMail(ctx context.Context, m core.Mail) (core.Mail, error) {
	return s.mails.Add(ctx, m)
}

// Mail implements core.MailStore.
func (s *Store) Mail(ctx context.Context, id int64) (core.Mail, error) {
	return s.mails.Get(ctx, func(m core.Mail) bool { return m.ID == id })
}

// MailByToken implements core.MailStore.
func (s *Store) MailByToken(ctx context.Context, hash string) (core.Mail, error) {
	return s.mails.Get(ctx, func(m core.Mail) bool { return m.TokenHash == hash && hash != "" })
}

// CountMails implements core.MailStore.
func (s *Store) CountMails(ctx context.Context, kind core.MailKind, email string, since time.Time) (int64, error) {
	return s.mails.Count(ctx, func(m core.Mail) bool { return m.Kind == kind && m.Email == email && !m.CreatedOn.Before(since) })
}

// DeleteMail implements core.MailStore.
func (s *Store) DeleteMail(ctx context.Context, id int64) error {
	return s.deleteMails(ctx, func(m core.Mail) bool { return m.ID == id })
}

// DeleteMailsOf implements core.MailStore.
func (s *Store) DeleteMailsOf(ctx context.Context, userID int64) error {
	return s.deleteMails(ctx, func(m core.Mail) bool { return m.UserID == userID })
}

// DeleteMailsTo implements core.MailStore.
func (s *Store) DeleteMailsTo(ctx context.Context, kind core.MailKind, email string) error {
	return s.deleteMails(ctx, func(m core.Mail) bool { return m.Kind == kind && m.Email == email })
}

// PruneMails implements core.MailStore.
func (s *Store) PruneMails(ctx context.Context, before time.Time) error {
	return s.deleteMails(ctx, func(m core.Mail) bool { return m.ExpiresOn.Before(before) })
}

func (s *Store) deleteMails(ctx context.Context, match func(core.Mail) bool) error {
	_, err := s.mails.Delete(ctx, match)
	return err
}
