package core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// AgentChanged ends the runs of an agent in this process whose askers may not
// run it any more.
func (s *Service) AgentChanged(ctx context.Context, organizationID, agentID int64) error {
	s.Agents.Forget(organizationID, agentID)
	return s.endLost(ctx, func(x *execution) bool { return x.agent.ID == agentID })
}

// AskerChanged does so with the runs of a user.
func (s *Service) AskerChanged(ctx context.Context, userID int64) error {
	s.Askers.Forget(userID)
	s.readers.rouse() // the content of global admins is nobody's to read, and only they read
	return s.endLost(ctx, func(x *execution) bool { return x.who.UserID == userID })
}

// ProjectMoved does so with the runs of an organization: an agent may have
// come to the project after it was asked.
func (s *Service) ProjectMoved(ctx context.Context, organizationID int64) error {
	s.Agents.Forget(organizationID, 0)
	return s.endLost(ctx, func(x *execution) bool { return x.who.OrganizationID == organizationID })
}

// endLost asks once for each agent. A run that is not known here yet asks for
// itself when it is (execution.permitted), so none falls between the two.
func (s *Service) endLost(ctx context.Context, concerns func(*execution) bool) error {
	byAgent := map[int64][]*execution{}
	s.mu.Lock()
	for x := range s.live {
		if concerns(x) {
			byAgent[x.agent.ID] = append(byAgent[x.agent.ID], x)
		}
	}
	s.mu.Unlock()
	var failed []error
	for _, runs := range byAgent {
		if err := s.endLostOf(ctx, runs); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// endLostOf looks at runs of one agent.
func (s *Service) endLostOf(ctx context.Context, runs []*execution) error {
	askers := make([]int64, len(runs))
	for i, x := range runs {
		askers[i] = x.who.UserID
	}
	slices.Sort(askers)
	may, err := s.Agents.Runners(ctx, runs[0].who.OrganizationID, runs[0].agent.ID, slices.Compact(askers))
	if err != nil {
		return fmt.Errorf("asking who may run agent %d: %w", runs[0].agent.ID, err)
	}
	for _, x := range runs {
		if !slices.Contains(may, x.who.UserID) {
			x.cancel(ErrAccessLost)
		}
	}
	return nil
}

// permitted decides once more whether the asker may run the agent, now that
// the run is known here: what they lose from now on is told to it. It answers
// who they are at this moment, which is what the documents are searched as. It
// costs no query as long as asker and agent are kept in memory; who tells of a
// change has both forgotten first.
func (x *execution) permitted() (actor.Actor, error) {
	who, err := x.Askers.Actor(x.ctx, x.who.OrganizationID, x.who.UserID)
	if err == nil {
		_, err = x.Agents.Run(x.ctx, who, x.agent.ID)
	}
	switch kind := apperr.KindOf(err); {
	case err == nil:
		return who, nil
	case kind == apperr.NotFound, kind == apperr.Forbidden:
		return who, ErrAccessLost
	}
	return who, fmt.Errorf("asking whether user %d may run agent %d: %w", x.who.UserID, x.agent.ID, err)
}
