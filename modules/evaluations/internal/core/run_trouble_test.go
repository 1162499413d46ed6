package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// broken is a unit of work that fails, before or after the commit, at the n-th
// commit from now on, as if the process had died there.
type broken struct {
	uow.Unit
	at    int
	after bool
	count int
}

var errDied = errors.New("died")

func (b *broken) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	b.count++
	dies := b.count == b.at
	err := b.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if dies && !b.after {
			return errDied
		}
		return nil
	})
	if dies && err == nil {
		return errDied
	}
	return err
}

// Whatever commit is lost, or its answer, each query ends once and is asked once.
func TestALostCommitCostsNoQueryAndAsksNoneTwice(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at, died := 1, true; died; at++ {
			unit := &broken{after: after}
			s := newScene(t, func(d *core.Deps) {
				unit.Unit = d.Unit
				d.Unit = unit
				d.Parallel = 1
			})
			s.chat.Say = says(map[string]string{"a": "1", "b": "2", "c": "fail"})
			test := s.create(s.dataset("a:1", "b:2", "c:3"))
			unit.count, unit.at = 0, at
			for range 8 { // with the pauses that failures make
				s.work()
				s.clock.Advance(time.Hour)
			}
			died = unit.count >= at
			v := s.view(test.ID)
			name := fmt.Sprintf("commit %d, after: %v", at, after)
			if v.Status != core.Completed || v.Done != 3 || v.Failed != 1 {
				t.Errorf("%s: %s, %d done, %d failed", name, v.Status, v.Done, v.Failed)
			}
			s.equal([]string{"scored", "scored", "failed: The model is away."}, statuses(v))
			s.equal([]string{"a", "b", "c"}, s.chat.Asked())
			ends := 0
			for _, f := range s.facts() {
				if f == "evaluation_ended.v1" {
					ends++
				}
			}
			if ends != 1 {
				t.Errorf("%s: it ended %d times", name, ends)
			}
		}
	}
}

func TestTroubleOfTheServerIsTriedAgainAndInTheEndSaid(t *testing.T) {
	s := newScene(t)
	s.chat.Say = func(context.Context, chat.Question) (chat.Outcome, error) {
		return chat.Outcome{}, errors.New("no disk")
	}
	test := s.create(s.dataset("a:1"))
	for range 12 {
		s.work()
		s.clock.Advance(24 * time.Hour)
	}
	v := s.view(test.ID)
	s.equal([]string{"failed: The server failed again and again; run the evaluation again later."}, statuses(v))
	s.equal(core.Failed, v.Status)
}

func TestWorkOnARunThatIsOverEnds(t *testing.T) {
	s := newScene(t)
	test := s.create(s.dataset("a:1"))
	_, err := s.store.UpdateTest(s.ctx, test.ID, func(t *core.Test) error { t.Run++; return nil })
	s.must(err)
	s.work()
	s.equal([]string{}, s.chat.Asked())
	s.must(s.Adopt(s.ctx)) // finds the run that has no job
	s.work()
	s.equal(core.Completed, s.view(test.ID).Status)
}

func TestWhoLosesTheAgentFollowsItsTestsNoFurther(t *testing.T) {
	s := newScene(t)
	test := s.create(s.dataset("a:1"))
	s.work()
	watch, err := s.Follow(s.ctx, jo, test.ID, 0)
	s.must(err)
	// The rights are those of the caller now, not those that the stream began with.
	if e, err := watch.Next(actor.In(s.ctx, user(99))); !errors.Is(err, io.EOF) {
		t.Errorf("they see %+v, %v", e, err)
	}
	if e, err := watch.Next(actor.In(s.ctx, jo)); err != nil || e.Step != core.StepStart {
		t.Errorf("an admin sees %+v, %v", e, err)
	}
}

func TestAQueryWhoseRunSomebodyEndsIsPutAgainAtOnce(t *testing.T) {
	s := newScene(t)
	answer, put := says(map[string]string{"a": "1", "b": "2"}), map[string]int{}
	var mu sync.Mutex
	s.chat.Say = func(ctx context.Context, q chat.Question) (chat.Outcome, error) {
		mu.Lock()
		defer mu.Unlock()
		if put[q.Text]++; q.Text == "a" && put["a"] == 1 {
			return chat.Outcome{}, apperr.New(apperr.Conflict, "chat.deleted", "This answer was deleted.")
		}
		return answer(ctx, q)
	}
	test := s.create(s.dataset("a:1", "b:2"))
	s.work()
	s.equal([]string{"scored", "scored"}, statuses(s.view(test.ID)))
	s.equal(map[string]int{"a": 2, "b": 1}, put)
}

func TestADeletedUserFailsTheirOpenTests(t *testing.T) {
	s := newScene(t)
	d := s.dataset("a:1", "b:2")
	done := s.create(d)
	s.work()
	open := s.create(d)
	for range 2 {
		s.must(s.db.Do(s.ctx, func(ctx context.Context, tx uow.Tx) error { return s.UserDeleted(ctx, tx, jo.UserID) }))
	}
	s.work()
	s.equal(core.Completed, s.view(done.ID).Status)
	v := s.view(open.ID)
	s.equal([]any{core.Failed, int64(2), "The user who made the evaluation was deleted."}, []any{v.Status, v.Failed, v.FailureReason})
	s.equal([]string{"a", "b"}, s.chat.Asked())
}

func TestADeletedAgentTakesItsDatasetsAndTestsAlong(t *testing.T) {
	s := newScene(t)
	d := s.dataset("a:1")
	open := s.create(d)
	for range 2 {
		s.must(s.db.Do(s.ctx, func(ctx context.Context, tx uow.Tx) error { return s.AgentDeleted(ctx, tx, 1, agentID) }))
	}
	s.equal("cancelled", last[evaluations.EvaluationEnded](s).Status)
	s.work()
	_, err := s.store.Test(s.ctx, 1, open.ID)
	if !errors.Is(err, core.ErrNoTest) {
		t.Error(err)
	}
	_, err = s.store.Dataset(s.ctx, 1, d.ID)
	if !errors.Is(err, core.ErrNoDataset) {
		t.Error(err)
	}
	s.equal([]string{}, s.chat.Asked())
}
