package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/event"
)

func TestAnAcceptedQuestionIsStoredBeforeTheModelIsCalled(t *testing.T) {
	play(t, func(s *scene) {
		var seen core.Run
		var content core.Content
		s.model.answer = func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
			seen, _ = s.store.Run(ctx, jo.UserID, 1)
			contents, err := s.store.Contents(ctx, []int64{1})
			content = contents[1]
			return core.Completion{Text: "Yes."}, err
		}
		run := s.ask(" What is green? ")
		s.same(core.InProgress, run.State) // its turn came at once
		s.same("What is green?", s.ended(run).Question)
		s.same(core.InProgress, seen.State)
		s.same("What is green?", content.Question)
		s.same("What is green?", content.SearchQuery)
		if seen.EstimatedPrompt == 0 {
			t.Error("what was sent is not known when the process dies now")
		}
	})
}

func TestAnAnswerIsStoredWithAllThatBelongsToIt(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It is ", "green [1].")
		run := s.ask("What is green?", func(a *core.Ask) { a.QuerySource = "teams" })
		got := s.ended(run)
		s.same([]any{core.Completed, "It is green [1].", "m-1", "[0]", int64(120), int64(15), "teams", "What is green?"},
			[]any{got.State, got.Answer, got.Model, got.Sources, got.PromptTokens, got.CompletionTokens, got.QuerySource, got.ThreadTitle})
		s.same([]int64{5}, got.CorpusIDs)
		usage := chat.Usage{Purpose: "answer", Model: "m-1", FreshInput: 100, CachedInput: 20, Output: 10, Reasoning: 5, UsageSource: "provider", Cost: "0", CostSource: "none"}
		s.same([]core.Metered{{Usage: usage, Raw: reported.Raw}}, s.ledger(run))
		completed, failed := s.facts()
		s.same([]chat.Run{{
			RunID: run.RunID, AgentResponseID: run.ID, OrganizationID: 1, ThreadID: run.ThreadID, AgentID: 3, AgentType: "QnA", ProjectID: 4, TeamID: 5, UserID: 7,
			QuerySource: "teams", State: "completed", AskedOn: run.CreatedOn, EndedOn: run.CreatedOn.Add(2 * time.Second), Usage: []chat.Usage{usage},
		}}, completed)
		s.same(0, len(failed))

		thoughts, err := s.Thoughts(s.ctx, jo, run.ID)
		s.must(err)
		var names []string
		for i, th := range thoughts {
			names = append(names, th.Step)
			s.same(i+1, th.Order)
		}
		s.same([]string{"query_rewriting", "retrieval", "prompt_assembly", "model_call", "citations"}, names)
		s.same(int64(2000), thoughts[3].DurationMS)
	})
}

func TestUsageIsEstimatedWhenTheModelReportsNone(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
			return core.Completion{Text: "12345678"}, emit("12345678")
		}
		run := s.ended(s.ask("What is green?"))
		row := s.ledger(run.Run)[0]
		s.same([]any{"estimated", "m-1", int64(2), run.EstimatedPrompt}, []any{row.UsageSource, row.Model, row.Output, row.FreshInput})
	})
}

func TestAnswerLedgerAndEventAreOneCommit(t *testing.T) {
	play(t, func(s *scene) {
		failures := 2
		s.faulty.fail(func() error {
			if failures--; failures < 0 {
				return nil
			}
			return errBroken
		}, nil)
		s.db.Deliver(func(_ context.Context, e event.Envelope) error {
			if e.Name == (chat.RunCompleted{}).EventName() {
				r := s.stored(core.Run{ID: 1, UserID: jo.UserID})
				s.same(core.Completed, r.State)
				s.same(1, len(s.ledger(r)))
			}
			return nil
		})
		run := s.ask("What is green?")
		synctest.Wait() // closing failed once and waits for its next turn
		s.same(core.InProgress, s.stored(run).State)
		s.same(0, len(s.ledger(run)))
		completed, _ := s.facts()
		s.same(0, len(completed))
		events, err := s.store.Events(s.ctx, run.ID, 0, 100)
		s.must(err)
		s.same(false, events[len(events)-1].Last())

		s.same(core.Completed, s.ended(run).State)
		s.same(1, len(s.ledger(run)))
		completed, _ = s.facts()
		s.same(1, len(completed))
	})
}

// The disk is full while a model answers: who waits is told soon, and the
// answer is stored when there is space again.
func TestARunThatCannotBeClosedIsClosedWhenTheStoreTakesIt(t *testing.T) {
	play(t, func(s *scene) {
		s.tend(s.Service)
		s.faulty.fail(broken, nil)
		began := time.Now()
		asked, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.must(err)
		w := s.Follow(jo, asked)
		_, err = s.Outcome(s.ctx, jo, asked)
		s.is(err, core.ErrNotStored)
		_, err = s.Await(s.ctx, jo, asked.ID)
		s.is(err, core.ErrNotStored)
		read := s.all(w)
		last := read[len(read)-1]
		s.same([]any{core.StepError, "chat.not_stored", true}, []any{last.Step, last.Code, time.Since(began) < 10*time.Second})

		time.Sleep(2 * time.Minute)
		s.same(core.InProgress, s.stored(asked.Run).State)
		s.faulty.fail(nil, nil)
		time.Sleep(15 * time.Second)
		got := s.ended(asked.Run)
		s.same([]any{core.Completed, "It is green [1].", 1}, []any{got.State, got.Answer, len(s.ledger(asked.Run))})
		completed, failed := s.facts()
		s.same([]int{1, 0}, []int{len(completed), len(failed)})
	})
}

func TestARunThatWasNeverClosedIsClosedAfterItsLease(t *testing.T) {
	play(t, func(s *scene) {
		s.faulty.fail(broken, nil)
		run := s.ask("What is green?")
		s.must(s.Close(s.ctx)) // the process goes down and gives up
		s.faulty.fail(nil, nil)
		s.same(core.InProgress, s.stored(run).State)
		other := s.process("process-b")
		time.Sleep(25 * time.Second)
		s.must(other.Recover(s.ctx))
		got := s.stored(run)
		s.same(core.Interrupted, got.State)
		s.same(1, len(s.ledger(run)))
	})
}

func TestAClientThatGoesAwayLosesNothing(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It is ", "green [1].")
		ctx, leave := context.WithCancel(s.ctx)
		run, err := s.Ask(ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.must(err)
		waiting := make(chan error)
		go func() {
			_, err := s.Await(ctx, jo, run.ID)
			waiting <- err
		}()
		synctest.Wait()
		leave()
		s.is(<-waiting, context.Canceled)
		s.same("It is green [1].", s.ended(run.Run).Answer)
	})
}

func TestAModelThatFailsEndsTheRunWithTheReason(t *testing.T) {
	said := core.ErrModelFailed.WithMessage("The model server broke off in the middle.")
	cases := map[string]struct {
		err           error
		code, details string
	}{
		"a reason in words is shown":     {said, "chat.model_failed", "The model server broke off in the middle."},
		"an inner error is not shown":    {errBroken, "internal_error", "Something went wrong on the server while the answer was made."},
		"a wrapped reason is shown":      {errors.Join(said, errBroken), "chat.model_failed", "The model server broke off in the middle."},
		"another module's reason stands": {apperr.New(apperr.Unprocessable, "corpora.outside_scope", "Not yours.").WithField("overrides.corpus_ids", "66 is not"), "corpora.outside_scope", "Not yours. overrides.corpus_ids: 66 is not."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.model.answer = func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
					return core.Completion{Text: "Half an", Model: "m-1", Usage: reported}, errors.Join(emit("Half "), emit("an"), c.err)
				}
				run := s.ask("What is green?")
				events := s.all(s.watch(s.Service, run, 0))
				s.same("Half an", textOf(events))
				got := s.ended(run)
				s.same([]any{core.Failed, c.code, c.details, "Half an", "[]", int64(120)},
					[]any{got.State, got.FailureCode, got.FailureDetails, got.Answer, got.Sources, got.PromptTokens})
				s.same(core.StreamEvent{Sequence: int64(len(events)), Step: core.StepError, Message: c.details, Code: c.code, Details: c.details}, events[len(events)-1])
				completed, failed := s.facts()
				s.same(0, len(completed))
				s.same([]any{1, "failed", int64(100)}, []any{len(failed), failed[0].State, failed[0].Usage[0].FreshInput})
			})
		})
	}
}

func TestASearchThatFailsUsesNoModel(t *testing.T) {
	play(t, func(s *scene) {
		s.library.err = errBroken
		run := s.ended(s.ask("What is green?"))
		s.same([]any{core.Failed, "internal_error", 0}, []any{run.State, run.FailureCode, len(s.model.asked())})
		_, failed := s.facts()
		s.same([]chat.Usage{}, failed[0].Usage)
		if strings.Contains(run.FailureDetails, "secret") {
			t.Error("the reason shows the inside of the server")
		}
	})
}

func TestAPanicInTheModelEndsTheRunAlone(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
			s.must(emit("Half an"))
			panic("boom")
		}
		run := s.ended(s.ask("What is green?"))
		s.same([]any{core.Failed, "internal_error", "Half an", "estimated"}, []any{run.State, run.FailureCode, run.Answer, s.ledger(run.Run)[0].UsageSource})
		s.model.answer = says(0, "Fine.")
		s.same(core.Completed, s.ended(s.ask("And now?")).State)
	})
}

func TestARunThatTakesTooLongFails(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs("Half an")
		s.tend(s.Service)
		run := s.ask("What is green?")
		time.Sleep(10*time.Minute - time.Second)
		s.same(core.InProgress, s.stored(run).State)
		time.Sleep(2 * time.Second)
		got := s.ended(run)
		s.same([]any{core.Failed, "chat.model_failed", "The answer took longer than a run may take.", "Half an"},
			[]any{got.State, got.FailureCode, got.FailureDetails, got.Answer})
	})
}

func TestAnAnswerThatIsTooLargeIsCutAndFails(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(0, strings.Repeat("a", core.MaxAnswer-1), "b", "c", "d")
		got := s.ended(s.ask("What is green?"))
		s.same([]any{core.Failed, "chat.answer_too_large", core.MaxAnswer}, []any{got.State, got.FailureCode, len(got.Answer)})
	})
}

func TestAStoreThatRefusesTheStreamFailsTheRun(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It ", "is ", "green.")
		run := s.ask("What is green?")
		time.Sleep(1500 * time.Millisecond)
		s.faulty.fail(nil, broken)
		got := s.ended(run)
		s.same([]any{core.Failed, "internal_error", "It is "}, []any{got.State, got.FailureCode, got.Answer}) // all that came

		events, err := s.store.Events(s.ctx, run.ID, 0, 100)
		s.must(err)
		for i, e := range events {
			s.same(int64(i+1), e.Sequence)
		}
	})
}

func TestAUserWhoIsDeletedWhileARunGoesOnLeavesFiguresAlone(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It ", "is ", "green.")
		run := s.ask("What is green?")
		w := s.watch(s.Service, run, 0)
		time.Sleep(1500 * time.Millisecond)
		s.must(s.ForgetUser(s.ctx, jo.UserID))
		time.Sleep(10 * time.Second)
		read := s.all(w)
		s.same("chat.deleted", read[len(read)-1].Code)
		_, err := s.Record(s.ctx, jo, run.ID)
		s.is(err, core.ErrNotFound)
		s.same(1, len(s.ledger(run)))
		_, failed := s.facts()
		s.same(1, len(failed))
		events, err := s.store.Events(s.ctx, run.ID, 0, 100)
		s.must(err)
		s.same(0, len(events))
	})
}

func TestAnAnswerThatTheModelCutSaysSo(t *testing.T) {
	for reason, says := range map[string]string{core.FinishLength: "number of tokens", core.FinishFiltered: "content filter"} {
		t.Run(reason, func(t *testing.T) {
			play(t, func(s *scene) {
				s.model.answer = func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
					return core.Completion{Text: "It is", FinishReason: reason, Reasoning: "Is it [2]?"}, emit("It is")
				}
				run := s.ask("What is green?")
				events := s.all(s.watch(s.Service, run, 0))
				got := s.ended(run)
				s.same([]any{core.Completed, reason, "It is", "[]"}, []any{got.State, got.FinishReason, got.Answer, got.Sources})
				for _, e := range events[len(events)-2:] {
					if !strings.Contains(e.Message, says) {
						t.Errorf("%s says %q", e.Step, e.Message)
					}
				}
				thoughts, err := s.Thoughts(s.ctx, jo, run.ID)
				s.must(err)
				s.same([]string{"model_call", "reasoning"}, []string{thoughts[3].Step, thoughts[4].Step})
				s.same("Is it [2]?", thoughts[4].Message)
				if !strings.Contains(thoughts[3].Message, says) {
					t.Error(thoughts[3].Message)
				}
			})
		})
	}
}
