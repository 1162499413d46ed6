package core

import (
	"context"
	"io"
	"sync"
	"time"

	"parley/platform/kernel/actor"
)

// hub wakes those who watch a run in this process. What is stored counts; a
// wake-up only saves the wait for the next look.
type hub struct {
	mu   sync.Mutex
	runs map[int64]*bell
}

// bell is rung once for all who wait for it.
type bell struct {
	rung    chan struct{}
	waiting int
}

// next answers a channel that is closed at the next wake-up of the run, and
// how to give it back.
func (h *hub) next(run int64) (<-chan struct{}, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs == nil {
		h.runs = map[int64]*bell{}
	}
	b, ok := h.runs[run]
	if !ok {
		b = &bell{rung: make(chan struct{})}
		h.runs[run] = b
	}
	b.waiting++
	return b.rung, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if b.waiting--; b.waiting == 0 && h.runs[run] == b {
			delete(h.runs, run)
		}
	}
}

func (h *hub) wake(run int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b, ok := h.runs[run]; ok {
		close(b.rung)
		delete(h.runs, run)
	}
}

// wait returns at the next wake-up, after poll, or with the error of ctx.
func wait(ctx context.Context, woken <-chan struct{}, poll time.Duration) error {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-woken:
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Watch reads the stream of one run: what is stored, then what comes, from
// whichever process. It is not for use by several goroutines.
type Watch struct {
	service *Service
	user    int64
	run     int64
	after   int64
	ready   []StreamEvent
	ended   bool
}

// Watch begins to read after a sequence number, 0 for the whole stream. Only
// the asker may.
func (s *Service) Watch(ctx context.Context, who actor.Actor, run, after int64) (*Watch, Run, error) {
	r, err := s.Store.Run(ctx, who.UserID, run)
	if err != nil {
		return nil, Run{}, err
	}
	return &Watch{service: s, user: who.UserID, run: run, after: after}, r, nil
}

// batch bounds how many events are read at once.
const batch = 200

// Next answers the next event. It waits until there is one or ctx ends, and
// answers io.EOF after the last. Once ctx ended it may be called again with
// another.
func (w *Watch) Next(ctx context.Context) (StreamEvent, error) {
	for len(w.ready) == 0 {
		if w.ended {
			return StreamEvent{}, io.EOF
		}
		if err := w.look(ctx); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err() // drivers have words of their own for it
			}
			return StreamEvent{}, err
		}
	}
	e := w.ready[0]
	w.ready, w.after, w.ended = w.ready[1:], e.Sequence, e.Last()
	return e, nil
}

// look reads what is stored, or waits when that is nothing new.
func (w *Watch) look(ctx context.Context) error {
	// Asked before the read, so that nothing falls between the two.
	woken, done := w.service.hub.next(w.run)
	defer done()
	events, err := w.service.Store.Events(ctx, w.run, w.after, batch)
	if err != nil || len(events) > 0 {
		w.ready = events
		return err
	}
	// The last event may be behind the reader already, or gone with its user.
	r, err := w.service.Store.Run(ctx, w.user, w.run)
	if err != nil {
		return err
	}
	if !r.State.Open() {
		w.ended = r.LastSequence <= w.after
		return nil
	}
	return wait(ctx, woken, w.service.Intervals.Poll)
}

// Await waits until a run of the caller's has ended and answers it.
func (s *Service) Await(ctx context.Context, who actor.Actor, run int64) (Run, error) {
	for {
		r, err := s.await(ctx, who, run)
		if err != nil || !r.State.Open() {
			return r, err
		}
	}
}

func (s *Service) await(ctx context.Context, who actor.Actor, run int64) (Run, error) {
	woken, done := s.hub.next(run)
	defer done()
	r, err := s.Store.Run(ctx, who.UserID, run)
	if err != nil || !r.State.Open() {
		return r, err
	}
	return r, wait(ctx, woken, s.Intervals.Poll)
}
