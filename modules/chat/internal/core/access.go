package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// openRun is a run that this process answers or that waits here for its turn.
type openRun struct {
	organizationID, agentID, userID int64
	cancel                          context.CancelCauseFunc
}

// AgentChanged ends the runs of an agent in this process whose askers may not
// run it any more.
func (s *Service) AgentChanged(ctx context.Context, agentID int64) error {
	return s.endLost(ctx, func(r openRun) bool { return r.agentID == agentID })
}

// AskerChanged does so with the runs of a user.
func (s *Service) AskerChanged(ctx context.Context, userID int64) error {
	return s.endLost(ctx, func(r openRun) bool { return r.userID == userID })
}

// ProjectMoved does so with the runs of an organization: an agent may have
// come to the project after it was asked.
func (s *Service) ProjectMoved(ctx context.Context, organizationID int64) error {
	return s.endLost(ctx, func(r openRun) bool { return r.organizationID == organizationID })
}

// endLost asks once for each agent. A run that is not known here yet asks for
// itself when it is (execution.permitted), so none falls between the two.
func (s *Service) endLost(ctx context.Context, concerns func(openRun) bool) error {
	byAgent := map[int64][]openRun{}
	s.mu.Lock()
	for _, r := range s.open {
		if concerns(r) {
			byAgent[r.agentID] = append(byAgent[r.agentID], r)
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
func (s *Service) endLostOf(ctx context.Context, runs []openRun) error {
	askers := make([]int64, len(runs))
	for i, r := range runs {
		askers[i] = r.userID
	}
	slices.Sort(askers)
	may, err := s.Agents.Runners(ctx, runs[0].organizationID, runs[0].agentID, slices.Compact(askers))
	if err != nil {
		return fmt.Errorf("asking who may run agent %d: %w", runs[0].agentID, err)
	}
	for _, r := range runs {
		if !slices.Contains(may, r.userID) {
			r.cancel(ErrAccessLost)
		}
	}
	return nil
}

// permitted asks once more whether the asker may run the agent. Ask decided by
// credentials that were read before, and what was lost since then, but before
// the run was known here, has ended no run.
func (x *execution) permitted(ctx context.Context) error {
	may, err := x.Agents.Runners(ctx, x.run.OrganizationID, x.run.AgentID, []int64{x.run.UserID})
	switch {
	case err != nil:
		return fmt.Errorf("asking who may run agent %d: %w", x.run.AgentID, err)
	case len(may) == 0:
		return ErrAccessLost
	}
	return nil
}
