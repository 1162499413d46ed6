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
	runs map[int64]chan struct{}
}

// next answers a channel that is closed at the next wake-up of the run.
func (h *hub) next(run int64) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs == nil {
		h.runs = map[int64]chan struct{}{}
	}
	c, ok := h.runs[run]
	if !ok {
		c = make(chan struct{})
		h.runs[run] = c
	}
	return c
}

func (h *hub) wake(run int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c, ok := h.runs[run]; ok {
		close(c)
		delete(h.runs, run)
	}
}

// Watch reads the stream of one run: what is stored, then what comes, from
// whichever process.
type Watch struct {
	service *Service
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
	return &Watch{service: s, run: run, after: after}, r, nil
}

// batch bounds how many events are read at once.
const batch = 200

// Next answers the next event. It waits until there is one or ctx ends, and
// answers io.EOF after the last.
func (w *Watch) Next(ctx context.Context) (StreamEvent, error) {
	for len(w.ready) == 0 {
		if w.ended {
			return StreamEvent{}, io.EOF
		}
		// Asked before the read, so that nothing falls between the two.
		woken := w.service.hub.next(w.run)
		events, err := w.service.Store.Events(ctx, w.run, w.after, batch)
		if err != nil {
			return StreamEvent{}, err
		}
		if len(events) > 0 {
			w.ready = events
			break
		}
		poll := time.NewTimer(w.service.Rhythm.Poll)
		select {
		case <-woken:
		case <-poll.C:
		case <-ctx.Done():
			poll.Stop()
			return StreamEvent{}, ctx.Err()
		}
		poll.Stop()
	}
	e := w.ready[0]
	w.ready, w.after, w.ended = w.ready[1:], e.Sequence, e.Last()
	return e, nil
}

// Await waits until a run of the caller's has ended and answers it.
func (s *Service) Await(ctx context.Context, who actor.Actor, run int64) (Run, error) {
	for {
		woken := s.hub.next(run)
		r, err := s.Store.Run(ctx, who.UserID, run)
		if err != nil || !r.State.Open() {
			return r, err
		}
		poll := time.NewTimer(s.Rhythm.Poll)
		select {
		case <-woken:
		case <-poll.C:
		case <-ctx.Done():
			poll.Stop()
			return r, ctx.Err()
		}
		poll.Stop()
	}
}
