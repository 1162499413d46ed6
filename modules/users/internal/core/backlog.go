package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/uow"
)

// Backlog hands out, once, the users that are older than the consumers which want
// to know what they are called: the next ones, and whether more may follow. What a
// unit was given is given again unless it commits.
type Backlog interface {
	OldUsers(ctx context.Context, limit int) (list []users.User, more bool, err error)
}

// toldAtOnce bounds how many events one unit of TellOld publishes.
const toldAtOnce = 200

// TellOld publishes what each user of the backlog is called. It goes on where it
// was interrupted.
func (s *Service) TellOld(ctx context.Context, b Backlog) error {
	for more := true; more; {
		err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
			var list []users.User
			list, more, err = b.OldUsers(ctx, toldAtOnce)
			for _, u := range list {
				tx.Publish(userChanged(u))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
