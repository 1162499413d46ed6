package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// user is one of an organization.
func user(organization, id int64) actor.Actor {
	return actor.Actor{UserID: id, OrganizationID: organization}
}

// crowd is a scene with few places, whose model answers when it is told to.
type crowd struct {
	*scene
	begun  []string // the questions, in the order of their turns
	finish map[string]chan struct{}
}

func crowded(t *testing.T, places core.Places, test func(c *crowd)) {
	play(t, func(s *scene) {
		c := &crowd{scene: s, finish: map[string]chan struct{}{}}
		s.model.answer = func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
			s.model.mu.Lock()
			c.begun = append(c.begun, p.Original)
			done := make(chan struct{})
			c.finish[p.Original] = done
			s.model.mu.Unlock()
			select {
			case <-done:
				return core.Completion{Text: "Yes.", Model: "m-1"}, emit("Yes.")
			case <-ctx.Done():
				return core.Completion{}, ctx.Err()
			}
		}
		s.Service = s.process("process-p", func(d *core.Deps) { d.Places = places })
		test(c)
	})
}

// asks asks a question that is accepted.
func (c *crowd) asks(who actor.Actor, question string) {
	c.t.Helper()
	_, err := c.Ask(c.ctx, who, core.Ask{AgentID: 3, UserQuery: question})
	c.must(err)
	synctest.Wait()
}

// answered ends the answers to questions, one after the other.
func (c *crowd) answered(questions ...string) {
	c.t.Helper()
	for _, q := range questions {
		close(c.finish[q])
		time.Sleep(time.Second) // of the bubble
		synctest.Wait()
	}
}

func TestTheNextPlaceGoesRoundOverOrganizationsAndThenUsers(t *testing.T) {
	crowded(t, core.Places{Running: 1}, func(c *crowd) {
		c.asks(user(1, 10), "first")
		for i := range 3 {
			c.asks(user(1, 10), fmt.Sprint("a", i))
		}
		c.asks(user(1, 11), "b0")
		c.asks(user(1, 11), "b1")
		c.asks(user(2, 20), "c0")
		c.asks(user(2, 20), "c1")
		for i := 0; i < 8; i++ {
			c.answered(c.begun[i])
		}
		// Organization 2 waits for one answer, not for the six that were asked before.
		c.same([]string{"first", "a0", "c0", "b0", "c1", "a1", "b1", "a2"}, c.begun)
	})
}

func TestAUserTakesNoPlaceBeyondTheirShare(t *testing.T) {
	crowded(t, core.Places{Running: 4, UserRunning: 2, OrganizationRunning: 3, UserOpen: 4, OrganizationOpen: 5}, func(c *crowd) {
		for i := range 4 {
			c.asks(user(1, 10), fmt.Sprint("a", i))
		}
		c.same([]string{"a0", "a1"}, c.begun)
		refused := func(who actor.Actor, want error) {
			c.t.Helper()
			_, err := c.Ask(c.ctx, who, core.Ask{AgentID: 3, UserQuery: "too much"})
			c.is(err, want)
			var e *apperr.Error
			c.same([]any{true, apperr.TooMany, true}, []any{errors.As(err, &e), apperr.KindOf(err), e.RetryAfter > 0})
		}
		refused(user(1, 10), core.ErrUserBusy)
		c.asks(user(1, 11), "b0")
		refused(user(1, 12), core.ErrOrganizationBusy)
		c.asks(user(2, 20), "c0")
		c.same([]string{"a0", "a1", "b0", "c0"}, c.begun)
		c.answered("c0") // and nobody of organization 1 may have the place
		c.same(4, len(c.begun))
		c.asks(user(2, 20), "c1")
		c.answered("b0", "a0")
		c.same([]string{"c1", "a2"}, c.begun[4:])
		c.asks(user(1, 10), "a4")
	})
}

func TestOneUserWithAllTheyMayAskDelaysNobodyElse(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		s.Service = s.process("process-p", func(d *core.Deps) {
			d.Places = core.Places{Running: 30, Open: 60, OrganizationRunning: 25, OrganizationOpen: 50, UserRunning: 20, UserOpen: 40}
		})
		for {
			if _, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"}); err != nil {
				s.is(err, core.ErrUserBusy)
				break
			}
		}
		synctest.Wait()
		s.model.mu.Lock()
		s.model.answer = says(0, "It is.")
		s.model.mu.Unlock()
		for _, who := range []actor.Actor{ann, user(2, 30)} {
			asked, err := s.Ask(s.ctx, who, core.Ask{AgentID: 3, UserQuery: "And mine?"})
			s.must(err)
			s.same(core.InProgress, asked.State)
			r, err := s.Await(s.ctx, who, asked.ID)
			s.must(err)
			s.same(core.Completed, r.State)
		}
	})
}

func TestAQuestionThatIsCancelledWhileItWaitsLeavesTheQueue(t *testing.T) {
	crowded(t, core.Places{Running: 1, UserOpen: 2}, func(c *crowd) {
		c.asks(user(1, 10), "first")
		asked, err := c.Ask(c.ctx, user(1, 10), core.Ask{AgentID: 3, UserQuery: "second"})
		c.must(err)
		_, err = c.Cancel(c.ctx, user(1, 10), asked.ID)
		c.must(err)
		c.asks(user(1, 10), "third")
		c.answered("first", "third")
		c.same(false, slices.Contains(c.begun, "second"))
	})
}

func TestEvaluationsArePacedWhileUsersWait(t *testing.T) {
	crowded(t, core.Places{Pace: 10 * time.Second}, func(c *crowd) {
		thread := c.testThread()
		begin := func(name string) {
			q := question(thread, name)
			q.Text = name
			go c.Evaluations().Run(c.ctx, q) //nolint:errcheck // the model says what became of it
			synctest.Wait()
		}
		begin("q0")
		begin("q1") // at once: no user waits
		c.asks(ann, "a0")
		begin("q2")
		begin("q3")
		c.same([]string{"q0", "q1", "a0", "q2"}, c.begun)
		c.asks(ann, "a1") // of a user, at once
		time.Sleep(11 * time.Second)
		synctest.Wait()
		c.same([]string{"q0", "q1", "a0", "q2", "a1", "q3"}, c.begun)
	})
}

func TestRunsThatWaitTakeNoPlaceForWork(t *testing.T) {
	crowded(t, core.Places{Running: 3, Working: 1}, func(c *crowd) {
		for i := range 3 {
			c.asks(user(1, 10), fmt.Sprint("a", i)) // each waits for its model
		}
		c.asks(user(1, 10), "b0") // and these for their turns
		c.asks(user(1, 10), "b1")
		c.same([]string{"a0", "a1", "a2"}, c.begun)
		c.answered("a0", "a1", "a2", "b0", "b1")
		c.asks(user(1, 10), "c0")
		c.answered("c0")
		c.same(6, len(c.begun))
	})
}

func TestAModelOfThisProcessTakesAPlaceForWork(t *testing.T) {
	crowded(t, core.Places{Working: 1}, func(c *crowd) {
		c.Service = c.process("process-q", func(d *core.Deps) {
			d.Places = core.Places{Working: 1}
			d.Models[0].Offline = true
		})
		c.asks(user(1, 10), "a0")
		_, err := c.Ask(c.ctx, user(1, 10), core.Ask{AgentID: 3, UserQuery: "a1"})
		c.is(err, core.ErrOverloaded)
		c.answered("a0")
		c.asks(user(1, 10), "a2")
		c.answered("a2")
	})
}
