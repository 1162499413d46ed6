package core_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
)

// askAs asks a question of somebody's that must be accepted.
func (s *scene) askAs(who actor.Actor, question string) core.Run {
	s.t.Helper()
	asked, err := s.Ask(s.ctx, who, core.Ask{AgentID: 3, UserQuery: question})
	s.must(err)
	return asked.Run
}

func TestWhoLosesTheAgentLosesTheRunAndNobodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		told  func(s *scene) error
		asked [][]int64
	}{
		"by its level":         {func(s *scene) error { return s.AgentChanged(s.ctx, 1, 3) }, [][]int64{{7, 8}}},
		"by what they may":     {func(s *scene) error { return s.AskerChanged(s.ctx, jo.UserID) }, [][]int64{{7}}},
		"by a project's place": {func(s *scene) error { return s.ProjectMoved(s.ctx, 1) }, [][]int64{{7, 8}}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.model.answer = says(time.Minute, "It is ", "green.")
				anns := s.askAs(ann, "What is green?")
				synctest.Wait()
				s.model.answer = hangs("Half an")
				first, second := s.ask("What is green?"), s.ask("And blue?")
				near, far := s.watch(s.Service, first, 0), s.watch(s.process("process-b"), first, 4)
				synctest.Wait()
				s.agents.questions()

				s.agents.hide(jo.UserID)
				began := time.Now()
				s.must(c.told(s))
				s.same(c.asked, s.agents.questions())
				for _, run := range []core.Run{first, second} {
					got := s.ended(run)
					s.same([]any{core.Cancelled, "chat.access_lost", "Half an", "estimated"}, []any{got.State, got.FailureCode, got.Answer, s.ledger(run)[0].UsageSource})
				}
				s.same(time.Duration(0), time.Since(began))

				last := core.StreamEvent{
					Sequence: 5, Step: core.StepError, Code: "chat.access_lost", Message: core.ErrAccessLost.Message, Details: core.ErrAccessLost.Message,
				}
				events := s.all(near)
				s.same([]string{"start", "retrieval", "generation", "assistant_stream", "error"}, steps(events))
				s.same(last, events[4])
				s.same([]core.StreamEvent{last}, s.all(far))
				s.same([]core.StreamEvent{last}, s.all(s.watch(s.Service, first, 4))) // who comes later, too

				s.must(c.told(s)) // once more, as events come
				r, err := s.Await(s.ctx, ann, anns.ID)
				s.must(err)
				s.same(core.Completed, r.State)
				completed, failed := s.facts()
				s.same([]any{1, 2, "cancelled", "cancelled"}, []any{len(completed), len(failed), failed[0].State, failed[1].State})
			})
		})
	}
}

func TestALostRunThatWaitsForItsTurnHasUsedNothing(t *testing.T) {
	play(t, func(s *scene) {
		defer s.Busy()()
		waiting := s.ask("What is green?")
		synctest.Wait()
		s.same(core.Queued, s.stored(waiting).State)
		s.agents.hide(jo.UserID)
		s.must(s.AgentChanged(s.ctx, 1, 3))
		got := s.ended(waiting)
		s.same([]any{core.Cancelled, "chat.access_lost", "", 0}, []any{got.State, got.FailureCode, got.Answer, len(s.ledger(waiting))})
		s.same([]string{"start", "error"}, steps(s.all(s.watch(s.Service, waiting, 0))))
		s.same(0, len(s.model.asked()))
		_, failed := s.facts()
		s.same(1, len(failed))
	})
}

// The loss is told of before the run is known, and after it was decided.
func TestALossBetweenTheDecisionAndTheRunIsNotMissed(t *testing.T) {
	play(t, func(s *scene) {
		s.agents.decided = sync.OnceFunc(func() {
			s.agents.hide(jo.UserID)
			s.must(s.AgentChanged(s.ctx, 1, 3))
			s.must(s.AskerChanged(s.ctx, jo.UserID))
			s.same(0, len(s.agents.questions()))
		})
		run := s.ask("What is green?")
		got := s.ended(run)
		s.same([]any{core.Cancelled, "chat.access_lost", 0, 0}, []any{got.State, got.FailureCode, len(s.ledger(run)), len(s.model.asked())})
		s.same([]string{"start", "error"}, steps(s.all(s.watch(s.Service, run, 0))))
	})
}

func TestOnlyTheRunsOfThisProcessAreAskedAbout(t *testing.T) {
	play(t, func(s *scene) {
		ended := s.ask("What is green?")
		s.ended(ended)
		synctest.Wait()
		s.model.answer = hangs("Half an")
		run := s.ask("And blue?", in(ended.ThreadID))
		other := s.process("process-b")
		synctest.Wait()
		s.agents.questions()
		s.agents.hide(jo.UserID)
		s.must(s.AgentChanged(s.ctx, 1, 99))
		s.must(s.AskerChanged(s.ctx, ann.UserID))
		s.must(s.ProjectMoved(s.ctx, 2))
		s.must(other.AgentChanged(s.ctx, 1, 3))
		s.same(0, len(s.agents.questions()))
		s.same(core.InProgress, s.stored(run).State)
		s.must(s.AgentChanged(s.ctx, 1, 3))
		s.same([][]int64{{7}}, s.agents.questions())
		s.same([]core.State{core.Cancelled, core.Completed}, []core.State{s.ended(run).State, s.ended(ended).State})
	})
}

func TestWhoeverCannotBeAskedAboutHasLostNothingYet(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs("Half an")
		run := s.ask("What is green?")
		synctest.Wait()
		s.agents.hide(jo.UserID)
		s.agents.fail(errBroken)
		s.is(s.AskerChanged(s.ctx, jo.UserID), errBroken) // so that the event comes again
		synctest.Wait()
		s.same(core.InProgress, s.stored(run).State)
		s.agents.fail(nil)
		s.must(s.AskerChanged(s.ctx, jo.UserID))
		s.same("chat.access_lost", s.ended(run).FailureCode)
	})
}

func TestARunWhoseAskerCannotBeAskedAboutFails(t *testing.T) {
	play(t, func(s *scene) {
		s.agents.fail(errBroken)
		got := s.ended(s.ask("What is green?"))
		s.same([]any{core.Failed, "internal_error", 0}, []any{got.State, got.FailureCode, len(s.model.asked())})
		if strings.Contains(got.FailureDetails, "secret") {
			t.Error("the reason shows the inside of the server")
		}
	})
}

// Whichever cause comes first is the one that is told.
func TestARunThatItsAskerEndedIsNotLost(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs("Half an")
		run := s.ask("What is green?")
		synctest.Wait()
		_, err := s.Cancel(s.ctx, jo, run.ID)
		s.must(err)
		s.agents.hide(jo.UserID)
		s.must(s.AgentChanged(s.ctx, 1, 3))
		s.same("chat.cancelled", s.ended(run).FailureCode)
		_, failed := s.facts()
		s.same(1, len(failed))
	})
}

func TestOfManyAskersThoseWhoStayAreAnswered(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Minute, "It is green.")
		var runs []core.Run
		for range 40 {
			runs = append(runs, s.ask("What is green?"), s.askAs(ann, "What is green?"))
		}
		synctest.Wait()
		s.agents.hide(ann.UserID)
		done := make(chan error)
		for range 4 { // of several events at once each finds what the others left
			go func() { done <- s.AgentChanged(s.ctx, 1, 3) }()
		}
		for range 4 {
			s.must(<-done)
		}
		time.Sleep(3 * time.Minute)
		completed, failed := s.facts()
		s.same([]int{40, 40}, []int{len(completed), len(failed)})
		for _, run := range runs {
			s.same(run.UserID == ann.UserID, s.stored(run).State == core.Cancelled)
		}
		s.same(true, slices.IndexFunc(s.agents.questions(), func(q []int64) bool { return len(q) > 2 }) < 0) // each asker once
	})
}
