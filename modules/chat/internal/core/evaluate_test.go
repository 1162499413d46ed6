package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// testThread is a thread of jo's for the questions of a test.
func (s *scene) testThread() int64 {
	s.t.Helper()
	id, err := s.Evaluations().OpenThread(s.ctx, chat.TestThread{OrganizationID: 1, UserID: jo.UserID, AgentID: 3, Title: "Test 1"})
	s.must(err)
	return id
}

func question(thread int64, key string) chat.Question {
	return chat.Question{OrganizationID: 1, UserID: jo.UserID, AgentID: 3, ThreadID: thread, Text: "What is green?", Key: key}
}

// measured asks a question that is answered.
func (s *scene) measured(q chat.Question) chat.Outcome {
	s.t.Helper()
	out, err := s.Evaluations().Run(s.ctx, q)
	s.must(err)
	return out
}

func TestAQuestionOfAnEvaluationIsAskedAsItsUserAsks(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		got := s.measured(question(thread, "q/1"))
		s.same([]any{"completed", "It is green [1].", "m-1", int64(120), int64(15)}, []any{got.State, got.Answer, got.Model, got.PromptTokens, got.CompletionTokens})
		s.same([]chat.Reference{{Number: 1, Title: "Guide › Warp", URL: "/api/document/11/content", DocumentID: 11}}, got.References)
		s.same([]any{2, "The warp coil is green.", int64(12)}, []any{len(got.Contexts), got.Contexts[0].Text, got.Contexts[1].DocumentID})
		run, err := s.store.Run(s.ctx, jo.UserID, got.AgentResponseID)
		s.must(err)
		s.same([]any{"evaluation", thread, core.Completed}, []any{run.QuerySource, run.ThreadID, run.State})
		s.same(1, len(s.ledger(run)))
		completed, _ := s.facts()
		s.same([]any{1, "evaluation", "answer"}, []any{len(completed), completed[0].QuerySource, completed[0].Usage[0].Purpose})

		// The next one knows nothing of the first.
		s.measured(question(thread, "q/2"))
		s.same(0, len(s.model.asked()[1].History))
	})
}

func TestAThreadOfAnEvaluationIsListedOnlyWhenItIsAskedFor(t *testing.T) {
	play(t, func(s *scene) {
		own := s.ask("What is green?")
		thread := s.testThread()
		s.measured(question(thread, "q"))
		ids := func(source string) (out []int64) {
			list, err := s.Threads(s.ctx, jo, 3, source, page.Request{})
			s.must(err)
			for _, t := range list.Items {
				out = append(out, t.ID)
			}
			return out
		}
		s.same([]int64{own.ThreadID}, ids(""))
		s.same([]int64{thread, own.ThreadID}, ids(core.SourceEvaluation)) // one without a source matches every filter
		created := 0
		for _, e := range s.db.Published() {
			if _, is := e.(chat.ThreadCreated); is {
				created++
			}
		}
		s.same(1, created)
	})
}

func TestAQuestionIsAskedOnceForItsKey(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		first := s.measured(question(thread, "q"))
		s.same(first, s.measured(question(thread, "q")))
		s.same(1, len(s.model.asked()))

		other := question(thread, "q")
		other.Text = "What is blue?"
		_, err := s.Evaluations().Run(s.ctx, other)
		s.same(true, err != nil && strings.Contains(err.Error(), "another question"))

		// While the model answers, a second caller waits for the same run.
		s.model.answer = says(time.Minute, "Slow.")
		got := make(chan int64, 2)
		for range 2 {
			go func() {
				out, err := s.Evaluations().Run(s.ctx, question(thread, "slow"))
				if err != nil {
					t.Error(err)
				}
				got <- out.AgentResponseID
			}()
		}
		s.same(<-got, <-got)
		s.same(2, len(s.model.asked()))
	})
}

func TestAFailedQuestionIsAnOutcome(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
			return core.Completion{}, core.ErrModelFailed
		}
		thread := s.testThread()
		got := s.measured(question(thread, "q"))
		s.same([]any{"failed", "chat.model_failed"}, []any{got.State, got.FailureCode})
		s.same(got.AgentResponseID, s.measured(question(thread, "q")).AgentResponseID)
	})
}

func TestTheEndOfTheContextStopsTheModelAndTheQuestionCanBeAskedAgain(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		s.model.answer = hangs("Half")
		stopped := errors.New("the job is stopped")
		ctx, cancel := context.WithCancelCause(s.ctx)
		done := make(chan error, 1)
		go func() {
			_, err := s.Evaluations().Run(ctx, question(thread, "q"))
			done <- err
		}()
		synctest.Wait()
		cancel(stopped)
		s.is(<-done, stopped)
		synctest.Wait()
		run, err := s.store.RunByQuestion(s.ctx, jo.UserID, "answer/q")
		s.must(err)
		s.same([]any{core.Cancelled, 1}, []any{run.State, len(s.ledger(run))})

		s.model.answer = says(0, "Whole.")
		got := s.measured(question(thread, "q"))
		s.same([]any{"Whole.", false}, []any{got.Answer, got.AgentResponseID == run.ID})
	})
}

// A process dies while the model answers. The job, resumed by another process,
// waits for the run that the dead one had begun, until its lease is over, and
// asks anew.
func TestAQuestionOfADeadProcessIsFoundAndAskedAnew(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		s.model.answer = hangs("Half")
		dying := s.process("process-x")
		go dying.Evaluations().Run(s.ctx, question(thread, "q")) //nolint:errcheck // nobody is left to read it
		time.Sleep(time.Second)
		begun, err := s.store.RunByQuestion(s.ctx, jo.UserID, "answer/q")
		s.must(err)
		s.same(core.InProgress, begun.State)
		s.tend(s.Service) // and nobody tends the other one
		s.model.mu.Lock()
		s.model.answer = says(0, "Whole.")
		s.model.mu.Unlock()
		got := s.measured(question(thread, "q"))
		s.same("Whole.", got.Answer)
		old, err := s.store.Run(s.ctx, jo.UserID, begun.ID)
		s.must(err)
		s.same(core.Interrupted, old.State)
		s.same(2, len(s.model.asked()))
	})
}

func TestARunOfAnotherProcessIsCancelledWithTheJob(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		s.model.answer = hangs("Half")
		other := s.process("process-y")
		s.tend(other)
		first := make(chan error, 1)
		go func() {
			_, err := other.Evaluations().Run(s.ctx, question(thread, "q"))
			first <- err
		}()
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(s.ctx, time.Second)
		defer cancel()
		_, err := s.Evaluations().Run(ctx, question(thread, "q"))
		s.is(err, context.DeadlineExceeded)
		s.is(<-first, core.ErrCancelled)
	})
}

func TestTheRightsOfAQuestionAreThoseOfTheMomentOfItsTurn(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		free := s.Busy()
		done := make(chan error, 1)
		go func() {
			_, err := s.Evaluations().Run(s.ctx, question(thread, "q"))
			done <- err
		}()
		synctest.Wait()
		s.agents.hide(jo.UserID)
		free()
		s.is(<-done, errHidden)
		s.same(0, len(s.model.asked()))
		_, err := s.store.RunByQuestion(s.ctx, jo.UserID, "answer/q")
		s.is(err, core.ErrNotFound)
	})
}

func TestEvaluationsGetThePlacesThatUsersLeaveAndNoMoreThanTheirShare(t *testing.T) {
	crowded(t, core.Places{Running: 4, Background: 2}, func(c *crowd) {
		thread := c.testThread()
		for i := range 4 {
			q := question(thread, fmt.Sprint(i))
			q.Text = fmt.Sprint("q", i)
			go c.Evaluations().Run(c.ctx, q) //nolint:errcheck // the model says what became of it
			synctest.Wait()
		}
		c.same([]string{"q0", "q1"}, c.begun)
		c.asks(ann, "a0")
		c.asks(ann, "a1")
		c.asks(ann, "a2")
		c.same([]string{"q0", "q1", "a0", "a1"}, c.begun)
		c.answered("q0") // whose place is a2's, before q2's
		c.answered("a0", "a1", "q1", "a2")
		c.same([]string{"q0", "q1", "a0", "a1", "a2", "q2", "q3"}, c.begun)
		c.answered("q2", "q3")
	})
}

func TestAJudgeIsOneCallWithOneRowInTheLedger(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		const verdict = "{\"score\": 1, \"why\": \"<b>[1]</b> ![x](http://x/y)\"}"
		s.model.answer = says(0, verdict[:9], verdict[9:])
		call := chat.JudgeCall{OrganizationID: 1, UserID: jo.UserID, AgentID: 3, ThreadID: thread, System: "You judge.", Prompt: "Is it right? [1]", Key: "q"}
		got, err := s.Evaluations().Judge(s.ctx, call)
		s.must(err)
		s.same([]any{"completed", verdict, "m-1"}, []any{got.State, got.Text, got.Model})
		again, err := s.Evaluations().Judge(s.ctx, call)
		s.must(err)
		s.same(got, again)

		prompts := s.model.asked()
		s.same(1, len(prompts))
		p := prompts[0]
		s.same([]any{"You judge.", "Is it right? [1]", 0.0, 0, 0}, []any{p.System, p.Rendered, *p.Temperature, len(p.Passages), len(p.History)})
		s.same(0, len(s.library.queries))

		run, err := s.store.Run(s.ctx, jo.UserID, got.AgentResponseID)
		s.must(err)
		rows := s.ledger(run)
		s.same([]any{1, "judge", run.PromptTokens, run.CompletionTokens}, []any{len(rows), rows[0].Purpose, rows[0].FreshInput + rows[0].CachedInput, rows[0].Output + rows[0].Reasoning})
		completed, _ := s.facts()
		s.same([]any{"evaluation", "judge"}, []any{completed[0].QuerySource, completed[0].Usage[0].Purpose})

		// A question may have the key of a judgement.
		s.model.answer = says(0, "It is green [1].")
		s.same("It is green [1].", s.measured(question(thread, "q")).Answer)
	})
}

func TestNoModelStandsInForAJudge(t *testing.T) {
	play(t, func(s *scene) {
		broken := &script{answer: func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
			return core.Completion{}, fmt.Errorf("%w: %w", core.ErrModelFailed, core.ErrNoAnswer)
		}}
		s.Service = s.process("process-j", func(d *core.Deps) {
			d.Models = core.Models{{Model: named{broken, "judge"}, Fallback: "m-1"}, {Model: s.model}}
		})
		thread := s.testThread()
		s.same([]string{"judge", "m-1"}, s.Evaluations().Models())
		got, err := s.Evaluations().Judge(s.ctx, chat.JudgeCall{OrganizationID: 1, UserID: jo.UserID, AgentID: 3, ThreadID: thread, Prompt: "Is it?", Key: "q"})
		s.must(err)
		s.same([]any{"failed", "chat.model_failed", 0}, []any{got.State, got.FailureCode, len(s.model.asked())})
	})
}

func TestWithoutAModelNobodyJudges(t *testing.T) {
	play(t, func(s *scene) {
		s.Service = s.process("process-o", func(d *core.Deps) { d.Models = core.Models{{Model: s.model, Offline: true}} })
		thread := s.testThread()
		s.same(0, len(s.Evaluations().Models()))
		_, err := s.Evaluations().Judge(s.ctx, chat.JudgeCall{OrganizationID: 1, UserID: jo.UserID, AgentID: 3, ThreadID: thread, Prompt: "Is it?", Key: "q"})
		s.is(err, core.ErrNoJudge)
	})
}

// A judge whose process died has used what was sent to it.
func TestAJudgeThatIsInterruptedIsMetered(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		s.model.answer = hangs("{")
		s.tend(s.Service)
		dying := s.process("process-x")
		call := chat.JudgeCall{OrganizationID: 1, UserID: jo.UserID, AgentID: 3, ThreadID: thread, Prompt: "Is it right?", Key: "q"}
		go dying.Evaluations().Judge(s.ctx, call) //nolint:errcheck // nobody is left to read it
		time.Sleep(time.Minute)
		_, failed := s.facts()
		s.same(1, len(failed))
		s.same([]any{"interrupted", "judge", "estimated", true}, []any{failed[0].State, failed[0].Usage[0].Purpose, failed[0].Usage[0].UsageSource, failed[0].Usage[0].FreshInput > 0})
	})
}

func TestQuestionsOutsideOfATestThreadAreRefused(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.testThread()
		own := s.ask("What is green?").ThreadID
		ask := func(change func(*chat.Question)) error {
			q := question(thread, "k")
			change(&q)
			_, err := s.Evaluations().Run(s.ctx, q)
			return err
		}
		for name, err := range map[string]error{
			"a thread of a conversation": ask(func(q *chat.Question) { q.ThreadID = own }),
			"somebody else's thread":     ask(func(q *chat.Question) { q.UserID = ann.UserID }),
			"another agent's thread":     ask(func(q *chat.Question) { q.AgentID = 99 }),
			"an unknown model":           ask(func(q *chat.Question) { q.Model = "m-9" }),
			"no question":                ask(func(q *chat.Question) { q.Text = " " }),
			"no key":                     ask(func(q *chat.Question) { q.Key = "" }),
			"a long question":            ask(func(q *chat.Question) { q.Text = strings.Repeat("a", 32_001) }),
		} {
			if err == nil {
				t.Errorf("%s is taken", name)
			}
		}
		s.same(actor.User, jo.Level)
	})
}
