package core_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/id"
)

func TestACancelledRunKeepsTheTextItHad(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs("Half an")
		run := s.ask("What is green?")
		synctest.Wait()
		_, err := s.Cancel(s.ctx, ann, run.ID)
		s.is(err, core.ErrNotFound)
		cancelled, err := s.Cancel(s.ctx, jo, run.ID)
		s.must(err)
		s.same(core.Cancelled, cancelled.State)
		got := s.ended(run)
		s.same([]any{"chat.cancelled", "Half an"}, []any{got.FailureCode, got.Answer})
		_, failed := s.facts()
		s.same([]any{"cancelled", "estimated"}, []any{failed[0].State, failed[0].Usage[0].UsageSource})
		_, err = s.Cancel(s.ctx, jo, run.ID)
		s.is(err, core.ErrEnded)
	})
}

func TestARunIsCancelledFromAnotherProcess(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs("Half an")
		s.tend(s.Service)
		other := s.process("process-b")
		run := s.ask("What is green?")
		synctest.Wait()
		asked, err := other.Cancel(s.ctx, jo, run.ID)
		s.must(err)
		s.same([]any{core.InProgress, true}, []any{asked.State, asked.CancelRequested})
		s.same(core.Cancelled, s.ended(run).State)
	})
}

func TestAShutdownInterruptsRunsAndKeepsTheirText(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs("Half ", "an") // of which the second piece is not stored yet
		run := s.ask("What is green?")
		synctest.Wait()
		s.must(s.Close(s.ctx))
		events, err := s.store.Events(s.ctx, run.ID, 0, 100)
		s.must(err)
		s.same("Half an", textOf(events))
		got := s.stored(run)
		s.same([]any{core.Interrupted, "chat.interrupted"}, []any{got.State, got.FailureCode})
		contents, err := s.store.Contents(s.ctx, []int64{run.ID})
		s.must(err)
		s.same("Half an", contents[run.ID].Answer)
		_, failed := s.facts()
		s.same("interrupted", failed[0].State)
		_, err = s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "More?"})
		s.is(err, core.ErrOverloaded)
	})
}

func TestAShutdownDoesNotWaitForEver(t *testing.T) {
	play(t, func(s *scene) {
		stuck := make(chan struct{})
		s.model.answer = func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
			<-stuck // deaf to its context
			return core.Completion{}, nil
		}
		s.ask("What is green?")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(s.ctx, time.Second)
		defer cancel()
		s.is(s.Close(ctx), context.DeadlineExceeded)
		close(stuck)
	})
}

// leftBehind is a run in the middle of its answer whose process is gone.
func (s *scene) leftBehind() core.Run {
	s.t.Helper()
	now := time.Now().UTC()
	thread, err := s.store.AddThread(s.ctx, core.Thread{OrganizationID: 1, AgentID: 3, UserID: jo.UserID, Title: "Warp", CreatedOn: now, ModifiedOn: now})
	s.must(err)
	run := s.left(core.Run{
		RunID: id.New(), OrganizationID: 1, ThreadID: thread.ID, AgentID: 3, UserID: jo.UserID, State: core.InProgress, Owner: "process-dead",
		Model: "stub", EstimatedPrompt: 42, CreatedOn: now, ModifiedOn: now, LeaseUntil: now.Add(20 * time.Second), LastSequence: 1,
	}, core.Content{Question: "What is green?", SearchQuery: "what is green", Sources: "[]"})
	events := make([]core.StreamEvent, 450) // more than are read at once
	for i := range events {
		events[i] = core.StreamEvent{Sequence: int64(2 + i), Step: core.StepStream, Delta: "word word "}
	}
	_, err = s.store.Write(s.ctx, core.Batch{Now: now, Advances: []core.Advance{{Run: run.ID, Owner: run.Owner, Events: events, Sequence: 451}}})
	s.must(err)
	return run
}

// left is a run that was stored by a process that is gone.
func (s *scene) left(r core.Run, c core.Content) core.Run {
	s.t.Helper()
	start := core.StreamEvent{Sequence: 1, Step: core.StepStart}
	done, err := s.store.Write(s.ctx, core.Batch{Now: r.CreatedOn, Accepts: []core.Accept{{Thread: core.Thread{ID: r.ThreadID, UserID: jo.UserID}, Run: r, Content: c, Events: []core.StreamEvent{start}}}})
	s.must(err)
	s.must(done.Accepts[0].Err)
	return done.Accepts[0].Run
}

func TestTheRunsOfADeadProcessAreClosedOnce(t *testing.T) {
	play(t, func(s *scene) {
		first, second := s.process("process-b"), s.process("process-c")
		run := s.leftBehind()
		s.must(first.Recover(s.ctx))
		s.same(core.InProgress, s.stored(run).State) // its process may live
		time.Sleep(21 * time.Second)
		done := make(chan error, 20)
		for i := range cap(done) {
			go func() { done <- []*core.Service{first, second}[i%2].Recover(s.ctx) }()
		}
		for range cap(done) {
			s.must(<-done)
		}
		got := s.ended(run)
		s.same([]any{core.Interrupted, "chat.interrupted", 4500, "what is green", int64(452)},
			[]any{got.State, got.FailureCode, len(got.Answer), got.SearchQuery, got.LastSequence})
		rows := s.ledger(run)
		s.same([]any{1, "estimated", int64(42), int64(1125)}, []any{len(rows), rows[0].UsageSource, rows[0].FreshInput, rows[0].Output})
		_, failed := s.facts()
		s.same([]any{1, "interrupted"}, []any{len(failed), failed[0].State})
	})
}

func TestARunThatNeverAskedItsModelUsedNothing(t *testing.T) {
	play(t, func(s *scene) {
		now := time.Now().UTC()
		thread, err := s.store.AddThread(s.ctx, core.Thread{UserID: jo.UserID})
		s.must(err)
		run := s.left(core.Run{RunID: id.New(), ThreadID: thread.ID, UserID: jo.UserID, State: core.Queued, Owner: "process-dead", LeaseUntil: now, LastSequence: 1}, core.Content{Question: "What?"})
		time.Sleep(time.Second)
		s.must(s.Recover(s.ctx))
		s.same([]any{core.Interrupted, 0}, []any{s.stored(run).State, len(s.ledger(run))})
	})
}

// peers are processes that are known to be dead.
type peers []string

func (p peers) Dead(context.Context, []string) ([]string, error) { return p, nil }

func TestTheRunsOfAProcessThatIsKnownToBeDeadAreClosedAtOnce(t *testing.T) {
	play(t, func(s *scene) {
		run := s.leftBehind()
		s.must(s.process("process-b", func(p *core.Deps) { p.Peers = peers{"somebody else"} }).Recover(s.ctx))
		s.same(core.InProgress, s.stored(run).State)
		s.must(s.process("process-c", func(p *core.Deps) { p.Peers = peers{run.Owner} }).Recover(s.ctx))
		s.same(core.Interrupted, s.stored(run).State)
	})
}

func TestALongRunLivesAsLongAsItsProcessTendsIt(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(90*time.Second, "It is ", "green.")
		s.tend(s.Service)
		s.tend(s.process("process-b"))
		s.same(core.Completed, s.ended(s.ask("What is green?")).State)
	})
}

func TestAProcessThatLostItsLeaseWritesNothingMore(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(30*time.Second, "It ", "is ", "green.")
		s.tend(s.process("process-b"))
		run := s.ask("What is green?") // and nobody tends it
		time.Sleep(5 * time.Minute)
		got := s.ended(run)
		s.same([]any{core.Interrupted, ""}, []any{got.State, got.Answer})
		s.same(1, len(s.ledger(run)))
		completed, failed := s.facts()
		s.same([]int{0, 1}, []int{len(completed), len(failed)})
	})
}

func TestNoMoreRunsOfAUserAreTakenThanTheirShare(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		runs := []core.Run{s.ask("First?")}
		thread := runs[0].ThreadID
		for len(runs) < core.MaxRunning+core.MaxWaiting {
			runs = append(runs, s.ask("What is green?", in(thread)))
		}
		_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "One more?"})
		s.is(err, core.ErrUserBusy)
		synctest.Wait()
		s.same(core.MaxRunning, len(s.model.asked()))

		// One that waits for its turn ends without having used anything.
		at := slices.IndexFunc(runs, func(r core.Run) bool { return s.stored(r).State == core.Queued })
		waiting := runs[at]
		cancelled, err := s.Cancel(s.ctx, jo, waiting.ID)
		s.must(err)
		s.same([]any{core.Cancelled, 0}, []any{cancelled.State, len(s.ledger(waiting))})
		synctest.Wait()
		s.ask("Is there room again?", in(thread))
	})
}

func TestAQuestionThatIsNotAcceptedTakesNoPlace(t *testing.T) {
	play(t, func(s *scene) {
		foreign := s.ask("What is green?").ThreadID
		for range core.MaxRunning + core.MaxWaiting + 1 {
			_, err := s.Ask(s.ctx, ann, core.Ask{AgentID: 3, UserQuery: "Mine?", ThreadID: &foreign})
			s.is(err, core.ErrNotFound)
		}
		s.same(core.Completed, s.ended(s.ask("Is there room?")).State)
	})
}

func TestAStreamIsKeptForAWhileAndItsAnswerForEver(t *testing.T) {
	play(t, func(s *scene) {
		service := s.process("process-r", func(d *core.Deps) { d.StreamRetention = 7 * 24 * time.Hour })
		s.tend(service)
		run := s.ended(s.ask("What is green?")).Run
		whole := s.all(s.watch(service, run, 0))
		time.Sleep(6 * 24 * time.Hour)
		s.same(whole, s.all(s.watch(service, run, 0)))
		time.Sleep(2 * 24 * time.Hour)
		s.same(whole[len(whole)-1:], s.all(s.watch(service, run, 0)))
		s.same("It is green [1].", s.ended(run).Answer)
	})
}
