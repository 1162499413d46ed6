package core

import (
	"context"
	"errors"
	"io"

	"parley/platform/kernel/actor"
)

// Watch reads the stream of one run: what is stored, then what comes, from
// whichever process. It is not for use by several goroutines.
type Watch struct {
	service *Service
	user    int64
	run     int64
	after   int64
	live    *execution // nil for the run of another process, and for one that has ended
	ready   []StreamEvent
	ended   bool
}

// Watch begins to read after a sequence number, 0 for the whole stream. Only
// the asker may.
func (s *Service) Watch(ctx context.Context, who actor.Actor, run, after int64) (*Watch, Run, error) {
	r, err := s.Store.Run(ctx, who.UserID, run)
	if err != nil { // also of one that lives on here for a moment after it was deleted
		return nil, Run{}, err
	}
	if x := s.execution(run); x != nil {
		return s.follow(x, after), x.stream.snapshot(), nil
	}
	return &Watch{service: s, user: who.UserID, run: run, after: after}, r, nil
}

// Follow begins to read the whole stream of a question that was just asked.
func (s *Service) Follow(who actor.Actor, a Asked) *Watch {
	if a.live == nil {
		return &Watch{service: s, user: who.UserID, run: a.ID}
	}
	return s.follow(a.live, 0)
}

func (s *Service) follow(x *execution, after int64) *Watch {
	x.stream.watch()
	return &Watch{service: s, user: x.who.UserID, run: x.stream.snapshot().ID, after: after, live: x}
}

// Record answers the run once it has ended.
func (w *Watch) Record(ctx context.Context, who actor.Actor) (Record, error) {
	return w.service.Outcome(ctx, who, Asked{Run: Run{ID: w.run}, live: w.live})
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
		look := w.look
		if w.live != nil {
			look = w.listen
		}
		if err := look(ctx); err != nil {
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

// listen waits for more of a run of this process.
func (w *Watch) listen(ctx context.Context) error {
	events, over, more := w.live.stream.after(w.after)
	if len(events) > 0 {
		w.ready = events
		return nil
	}
	if over { // closed by another process, or not at all: what is stored tells
		w.live = nil
		return nil
	}
	select {
	case <-more:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look reads what is stored, or waits when that is nothing new.
func (w *Watch) look(ctx context.Context) error {
	events, err := w.service.Store.Events(ctx, w.run, w.after, batch)
	if err != nil || len(events) > 0 {
		w.ready = events
		return err
	}
	// The last event may be behind the reader already.
	r, err := w.service.Store.Run(ctx, w.user, w.run)
	if errors.Is(err, ErrNotFound) { // deleted since they began to read
		w.ready = []StreamEvent{Gone(w.after + 1)}
		return nil
	}
	if err != nil {
		return err
	}
	if !r.State.Open() {
		w.ended = r.LastSequence <= w.after
		return nil
	}
	return w.service.remote.wait(ctx, w.service, w.run, w.after)
}

// Await waits until a run of the caller's has ended and answers it.
func (s *Service) Await(ctx context.Context, who actor.Actor, run int64) (Run, error) {
	if x := s.execution(run); x != nil && x.who.UserID == who.UserID {
		record, err := s.outcome(ctx, x)
		if !errors.Is(err, ErrNoLongerOurs) {
			return record.Run, err
		}
	}
	for {
		r, err := s.Store.Run(ctx, who.UserID, run)
		if err != nil || !r.State.Open() {
			return r, err
		}
		if err := s.remote.wait(ctx, s, run, r.LastSequence); err != nil {
			return r, err
		}
	}
}

// Outcome waits until the run of an accepted question has ended and answers
// its record. ErrNotStored stands for an outcome that the database did not
// take.
func (s *Service) Outcome(ctx context.Context, who actor.Actor, a Asked) (Record, error) {
	if a.live != nil {
		record, err := s.outcome(ctx, a.live)
		if !errors.Is(err, ErrNoLongerOurs) {
			return record, err
		}
	}
	if _, err := s.Await(ctx, who, a.ID); err != nil {
		return Record{}, err
	}
	return s.Record(ctx, who, a.ID)
}

func (s *Service) outcome(ctx context.Context, x *execution) (Record, error) {
	select {
	case <-x.done:
		return x.record, x.err
	case <-ctx.Done():
		return Record{}, ctx.Err()
	}
}
