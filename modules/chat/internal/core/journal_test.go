package core_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
)

// gated lets the first commit wait, so that what comes meanwhile gathers. It
// answers the sizes of the commits that were tried, and how to open the gate.
func (s *scene) gated(fail func(core.Batch) error) (sizes func() []int, open func()) {
	var mu sync.Mutex
	var tried []int
	gate := make(chan struct{})
	first := true
	s.faulty.writing = func(b core.Batch) error {
		mu.Lock()
		tried = append(tried, len(b.Accepts)+len(b.Advances)+len(b.Ends))
		wait := first
		first = false
		mu.Unlock()
		if wait {
			<-gate
		}
		return fail(b)
	}
	return func() []int {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(tried)
	}, func() { close(gate) }
}

// askAtOnce asks and returns when each question waits for its commit. Its
// errors are there once the gate is open and nothing waits any more.
func (s *scene) askAtOnce(questions ...string) []error {
	errs := make([]error, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { _, errs[i] = s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: q}) })
	}
	synctest.Wait()
	return errs
}

func TestQuestionsThatComeDuringACommitShareTheNext(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		sizes, open := s.gated(func(core.Batch) error { return nil })
		questions := make([]string, 6)
		for i := range questions {
			questions[i] = fmt.Sprintf("Question %d?", i)
		}
		first := s.askAtOnce(questions[:1]...)
		others := s.askAtOnce(questions[1:]...)
		open()
		synctest.Wait()
		for _, err := range slices.Concat(first, others) {
			s.must(err)
		}
		s.same([]int{1, 5}, sizes())
	})
}

func TestAPartThatCannotBeStoredCostsTheOthersNothing(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		_, open := s.gated(func(b core.Batch) error {
			for _, a := range b.Accepts {
				if a.Content.Question == "Bad?" {
					return errBroken
				}
			}
			return nil
		})
		var mu sync.Mutex
		var failed []error
		stored := 0
		for i := range 6 {
			question := fmt.Sprintf("Question %d?", i)
			if i == 3 {
				question = "Bad?"
			}
			go func() {
				_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: question})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					failed = append(failed, err)
				} else {
					stored++
				}
			}()
		}
		synctest.Wait()
		open()
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		s.same([]int{5, 1}, []int{stored, len(failed)})
		s.is(failed[0], errBroken)
		s.same(5, len(s.model.asked()))
	})
}

func TestAStoreThatPanicsStopsNobodyElse(t *testing.T) {
	play(t, func(s *scene) {
		bad := true
		s.faulty.writing = func(core.Batch) error {
			if bad {
				panic("no such column")
			}
			return nil
		}
		if _, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"}); err == nil {
			t.Error("the question was accepted")
		}
		bad = false
		s.same(core.Completed, s.ended(s.ask("And now?")).State)
	})
}

func TestARunThatNobodyWatchesCostsTwoCommits(t *testing.T) {
	play(t, func(s *scene) {
		sizes, open := s.gated(func(core.Batch) error { return nil })
		open()
		s.ended(s.ask("What is green?"))
		s.same([]int{1, 1}, sizes())
	})
}

func TestTheFirstPieceIsStoredAtOnceForWhoWatches(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(10*time.Millisecond, "It ", "is ", "green.")
		began := time.Now()
		w := s.watch(s.Service, s.ask("What is green?"), 0)
		var at []time.Duration
		for {
			e, err := w.Next(s.ctx)
			if err != nil {
				break
			}
			if e.Step == core.StepStream {
				at = append(at, time.Since(began))
			}
		}
		s.same([]time.Duration{10 * time.Millisecond, 30 * time.Millisecond}, at) // the rest comes with the end
	})
}

func TestACommitWaitsForOthersOnlyWhenQuestionsComeOften(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		waited := func() time.Duration {
			began := time.Now()
			if _, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "And this one?"}); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		for range 12 { // more and more runs are open
			time.Sleep(time.Second)
			if took := waited(); took != 0 {
				t.Errorf("one question a second, and it waited %s", took)
			}
		}
		last := time.Duration(0)
		for range 8 {
			last = waited()
		}
		if last != 500*time.Microsecond {
			t.Errorf("the eighth of those that came at once waited %s", last)
		}
	})
}

func TestABatchThatIsNotAsExpectedIsWrittenOnceMore(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		var tried []bool
		s.faulty.writing = func(b core.Batch) error {
			tried = append(tried, b.Expecting)
			if b.Expecting {
				return errBroken
			}
			return nil
		}
		s.faulty.expects = true
		_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "Why?"})
		s.must(err)
		s.same([]bool{true, false}, tried)
	})
}

func TestABatchThatFailsWithoutExpectationIsNotWrittenOnceMore(t *testing.T) {
	play(t, func(s *scene) {
		tried := 0
		s.faulty.writing = func(core.Batch) error {
			tried++
			return errBroken
		}
		if _, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "Why?"}); err == nil {
			t.Error("the question is stored")
		}
		s.same(1, tried)
	})
}

func TestPartsOfABatchThatFailedAreWrittenWithoutExpectation(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		var tried []bool
		_, open := s.gated(func(b core.Batch) error {
			tried = append(tried, b.Expecting)
			if len(b.Accepts) > 1 {
				return errBroken
			}
			return nil
		})
		s.faulty.expects = true
		first := s.askAtOnce("First?")
		others := s.askAtOnce("One?", "Two?")
		open()
		synctest.Wait()
		for _, err := range slices.Concat(first, others) {
			s.must(err)
		}
		s.same([]bool{true, true, false, false, false}, tried)
	})
}
