package core

import (
	"context"
	"strings"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// ErrBlankTitle refuses a thread without a title.
var ErrBlankTitle = apperr.New(apperr.Unprocessable, "chat.blank_title", "A thread needs a title.").WithField("title", "is empty")

// RenameThread gives a thread of the caller's another title.
func (s *Service) RenameThread(ctx context.Context, who actor.Actor, id int64, title string) (Thread, error) {
	if title = strings.TrimSpace(title); title == "" {
		return Thread{}, ErrBlankTitle
	}
	var t Thread
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		t, err = s.Store.UpdateThread(ctx, who.UserID, id, func(t *Thread) error {
			t.Title, t.ModifiedBy, t.ModifiedOn = title, who.Name(), s.Clock.Now()
			return nil
		})
		return err
	})
	return t, s.refusedThread(ctx, who, id, err)
}
