package core

import (
	"context"
	"errors"
	"io"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// Watch reads the stream of one run: what is stored, then what comes, from
// whichever process. It is not for use by several goroutines.
type Watch struct {
	service *Service
	user    int64 // whose run it is
	run     int64
	after   int64
	live    *execution // nil for the run of another process, and for one that has ended
	ready   []StreamEvent
	ended   bool
	through *through // nil when it is the reader's own
}

// through is how somebody else than the asker follows a run.
type through struct {
	reader  actor.Actor
	grant   int64
	expires time.Time // when the grant does
	checked time.Time // when reader and grant were looked at last
	heard   int64     // how often readers had been roused by then
}

// recheck is how long a grant is believed in while nothing new comes.
const recheck = time.Second

// Watch begins to read after a sequence number, 0 for the whole stream.
// For who reads through a content grant it ends when the grant does: no event
// is answered that came later.
func (s *Service) Watch(ctx context.Context, who actor.Actor, run, after int64) (*Watch, Run, error) {
	r, grant, err := s.readRun(ctx, who, run)
	if err != nil {
		return nil, Run{}, err
	}
	w := &Watch{service: s, user: r.UserID, run: run, after: after}
	if x := s.execution(run); x != nil {
		w, r = s.follow(x, after), x.stream.snapshot()
	}
	if grant != 0 {
		g, err := s.Store.Grant(ctx, who.OrganizationID, grant)
		if err != nil {
			return nil, Run{}, err
		}
		w.through = &through{reader: who, grant: grant, expires: g.ExpiresOn} // looked at before its first event: the grant may have ended meanwhile
	}
	return w, r, nil
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

// Record answers the run once it has ended: after its last event.
func (w *Watch) Record(ctx context.Context, who actor.Actor) (Record, error) {
	if w.through != nil {
		r, err := w.service.Store.Run(ctx, w.user, w.run)
		if err != nil {
			return Record{}, err
		}
		return w.service.record(ctx, who, r)
	}
	return w.service.Outcome(ctx, who, Asked{Run: Run{ID: w.run}, live: w.live})
}

// batch bounds how many events are read at once.
const batch = 200

// Next answers the next event. It waits until there is one or ctx ends, and
// answers io.EOF after the last. Once ctx ended it may be called again with
// another.
func (w *Watch) Next(ctx context.Context) (StreamEvent, error) {
	if w.through == nil {
		return w.next(ctx)
	}
	for {
		turn, rouses, leave := w.service.readers.enter(ctx, w.through.expires.Sub(w.service.Clock.Now()))
		if w.through.heard != rouses { // also between two calls, when nobody waits
			w.through.checked, w.through.heard = time.Time{}, rouses
		}
		e, err := w.next(turn)
		roused := turn.Err() != nil && ctx.Err() == nil
		leave()
		if err == nil || errors.Is(err, io.EOF) || !roused {
			return e, err
		}
		w.through.checked = time.Time{}
	}
}

func (w *Watch) next(ctx context.Context) (StreamEvent, error) {
	for {
		err := w.granted(ctx)
		if err == nil && len(w.ready) > 0 {
			break
		}
		if err == nil && w.ended {
			return StreamEvent{}, io.EOF
		}
		if err == nil {
			err = w.more(ctx)
		}
		if err != nil {
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

// granted answers io.EOF when the reader's grant does not let them read the run
// any more. It looks when events have come, when a grant or somebody's rights
// have changed, and a second after it looked last.
func (w *Watch) granted(ctx context.Context) error {
	now := w.service.Clock.Now()
	if w.through == nil || now.Sub(w.through.checked) < recheck {
		return nil
	}
	who := w.through.reader
	reader, err := w.service.Askers.Actor(ctx, who.OrganizationID, who.UserID)
	var grant int64
	if err == nil {
		_, grant, err = w.service.grantedRun(ctx, reader, w.run)
	}
	switch kind := apperr.KindOf(err); {
	case err == nil && grant == w.through.grant:
		w.through.checked = now
		return nil
	case err == nil, kind == apperr.NotFound, kind == apperr.Forbidden:
		return io.EOF
	}
	return err
}

// more reads or waits for events.
func (w *Watch) more(ctx context.Context) error {
	if w.through != nil {
		w.through.checked = time.Time{} // what comes may be later than the end of the grant
	}
	if w.live != nil {
		return w.listen(ctx)
	}
	return w.look(ctx)
}

// listen waits for more of a run of this process.
func (w *Watch) listen(ctx context.Context) error {
	events, over, more := w.live.stream.after(w.after)
	if len(events) > 0 {
		w.ready = events
		return nil
	}
	if over { // closed by another process, or not at all: what is stored tells
		<-w.live.done
		if errors.Is(w.live.err, ErrNotStored) {
			w.ready = []StreamEvent{{Sequence: w.after + 1, Step: StepError, Message: ErrNotStored.Message, Code: ErrNotStored.Code, Details: ErrNotStored.Message}}
		}
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
		return x.recorded()
	case <-ctx.Done():
		return Record{}, ctx.Err()
	}
}
