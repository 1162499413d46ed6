package core

import (
	"context"

	"parley/modules/projects"
	"parley/platform/kernel/uow"
)

// Backlog hands out, once, the teams and projects that are older than the events
// which tell what they are called: the next ones, deleted ones among them, and
// whether more may follow. What a unit was given is given again unless it commits.
type Backlog interface {
	OldTeams(ctx context.Context, limit int) (teams []projects.Team, more bool, err error)
	OldProjects(ctx context.Context, limit int) (list []projects.Project, more bool, err error)
}

// toldAtOnce bounds how many events one unit of TellOld publishes.
const toldAtOnce = 200

// TellOld publishes what each team and project of the backlog is called. It goes
// on where it was interrupted.
func (s *Service) TellOld(ctx context.Context, b Backlog) error {
	for more := true; more; {
		err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
			teams, moreTeams, err := b.OldTeams(ctx, toldAtOnce)
			if err != nil {
				return err
			}
			list, moreProjects, err := b.OldProjects(ctx, toldAtOnce)
			for _, t := range teams {
				if !t.IsDeleted {
					tx.Publish(teamUpdated(t))
				}
			}
			for _, p := range list {
				if !p.IsDeleted {
					tx.Publish(projectUpdated(p))
				}
			}
			more = moreTeams || moreProjects
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
