package memstore

import (
	"context"
	"errors"
	"time"

	"parley/modules/notifications/internal/core"
)

// mailWait is core's; FromSequence is 0 when nothing waits.
type mailWait struct {
	ID int64
	core.MailWait
}

// WaitForMail implements core.Store.
func (s *Store) WaitForMail(ctx context.Context, ws []core.MailWait) ([]core.MailWait, error) {
	var fresh []core.MailWait
	err := s.within(ctx, func(ctx context.Context) error {
		for _, w := range ws {
			of := waitOf(w.UserID, w.Mode)
			known, err := s.mails.Get(ctx, of)
			switch {
			case errors.Is(err, core.ErrNotFound):
				w.MailedOn = nil
				_, err = s.mails.Add(ctx, mailWait{MailWait: w})
			case err == nil && known.FromSequence != 0:
				continue
			case err == nil:
				w.MailedOn = known.MailedOn
				_, err = s.mails.Update(ctx, func(m *mailWait) error { m.FromSequence = w.FromSequence; return nil }, of)
			}
			if err != nil {
				return err
			}
			fresh = append(fresh, w)
		}
		return nil
	})
	return fresh, err
}

// EndMailWait implements core.Store.
func (s *Store) EndMailWait(ctx context.Context, userID int64, mode core.Mail, mailed *time.Time) (core.MailWait, error) {
	w, err := s.mails.Update(ctx, func(m *mailWait) error {
		m.FromSequence = 0
		if mailed != nil {
			m.MailedOn = mailed
		}
		return nil
	}, waitOf(userID, mode))
	if errors.Is(err, core.ErrNotFound) {
		return core.MailWait{}, nil
	}
	return w.MailWait, err
}

func waitOf(userID int64, mode core.Mail) func(mailWait) bool {
	return func(m mailWait) bool { return m.UserID == userID && m.Mode == mode }
}
