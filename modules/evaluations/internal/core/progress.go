package core

import (
	"context"
	"io"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// tell stores the event of a test whose LastEvent counts it, in the unit of ctx,
// and wakes those who follow it in this process.
func (s *Service) tell(ctx context.Context, t Test, step, message string) error {
	uow.AfterCommit(ctx, func() { s.waiters.wake(t.ID) })
	return s.Store.AddProgress(ctx, Progress{
		TestID: t.ID, Sequence: t.LastEvent, Step: step, Message: message, Status: t.Status, Total: t.Total, Done: t.Done, Failed: t.Failed,
	})
}

// Watch is somebody who follows a test.
type Watch struct {
	s       *Service
	who     actor.Actor
	test    Test
	last    int64
	waiting []Progress
	ended   bool
}

// Follow answers the events of a test from the one after a sequence number on;
// the stored ones first. It ends with the test, and for who may not see it any
// more.
func (s *Service) Follow(ctx context.Context, who actor.Actor, id, after int64) (*Watch, error) {
	t, err := s.test(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return &Watch{s: s, who: who, test: t, last: after}, nil
}

const (
	lookEvery = time.Second // at what another process stores, and at rights
	maxEvents = 200         // that are read at a time
)

// Next answers the next event, io.EOF behind the last, or the error of ctx.
func (w *Watch) Next(ctx context.Context) (Progress, error) {
	for len(w.waiting) == 0 {
		if w.ended {
			return Progress{}, io.EOF
		}
		may := func() bool { return w.s.belongs(ctx, w.reader(ctx), w.test.AgentID, ErrNoTest) == nil }
		woken, leave := w.s.waiters.enter(ctx, w.s, &waiter{test: w.test.ID, after: w.last, may: may})
		found, err := w.look(ctx)
		if err == nil && len(found) == 0 {
			select {
			case <-woken:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		leave()
		if err != nil {
			return Progress{}, err
		}
		w.waiting = found
	}
	e := w.waiting[0]
	w.waiting = w.waiting[1:]
	w.last = e.Sequence
	w.ended = e.Step == StepEnd || e.Step == StepError
	return e, nil
}

// look reads what is stored since, for a reader who may still read it.
func (w *Watch) look(ctx context.Context) ([]Progress, error) {
	t, err := w.View(ctx)
	if refused(err) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, err
	}
	found, err := w.s.Store.ProgressAfter(ctx, t.ID, w.last, maxEvents)
	if err == nil && len(found) == 0 && !t.Status.Open() && t.LastEvent <= w.last {
		return nil, io.EOF // the last one was seen before
	}
	return found, err
}

// View answers the test as it is now, to whom the follower is now.
func (w *Watch) View(ctx context.Context) (Test, error) {
	return w.s.test(ctx, w.reader(ctx), w.test.ID)
}

// reader is who the follower is now.
func (w *Watch) reader(ctx context.Context) actor.Actor {
	if who := actor.From(ctx); who.Known() {
		return who
	}
	return w.who
}
