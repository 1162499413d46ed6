package core_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// unsure is a unit whose commits may break off, as on a connection that is cut:
// next says for each whether it does, and whether it had arrived by then.
type unsure struct {
	uow.Group
	mu   sync.Mutex
	next func() (breaks, arrives bool)
}

var errBrokenOff = errors.New("the connection was cut")

// DoAll implements uow.Group.
func (u *unsure) DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []uow.Tx) ([]error, error)) error {
	u.mu.Lock()
	breaks, arrives := u.next()
	u.mu.Unlock()
	err := u.Group.DoAll(ctx, callers, func(ctx context.Context, txs []uow.Tx) ([]error, error) {
		refused, err := fn(ctx, txs)
		if err == nil && breaks && !arrives {
			err = errBrokenOff
		}
		return refused, err
	})
	if breaks && (err == nil || errors.Is(err, errBrokenOff)) {
		return errors.Join(uow.ErrUnknown, errBrokenOff)
	}
	return err
}

// broken is a process whose commits break off as next says.
func (s *scene) broken(next func() (breaks, arrives bool), change ...func(*core.Deps)) *core.Service {
	return s.process("process-b", append(change, func(d *core.Deps) { d.Unit = &unsure{Group: s.db, next: next} })...)
}

// storedEnds counts the ends that were told as stored.
type storedEnds struct {
	core.Meter
	n atomic.Int64
}

// Ended implements core.Meter.
func (m *storedEnds) Ended(core.State, string) { m.n.Add(1) }

// Called implements core.Meter.
func (*storedEnds) Called(core.ModelCall) {}

// everyOther breaks off each commit that is not a repetition.
func everyOther(arrives bool) func() (bool, bool) {
	n := 0
	return func() (bool, bool) { n++; return n%2 == 1, arrives }
}

// runsOf are the stored runs of a thread.
func (s *scene) runsOf(thread int64) []core.Run {
	s.t.Helper()
	p, err := s.store.RunsPage(s.ctx, thread, page.Request{})
	s.must(err)
	return p.Items
}

func (s *scene) created() (n int) {
	for _, e := range s.db.Published() {
		if _, ok := e.(chat.ThreadCreated); ok {
			n++
		}
	}
	return n
}

func TestWhatACommitWithoutAnAnswerStoredIsStoredOnce(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		play(t, func(s *scene) {
			s.model.answer = says(time.Second, "It ", "is ", "green [1].")
			service := s.broken(everyOther(arrives))
			asked, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
			s.must(err)
			events := s.all(s.watch(service, asked.Run, 0))
			record, err := service.Outcome(s.ctx, jo, asked)
			s.must(err)
			s.same([]any{core.Completed, "It is green [1]."}, []any{record.State, record.Answer})
			stored, err := s.store.Events(s.ctx, asked.ID, 0, 100)
			s.must(err)
			s.same(stored, events)
			for i, e := range stored {
				s.same(int64(i+1), e.Sequence)
			}
			s.same("It is green [1].", textOf(stored))
			s.same(1, len(s.runsOf(asked.ThreadID)))
			s.same(1, s.created())
			completed, failed := s.facts()
			s.same([]int{1, 0}, []int{len(completed), len(failed)})
			s.same(1, len(s.ledger(asked.Run)))
			s.same(1, len(s.model.asked()))
		})
	}
}

func TestAnEndThatWasStoredDuringATroubleIsToldAsStored(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It is green [1].")
		began := time.Now()
		troubled := func() bool { d := time.Since(began); return d >= time.Second && d < time.Minute }
		first := true
		var ends storedEnds
		service := s.broken(func() (bool, bool) { // the end arrives; then the database is gone for long
			if !troubled() {
				return false, false
			}
			arrived := first
			first = false
			return true, arrived
		}, func(d *core.Deps) { d.Meter = &ends })
		asked, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.must(err)
		_, err = service.Outcome(s.ctx, jo, asked)
		s.is(err, core.ErrNotStored) // who waits is told that it's not known
		time.Sleep(2 * time.Minute)
		s.same(core.Completed, s.stored(asked.Run).State)
		s.same(int64(1), ends.n.Load()) // and not as the end of another process
		completed, failed := s.facts()
		s.same([]int{1, 0}, []int{len(completed), len(failed)})
		s.same(1, len(s.ledger(asked.Run)))
		if w, _, err := service.Watch(s.ctx, jo, asked.ID, 0); err != nil || textOf(s.all(w)) != "It is green [1]." {
			t.Error("its stream is not what was stored", err)
		}
	})
}

func TestAStreamWhoseEventsMayBeStoredEndsWithoutCopies(t *testing.T) {
	// The database is gone until the journal has given the events up, which are its
	// first commit and seven more, and beyond.
	for _, commits := range []int{8, 20} {
		t.Run(fmt.Sprint(commits), func(t *testing.T) { play(t, func(s *scene) { s.mayBeStored(commits) }) })
	}
}

func (s *scene) mayBeStored(commits int) {
	s.model.answer = says(time.Second, "It ", "is ", "green [1].")
	began := time.Now()
	n := 0
	service := s.broken(func() (bool, bool) { // the events of the first piece arrive
		if time.Since(began) < time.Second {
			return false, false
		}
		n++
		return n <= commits, n == 1
	})
	asked, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
	s.must(err)
	s.watch(service, asked.Run, 0)
	time.Sleep(2 * time.Minute)
	s.same(core.Completed, s.stored(asked.Run).State) // the model had answered by then
	stored, err := s.store.Events(s.ctx, asked.ID, 0, 100)
	s.must(err)
	for i, e := range stored {
		s.same(int64(i+1), e.Sequence)
	}
	s.same("It is green [1].", textOf(stored))
	completed, failed := s.facts()
	s.same([]int{1, 0}, []int{len(completed), len(failed)})
}

func TestAQuestionIsToldAsUnknownWhenTheDatabaseStaysAway(t *testing.T) {
	play(t, func(s *scene) {
		service := s.broken(func() (bool, bool) { return true, false })
		began := time.Now()
		_, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.is(err, uow.ErrUnknown)
		if d := time.Since(began); d < time.Second || d > 10*time.Second {
			t.Error("it took", d)
		}
		s.same(0, len(s.model.asked()))
	})
}

func TestOthersOfABrokenCommitAreStoredWithIt(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = hangs()
		service := s.broken(everyOther(true))
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				_, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		s.same(6, s.created())
		threads, err := s.store.ThreadsPage(s.ctx, jo.UserID, 3, "", page.Request{})
		s.must(err)
		s.same(int64(6), threads.Count)
		for _, thread := range threads.Items {
			s.same(1, len(s.runsOf(thread.ID)))
		}
	})
}
