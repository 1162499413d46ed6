package core

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/modules/evaluations"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// settable are the statuses that a client may set, from each status. All others
// follow from what happens.
var settable = map[Status][]Status{
	Pending:   {Cancelled},
	Running:   {Cancelled},
	Completed: {Pending, Archived},
	Failed:    {Pending, Archived},
	Cancelled: {Pending, Archived},
	Archived:  {},
}

// cancelledReason is why a query of a cancelled test has no score.
const cancelledReason = "The evaluation was cancelled before this query was answered."

// SetStatus cancels a test, has it run again for what has no score yet, or
// archives it.
func (s *Service) SetStatus(ctx context.Context, who actor.Actor, id int64, to Status) (Test, error) {
	if _, err := s.test(ctx, who, id); err != nil {
		return Test{}, err
	}
	var t Test
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		_, err := s.Store.UpdateTest(ctx, id, func(t *Test) error { return t.mayBecome(to) })
		if err != nil {
			return err
		}
		switch to {
		case Cancelled:
			t, err = s.cancel(ctx, tx, id, who.Name())
		case Pending:
			t, err = s.again(ctx, id, who.Name())
		default:
			t, err = s.Store.UpdateTest(ctx, id, func(t *Test) error {
				t.Status = to
				t.Touch(who.Name(), s.Clock.Now())
				return nil
			})
		}
		return err
	})
	return t, err
}

func (t *Test) mayBecome(to Status) error {
	allowed := settable[t.Status]
	if slices.Contains(allowed, to) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	can := "nothing any more"
	if len(names) > 0 {
		can = strings.Join(names, " or ")
	}
	return ErrStatus.WithMessage(fmt.Sprintf("The evaluation is %s; it can become %s.", t.Status, can)).WithField("status", "can be "+can)
}

// cancel ends an open test in the unit of ctx. The context of the worker on it
// ends, and the model's with it.
func (s *Service) cancel(ctx context.Context, tx uow.Tx, id int64, by string) (Test, error) {
	if _, err := s.Store.CloseResults(ctx, id, NotScored, cancelledReason); err != nil {
		return Test{}, err
	}
	t, err := s.Store.UpdateTest(ctx, id, func(t *Test) error {
		now := s.Clock.Now()
		t.Status, t.FinishedOn = Cancelled, &now
		t.LastEvent++
		t.judge()
		t.Touch(by, now)
		return nil
	})
	if err != nil {
		return Test{}, err
	}
	if err := s.tell(ctx, t, StepError, "The evaluation was cancelled."); err != nil {
		return Test{}, err
	}
	tx.Publish(evaluations.EvaluationEnded{Evaluation: t.told(), Status: string(t.Status), Passed: t.Passed})
	return t, s.Queue.Cancel(ctx, runKind, jobOf(t).Key)
}

// renew gives a test without any score the versions of the metrics that the
// server has now. Those of one with scores must be the same: the agent would be
// asked for answers that nothing measures.
func (s *Service) renew(t *Test, scored int64) error {
	for i, ref := range t.Metrics {
		m, ok := s.metric(ref.Name)
		switch {
		case !ok || m.Version == ref.Version:
		case scored > 0:
			return ErrStatus.WithMessage(fmt.Sprintf("The evaluation has scores of version %d of %s, and this server has version %d; make a new evaluation.", ref.Version, ref.Name, m.Version)).
				WithField("status", "can't be pending any more")
		default:
			t.Metrics[i].Version = m.Version
		}
	}
	return nil
}

// again has an ended test run for what has no score yet, in the unit of ctx.
func (s *Service) again(ctx context.Context, id int64, by string) (Test, error) {
	was, err := s.Store.TestByID(ctx, id)
	if err != nil {
		return Test{}, err
	}
	open, err := s.Store.OpenTests(ctx, OpenFilter{AgentID: was.AgentID, Limit: maxOpen})
	if err != nil {
		return Test{}, err
	}
	if len(open) == maxOpen {
		return Test{}, ErrTooMany
	}
	scored, err := s.Store.ReopenResults(ctx, id)
	if err != nil {
		return Test{}, err
	}
	if err := s.Store.ClearProgress(ctx, id); err != nil {
		return Test{}, err
	}
	t, err := s.Store.UpdateTest(ctx, id, func(t *Test) error {
		if err := s.renew(t, scored); err != nil {
			return err
		}
		t.Status, t.Passed, t.FailureReason = Pending, nil, ""
		t.Run++
		t.Done, t.Failed, t.ThreadID, t.LastEvent = scored, 0, 0, 0
		t.StartedOn, t.FinishedOn = nil, nil
		t.Scores = map[string]Mean{}
		t.Touch(by, s.Clock.Now())
		return nil
	})
	if err != nil {
		return Test{}, err
	}
	return t, s.Queue.Put(ctx, jobOf(t))
}
