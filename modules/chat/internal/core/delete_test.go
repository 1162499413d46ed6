package core_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// takesAway are the two ways to delete an answer.
var takesAway = map[string]func(s *core.Service, ctx context.Context, run core.Run) error{
	"with its thread": func(s *core.Service, ctx context.Context, run core.Run) error {
		_, err := s.DeleteThread(ctx, jo, run.ThreadID)
		return err
	},
	"alone": func(s *core.Service, ctx context.Context, run core.Run) error {
		_, err := s.DeleteResponse(ctx, jo, run.ID)
		return err
	},
}

// deletedBy runs a test for both ways.
func deletedBy(t *testing.T, test func(s *scene, remove func(s *core.Service, ctx context.Context, run core.Run) error)) {
	for name, remove := range takesAway {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) { test(s, remove) })
		})
	}
}

// absent checks that nothing answers about a run any more.
func (s *scene) absent(service *core.Service, run core.Run) {
	s.t.Helper()
	for name, read := range map[string]func() error{
		"record":   func() error { _, err := service.Record(s.ctx, jo, run.ID); return err },
		"watch":    func() error { _, _, err := service.Watch(s.ctx, jo, run.ID, 0); return err },
		"thoughts": func() error { _, err := service.Thoughts(s.ctx, jo, run.ID); return err },
		"support":  func() error { _, err := service.Support(s.ctx, jo, run.ID); return err },
		"cancel":   func() error { _, err := service.Cancel(s.ctx, jo, run.ID); return err },
		"comment":  func() error { _, err := service.Comment(s.ctx, jo, run.ID, "Still?"); return err },
		"vote":     func() error { _, err := service.Vote(s.ctx, jo, run.ID, true); return err },
		"delete":   func() error { _, err := service.DeleteResponse(s.ctx, jo, run.ID); return err },
		"decider":  func() error { return service.Deciders().Ask(s.ctx, actor.Answer, jo, run.ID, access.View) },
	} {
		if err := read(); !errors.Is(err, core.ErrNotFound) {
			s.t.Errorf("%s: %v", name, err)
		}
	}
}

// ends are how often it was told that a run ended.
func (s *scene) ends(run int64) int {
	completed, failed := s.facts()
	n := 0
	for _, r := range append(completed, failed...) {
		if r.AgentResponseID == run {
			n++
		}
	}
	return n
}

func TestADeletedAnswerIsGoneOnEveryPath(t *testing.T) {
	deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
		run := s.ended(s.ask("What is green?")).Run
		_, err := s.Comment(s.ctx, jo, run.ID, "Thanks.")
		s.must(err)
		other := s.process("process-b")
		s.must(remove(s.Service, s.ctx, run))
		s.absent(s.Service, run)
		s.absent(other, run)
		s.same(1, len(s.ledger(run)))
		s.same(1, s.ends(run.ID))
	})
}

func TestADeletedThreadIsGoneOnEveryPath(t *testing.T) {
	play(t, func(s *scene) {
		kept := s.ended(s.ask("And blue?"))
		run := s.ended(s.ask("What is green?"))
		_, err := s.DeleteThread(s.ctx, ann, run.ThreadID)
		s.is(err, core.ErrNotFound)
		deleted, err := s.DeleteThread(s.ctx, jo, run.ThreadID)
		s.must(err)
		s.same([]any{"What is green?", true, int64(3)}, []any{deleted.Title, deleted.IsDeleted, deleted.AgentID})
		told := s.db.Published()
		s.same(chat.ThreadDeleted{ThreadID: run.ThreadID, OrganizationID: 1, AgentID: 3, UserID: 7, DeletedBy: 7, DeletedOn: time.Now().UTC()}, told[len(told)-1])
		for name, do := range map[string]func() error{
			"read":   func() error { _, _, err := s.Thread(s.ctx, jo, run.ThreadID, page.Request{}); return err },
			"rename": func() error { _, err := s.RenameThread(s.ctx, jo, run.ThreadID, "Again"); return err },
			"attach": func() error { _, err := s.Attach(s.ctx, jo, run.ThreadID, 5); return err },
			"delete": func() error { _, err := s.DeleteThread(s.ctx, jo, run.ThreadID); return err },
			"ask": func() error {
				_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "More?", ThreadID: &run.ThreadID})
				return err
			},
			"decider": func() error { return s.Deciders().Ask(s.ctx, actor.Thread, jo, run.ThreadID, access.View) },
		} {
			if err := do(); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		list, err := s.Threads(s.ctx, jo, 3, "", page.Request{})
		s.must(err)
		s.same([]any{1, kept.ThreadID}, []any{len(list.Items), list.Items[0].ID})
		s.same(kept, s.ended(kept.Run))
	})
}

func TestARunningAnswerEndsAtOnceWhenItIsDeleted(t *testing.T) {
	deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
		s.model.answer = hangs("Half an")
		other := s.ask("And blue?") // which goes on
		run := s.ask("What is green?")
		near, far := s.watch(s.Service, run, 0), s.watch(s.process("process-b"), run, 4)
		waiting := make(chan error)
		go func() {
			_, err := s.Await(s.ctx, jo, run.ID)
			waiting <- err
		}()
		synctest.Wait()
		began := time.Now()
		s.must(remove(s.Service, s.ctx, run))
		s.absent(s.Service, run)
		s.is(<-waiting, core.ErrDeleted)
		s.same(time.Duration(0), time.Since(began))

		last := core.StreamEvent{Sequence: 5, Step: core.StepError, Code: "chat.deleted", Message: core.ErrDeleted.Message, Details: core.ErrDeleted.Message}
		events := s.all(near)
		s.same([]string{"start", "retrieval", "generation", "assistant_stream", "error"}, steps(events))
		s.same(last, events[4])
		s.same([]core.StreamEvent{last}, s.all(far)) // from another process
		s.same(0, s.Waiting())

		rows := s.ledger(run)
		s.same([]any{1, "estimated"}, []any{len(rows), rows[0].UsageSource})
		_, failed := s.facts()
		s.same([]any{1, run.ID, "cancelled", 1}, []any{len(failed), failed[0].AgentResponseID, failed[0].State, len(failed[0].Usage)})
		s.same(core.InProgress, s.stored(other).State)
		stored, err := s.store.Events(s.ctx, run.ID, 0, 100)
		s.must(err)
		s.same(0, len(stored))
	})
}

func TestAnAnswerThatAnotherProcessMakesEndsWhenItIsDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		silent bool // the model
		told   bool // the event comes
		within time.Duration
	}{
		"at its next piece":         {within: time.Second + 50*time.Millisecond},
		"when the event comes":      {silent: true, told: true},
		"when its lease is renewed": {silent: true, within: 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
				s.model.answer = says(time.Second, "It ", "is ", "green.")
				if c.silent {
					s.model.answer = hangs("Half an")
				}
				s.tend(s.Service)
				run := s.ask("What is green?")
				synctest.Wait()
				time.Sleep(1500 * time.Millisecond)
				w := s.watch(s.Service, run, 4)
				synctest.Wait()
				began := time.Now()
				s.must(remove(s.process("process-b"), s.ctx, run))
				if c.told {
					s.Service.ThreadDeleted(run.ThreadID)
					s.Service.ResponseDeleted(run.ID)
				}
				for _, e := range s.all(w) {
					s.same([]string{"", "chat.deleted"}, []string{e.Delta, e.Code}) // no text after the deletion
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("it ended after %v", took)
				}
				synctest.Wait()
				s.same([]int{1, 1}, []int{s.ends(run.ID), len(s.ledger(run))})
				s.absent(s.Service, run)
			})
		})
	}
}

func TestAnAnswerIsDeletedWhileItWaitsForItsTurn(t *testing.T) {
	deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
		free := s.Busy()
		run := s.ask("What is green?")
		synctest.Wait()
		s.same(core.Queued, s.stored(run).State)
		s.must(remove(s.process("process-b"), s.ctx, run)) // which tells nobody
		free()
		synctest.Wait()
		s.same([]int{1, 0, 0}, []int{s.ends(run.ID), len(s.ledger(run)), len(s.model.asked())})
		s.absent(s.Service, run)
	})
}

func TestAQuestionThatWaitsForItsTurnForgetsAnAnswerThatIsDeleted(t *testing.T) {
	play(t, func(s *scene) {
		first := s.ended(s.ask("What is green?"))
		second := s.ended(s.ask("And blue?", in(first.ThreadID)))
		free := s.Busy()
		third := s.ask("And red?", in(first.ThreadID))
		_, err := s.process("process-b").DeleteResponse(s.ctx, jo, first.Run.ID)
		s.must(err)
		free()
		s.same([]core.Turn{{User: "And blue?", Bot: second.Answer}}, s.ended(third).History)
		s.same(s.ended(third).History, s.model.asked()[2].History)
	})
}

// The question is searched for when its thread goes: it is not there then.
func TestAQuestionOnItsWayIntoADeletedThreadFindsItGone(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.ended(s.ask("What is green?")).ThreadID
		asked, decisions := len(s.model.asked()), 0
		s.agents.decided = func() {
			if decisions++; decisions == 2 { // when its turn has come
				_, err := s.DeleteThread(s.ctx, jo, thread)
				s.must(err)
			}
		}
		_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "And blue?", ThreadID: &thread})
		s.is(err, core.ErrNotFound)
		s.same([]int{2, asked}, []int{decisions, len(s.model.asked())})
		s.agents.decided = nil
		s.ask("Is there room?")
	})
}

// Its history was read before the deletion, and it is stored after it.
func TestAQuestionOnItsWayForgetsAnAnswerThatIsDeleted(t *testing.T) {
	play(t, func(s *scene) {
		first := s.ended(s.ask("What is green?"))
		second := s.ended(s.ask("And blue?", in(first.ThreadID)))
		decisions := 0
		s.agents.decided = func() {
			if decisions++; decisions == 2 {
				_, err := s.DeleteResponse(s.ctx, jo, first.Run.ID)
				s.must(err)
			}
		}
		third := s.ended(s.ask("And red?", in(first.ThreadID)))
		s.same([]core.Turn{{User: "And blue?", Bot: second.Answer}}, third.History)
		prompts := s.model.asked()
		s.same([]any{3, third.History}, []any{len(prompts), prompts[2].History})
	})
}

func TestADeletedAnswerIsNotInTheNextPrompt(t *testing.T) {
	play(t, func(s *scene) {
		first := s.ended(s.ask("What is green?"))
		second := s.ended(s.ask("And blue?", in(first.ThreadID)))
		s.same(1, len(second.History))
		deleted, err := s.DeleteResponse(s.ctx, jo, first.Run.ID)
		s.must(err)
		first.IsDeleted = true
		s.same(first, deleted)
		s.same(0, len(s.ended(second.Run).History)) // what it kept of the conversation
		third := s.ended(s.ask("And red?", in(first.ThreadID)))
		s.same([]core.Turn{{User: "And blue?", Bot: second.Answer}}, third.History)
		prompts := s.model.asked()
		s.same(third.History, prompts[len(prompts)-1].History)
		told := s.db.Published()
		s.same(chat.ResponseDeleted{
			AgentResponseID: first.Run.ID, OrganizationID: 1, ThreadID: first.ThreadID, AgentID: 3, UserID: 7, DeletedBy: 7, DeletedOn: time.Now().UTC(),
		}, told[len(told)-2])
		_, list, err := s.Thread(s.ctx, jo, first.ThreadID, page.Request{})
		s.must(err)
		s.same(2, len(list.Items))
	})
}

func TestATitleThatCameFromADeletedQuestionGoesWithIt(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?"))
		named := s.ended(s.ask("What is blue?"))
		_, err := s.RenameThread(s.ctx, jo, named.ThreadID, "Mine")
		s.must(err)
		for _, r := range []core.Record{run, named} {
			_, err := s.DeleteResponse(s.ctx, jo, r.Run.ID)
			s.must(err)
		}
		s.same("Mine", s.ended(s.ask("And red?", in(named.ThreadID))).ThreadTitle)
		s.same("And red?", s.ended(s.ask("And red?", in(run.ThreadID))).ThreadTitle)
	})
}

func TestARepeatedRequestDoesNotBringADeletedAnswerBack(t *testing.T) {
	deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
		keyed := core.Ask{AgentID: 3, UserQuery: "What is green?", Key: "k", Fingerprint: "f"}
		asked, err := s.Ask(s.ctx, jo, keyed)
		s.must(err)
		s.ended(asked.Run)
		s.must(remove(s.Service, s.ctx, asked.Run))
		_, err = s.Ask(s.ctx, jo, keyed)
		s.is(err, core.ErrDeleted)
		keyed.Fingerprint = "g"
		_, err = s.Ask(s.ctx, jo, keyed)
		s.is(err, core.ErrKeyReused)
		keyed.Key = "another"
		again, err := s.Ask(s.ctx, jo, keyed)
		s.must(err)
		s.same(false, again.Replayed)
	})
}
