package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// AgentChanged ends the runs of an agent in this process whose askers may not
// run it any more.
func (s *Service) AgentChanged(ctx context.Context, agentID int64) error {
	return s.endLost(ctx, func(x *execution) bool { return x.agent.ID == agentID })
}

// AskerChanged does so with the runs of a user.
func (s *Service) AskerChanged(ctx context.Context, userID int64) error {
	return s.endLost(ctx, func(x *execution) bool { return x.who.UserID == userID })
}

// ProjectMoved does so with the runs of an organization: an agent may have
// come to the project after it was asked.
func (s *Service) ProjectMoved(ctx context.Context, organizationID int64) error {
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

// permitted asks once more whether the asker may run the agent. Ask decided by
// credentials that were read before, and what was lost since then, but before
// the run was known here, has ended no run.
func (x *execution) permitted(ctx context.Context) error {
	may, err := x.Agents.Runners(ctx, x.who.OrganizationID, x.agent.ID, []int64{x.who.UserID})
	switch {
	case err != nil:
		return fmt.Errorf("asking who may run agent %d: %w", x.agent.ID, err)
	case len(may) == 0:
		return ErrAccessLost
	}
	return nil
}
