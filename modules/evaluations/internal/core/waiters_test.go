package core_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/actor"
)

// looked counts what followers read.
type looked struct {
	core.Store
	tests, events, shared atomic.Int64
}

func (l *looked) Test(ctx context.Context, org, id int64) (core.Test, error) {
	l.tests.Add(1)
	return l.Store.Test(ctx, org, id)
}

func (l *looked) ProgressAfter(ctx context.Context, id, after int64, limit int) ([]core.Progress, error) {
	l.events.Add(1)
	return l.Store.ProgressAfter(ctx, id, after, limit)
}

func (l *looked) LastEvents(ctx context.Context, ids []int64) (map[int64]int64, error) {
	l.shared.Add(1)
	return l.Store.LastEvents(ctx, ids)
}

func TestFollowersThatWaitShareOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store *looked
		s := newScene(t, func(d *core.Deps) { store = &looked{Store: d.Store}; d.Store = store })
		test := s.create(s.dataset("a:1"))
		const many = 50
		ctx, cancel := context.WithCancel(t.Context())
		got := make([][]core.Progress, many)
		who := make([]actor.Actor, many) // as whom each follows at a moment
		var mu sync.Mutex
		var all sync.WaitGroup
		var ended atomic.Int64
		for i := range many {
			who[i] = jo
			w, err := s.Follow(s.ctx, jo, test.ID, 0)
			s.must(err)
			living := actor.Living(ctx, func() actor.Actor { mu.Lock(); defer mu.Unlock(); return who[i] })
			all.Go(func() {
				defer ended.Add(1)
				for {
					p, err := w.Next(living)
					if err != nil {
						if !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					got[i] = append(got[i], p)
					mu.Unlock()
				}
			})
		}
		time.Sleep(lookTime / 2)
		synctest.Wait()
		tests, events, shared := store.tests.Load(), store.events.Load(), store.shared.Load()
		time.Sleep(20 * lookTime)
		if a, b, c := store.tests.Load()-tests, store.events.Load()-events, store.shared.Load()-shared; a != 0 || b != 0 || c != 20 {
			t.Errorf("%d followers read %d tests, %d times events and %d times all of them in 20 seconds", many, a, b, c)
		}
		// Who loses the agent is told within a second, and an event of another
		// process, which nobody tells of here, too.
		mu.Lock()
		who[0] = user(99)
		have := len(got[1])
		mu.Unlock()
		time.Sleep(lookTime)
		synctest.Wait()
		if n := ended.Load(); n != 1 {
			t.Errorf("%d streams have ended, of one that may not see the test any more", n)
		}
		_, err := s.store.UpdateTest(s.ctx, test.ID, func(t *core.Test) error { t.LastEvent++; return nil })
		s.must(err)
		s.must(s.store.AddProgress(s.ctx, core.Progress{TestID: test.ID, Sequence: test.LastEvent + 1, Step: core.StepProgress, Message: "elsewhere"}))
		time.Sleep(lookTime)
		synctest.Wait()
		mu.Lock()
		if len(got[0]) != have || len(got[1]) != have+1 {
			t.Errorf("who may not got %d events after %d, who may %d", len(got[0]), have, len(got[1]))
		}
		mu.Unlock()
		cancel()
		all.Wait()
	})
}

const lookTime = time.Second
