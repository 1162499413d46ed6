package core

import (
	"context"
	"fmt"
	"strconv"

	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

const (
	eraseKind = "evaluations.erase"
	maxErase  = 2000 // rows that are removed at a time
)

// AgentDeleted removes what an agent was measured by and with, in the unit of
// ctx as far as it is under way, and by a job for the rest. Nobody sees it any
// more, as nobody sees the agent.
func (s *Service) AgentDeleted(ctx context.Context, tx uow.Tx, org, agentID int64) error {
	if err := s.cancelAll(ctx, tx, OpenFilter{AgentID: agentID}); err != nil {
		return err
	}
	return s.Queue.Put(ctx, work.Job{Kind: eraseKind, Tenant: org, Key: strconv.FormatInt(agentID, 10), Payload: strconv.FormatInt(org, 10)})
}

// cancelAll cancels open tests, in the unit of ctx.
func (s *Service) cancelAll(ctx context.Context, tx uow.Tx, of OpenFilter) error {
	of.Limit = readAhead
	for {
		open, err := s.Store.OpenTests(ctx, of)
		if err != nil || len(open) == 0 {
			return err
		}
		for _, t := range open {
			of.After = t.ID
			if _, err := s.Store.UpdateTest(ctx, t.ID, func(*Test) error { return nil }); err != nil {
				return err
			}
			if _, err := s.cancel(ctx, tx, t.ID, audit.System); err != nil {
				return err
			}
		}
	}
}

// erase removes what is left of a deleted agent, a part at a time.
func (s *Service) erase(ctx context.Context, c work.Claim) error {
	agentID, err := strconv.ParseInt(c.Job().Key, 10, 64)
	org, err2 := strconv.ParseInt(c.Job().Payload, 10, 64)
	if err != nil || err2 != nil {
		return work.Permanent(fmt.Errorf("the job %q names no agent", c.Job().Key))
	}
	for more := true; more; {
		err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
			var err error
			if more, err = s.Store.EraseAgent(ctx, org, agentID, maxErase); err != nil {
				return err
			}
			return c.Hold(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// goneReason is why the tests of a deleted user end.
const goneReason = "The user who made the evaluation was deleted."

// UserDeleted fails the open tests of a user in the unit of ctx.
func (s *Service) UserDeleted(ctx context.Context, tx uow.Tx, userID int64) error {
	of := OpenFilter{UserID: userID, Limit: readAhead}
	for {
		open, err := s.Store.OpenTests(ctx, of)
		if err != nil || len(open) == 0 {
			return err
		}
		for _, t := range open {
			of.After = t.ID
			if err := s.fail(ctx, tx, t.ID); err != nil {
				return err
			}
		}
	}
}

func (s *Service) fail(ctx context.Context, tx uow.Tx, id int64) error {
	t, err := s.Store.UpdateTest(ctx, id, func(*Test) error { return nil })
	if err != nil || !t.Status.Open() {
		return err
	}
	lost, err := s.Store.CloseResults(ctx, id, QueryLost, goneReason)
	if err != nil {
		return err
	}
	results, err := s.Store.Briefs(ctx, id)
	if err != nil {
		return err
	}
	err = s.finish(ctx, tx, id, func(t *Test) {
		t.Done += lost
		t.Failed += lost
		t.summarize(results, goneReason)
	})
	if err != nil {
		return err
	}
	return s.Queue.Cancel(ctx, runKind, jobOf(t).Key)
}
