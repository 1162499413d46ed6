package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
)

func TestAStreamIsReadFromAnywhereInTheSameOrder(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It ", "is ", "green [1].")
		run := s.ask("What is green?")
		live := s.all(s.watch(s.Service, run, 0)) // as it comes
		s.same([]string{"start", "retrieval", "generation", "assistant_stream", "assistant_stream", "assistant_stream", "end"}, steps(live))
		s.same("It is green [1].", textOf(live))
		for i, e := range live {
			s.same(int64(i+1), e.Sequence)
		}
		other := s.process("process-b")
		s.same(live, s.all(s.watch(s.Service, run, 0))) // once more, when all is stored
		s.same(live, s.all(s.watch(other, run, 0)))     // elsewhere
		s.same(live[3:], s.all(s.watch(other, run, 3))) // from the middle
		s.same(0, len(s.all(s.watch(s.Service, run, int64(len(live))))))
		s.same(0, len(s.all(s.watch(s.Service, run, 1000))))
		s.same(0, s.Waiting())
	})
}

func TestAStreamIsFollowedFromAnotherProcess(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(3*time.Second, "It ", "is ", "green [1].")
		run := s.ask("What is green?")
		w := s.watch(s.process("process-b"), run, 0)
		var took []time.Duration
		began := time.Now()
		for {
			e, err := w.Next(s.ctx)
			s.must(err)
			if e.Delta != "" {
				took = append(took, time.Since(began).Round(time.Second))
			}
			if e.Last() {
				break
			}
		}
		for i, d := range took { // within the poll of when it was said
			if late := d - time.Duration(i+1)*3*time.Second; late < 0 || late > time.Second {
				t.Errorf("piece %d came after %v", i, d)
			}
		}
		s.same(3, len(took))
	})
}

func TestAWatcherInTheSameProcessIsWokenAtOnce(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(10*time.Second, "It is green.")
		began := time.Now()
		run := s.ask("What is green?")
		s.all(s.watch(s.Service, run, 0))
		s.same(10*time.Second, time.Since(began))
		_, err := s.Await(s.ctx, jo, run.ID)
		s.must(err)
		s.same(0, s.Waiting())
	})
}

func TestAWatcherWhoWaitedInVainComesAgain(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(10*time.Second, "It is green.")
		run := s.ask("What is green?")
		w := s.watch(s.Service, run, 3)
		impatient, cancel := context.WithTimeout(s.ctx, 300*time.Millisecond)
		defer cancel()
		_, err := w.Next(impatient)
		s.is(err, context.DeadlineExceeded)
		s.same(0, s.Waiting())
		e, err := w.Next(s.ctx)
		s.must(err)
		s.same("It is green.", e.Delta)
	})
}

func TestAWatcherBeyondTheEndIsLetGoWhenTheRunEnds(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(10*time.Second, "It is green.")
		s.same(0, len(s.all(s.watch(s.Service, s.ask("What is green?"), 1000))))
	})
}

func TestOnlyTheAskerWatches(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		_, _, err := s.Watch(s.ctx, ann, run.ID, 0)
		s.is(err, core.ErrNotFound)
		_, err = s.Await(s.ctx, ann, run.ID)
		s.is(err, core.ErrNotFound)
	})
}

func TestAFastModelCostsFewCommits(t *testing.T) {
	play(t, func(s *scene) {
		var pieces []string
		for i := range 2000 {
			pieces = append(pieces, fmt.Sprintf("word%d ", i))
		}
		s.model.answer = says(time.Millisecond, pieces...) // for two seconds
		appended := 0
		s.faulty.fail(nil, func() error { appended++; return nil })
		run := s.ask("What is green?")
		got := s.all(s.watch(s.Service, run, 0))
		s.same(strings.Join(pieces, ""), textOf(got))
		if appended > 60 || appended < 40 {
			t.Errorf("%d commits for two seconds of pieces", appended)
		}
		s.same("word0 ", got[3].Delta) // the first is not held back
	})
}

func TestASlowModelIsShownPieceByPiece(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It ", "is ", "green.")
		run := s.ask("What is green?")
		w := s.watch(s.Service, run, 3)
		for _, want := range []string{"It ", "is ", "green."} {
			time.Sleep(time.Second)
			synctest.Wait()
			e, err := w.Next(s.ctx)
			s.must(err)
			s.same(want, e.Delta)
		}
		s.same("end", s.all(w)[0].Step)
	})
}
