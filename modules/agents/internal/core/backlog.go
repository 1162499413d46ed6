package core

import (
	"context"

	"parley/platform/kernel/uow"
)

// Backlog hands out, once, the agents that are older than the events which tell
// what they are called: the next ones, deleted ones among them, and whether more
// may follow. What a unit was given is given again unless it commits.
type Backlog interface {
	OldAgents(ctx context.Context, limit int) (list []Agent, more bool, err error)
}

// toldAtOnce bounds how many events one unit of TellOld publishes.
const toldAtOnce = 200

// TellOld publishes what each agent of the backlog is called. It goes on where it
// was interrupted.
func (s *Service) TellOld(ctx context.Context, b Backlog) error {
	for more := true; more; {
		err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
			var list []Agent
			list, more, err = b.OldAgents(ctx, toldAtOnce)
			for _, a := range list {
				if !a.IsDeleted {
					tx.Publish(updated(a, a))
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
