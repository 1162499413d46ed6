package core

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"parley/platform/kernel/uow"
)

// maxAnswer bounds the text of an answer, in bytes.
const maxAnswer = 256 << 10

// usualAnswer is how much room an answer gets at first, in bytes.
const usualAnswer = 512

// stream is the events of one run of this process. Pieces of the answer that
// come close together become one event, so that a fast model does not cost a
// row for every token. Watchers get an event once it is stored, from memory.
type stream struct {
	journal *journal
	flush   time.Duration
	cancel  context.CancelCauseFunc // of the run

	queued  bool  // waits in the journal, which owns it
	refused error // of the commit under way, whose goroutine owns it

	mu       sync.Mutex
	run      Run
	pending  []StreamEvent // not stored yet, in order
	again    bool          // nobody knows whether some of pending are stored
	inflight []StreamEvent // in the commit under way
	events   []StreamEvent // stored; the one with sequence number n is at n-1
	whole    strings.Builder
	gathered int           // where what is in no event yet begins in whole
	watched  bool          // somebody followed it in this process
	timer    *time.Timer   // runs while something waits for more to come
	flushed  bool          // a piece of the answer was stored
	over     bool          // nothing more comes here
	rung     chan struct{} // closed when events has more, or the stream is over
	begins   *Beginning    // to be stored with the next events
	begun    chan error    // tells that it is
}

// status adds a status event.
func (s *stream) status(step, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(StreamEvent{Step: step, Message: message})
	s.schedule(true)
}

// delta adds a piece of the answer. The first is stored at once when somebody
// watches; what follows within the time of a flush is gathered.
func (s *stream) delta(text string) error {
	if text == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whole.Len()+len(text) > maxAnswer {
		return errAnswerTooLarge
	}
	if s.whole.Len() == 0 {
		s.whole.Grow(usualAnswer)
	}
	s.whole.WriteString(text)
	s.schedule(!s.flushed)
	return nil
}

// add appends an event behind what was gathered. The caller holds mu.
func (s *stream) add(e StreamEvent) {
	if s.gathered < s.whole.Len() {
		piece := StreamEvent{Step: StepStream, Delta: s.whole.String()[s.gathered:]}
		s.gathered = s.whole.Len()
		s.flushed = true
		s.number(piece)
	}
	if e.Step != "" {
		s.number(e)
	}
}

func (s *stream) number(e StreamEvent) {
	e.Sequence = int64(len(s.events) + len(s.inflight) + len(s.pending) + 1)
	s.pending = append(s.pending, e)
}

// schedule has what waits stored: at once when that is wanted and somebody
// watches, else when the time of a flush is over. The caller holds mu.
func (s *stream) schedule(now bool) {
	switch {
	case s.run.ID == 0: // goes with the question
	case now && s.watched:
		s.journal.store(s)
	case s.timer == nil:
		s.timer = time.AfterFunc(s.flush, s.tick)
	}
}

func (s *stream) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	if len(s.pending) > 0 || s.gathered < s.whole.Len() {
		s.journal.store(s)
	}
}

// text is all of the answer that was taken.
func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whole.String()
}

// accepted tells that the question is stored, as run, with the first events.
func (s *stream) accepted(run Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run = run
	s.settle()
}

// take moves what waits into a commit and answers it.
func (s *stream) take() []StreamEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(StreamEvent{})
	s.inflight, s.pending = s.pending, nil
	return s.inflight
}

// advance is what a commit stores of a run that goes on; false when that is
// nothing.
func (s *stream) advance() (Advance, bool) {
	a := Advance{Events: s.take()}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.Run, a.Owner, a.Begins, a.Sequence, a.Again = s.run.ID, s.run.Owner, s.begins, int64(len(s.events)+len(s.inflight)), s.again
	return a, a.Begins != nil || len(a.Events) > 0
}

// stored ends a commit. A run whose events cannot be stored goes no further;
// what it has is kept for its end.
func (s *stream) stored(err error) {
	if err != nil {
		s.putBack()
		s.cancel(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = err != nil && (s.again || errors.Is(err, uow.ErrUnknown))
	if s.begins != nil {
		s.begun <- err
		s.begins = nil
	}
	if err == nil {
		s.settle()
	}
}

// unsure reports whether nobody knows which of its events are stored.
func (s *stream) unsure() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.again
}

// ended adds the last event, which is stored with the outcome.
func (s *stream) ended(last StreamEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inflight = append(s.inflight, last)
	s.settle()
}

// settle hands what was stored to the watchers. The caller holds mu.
func (s *stream) settle() {
	if s.events == nil {
		s.events = s.inflight
	} else {
		s.events = append(s.events, s.inflight...)
	}
	s.inflight = nil
	s.ring()
}

// ring wakes the watchers. The caller holds mu.
func (s *stream) ring() {
	if s.rung != nil {
		close(s.rung)
		s.rung = nil
	}
}

// putBack takes what could not be stored out of the commit again.
func (s *stream) putBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.inflight, s.pending...)
	s.inflight = nil
}

// watch has events stored at once from now on, because somebody follows.
func (s *stream) watch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = true
	if len(s.pending) > 0 || s.gathered < s.whole.Len() {
		s.schedule(true)
	}
}

// close tells the watchers that nothing more comes here. What a commit under way
// holds stays its own: nobody knows yet that it is stored.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.ring()
}

// after answers the stored events behind a sequence number. When there are
// none, the stream is over or more is closed once that has changed.
func (s *stream) after(sequence int64) (events []StreamEvent, over bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := int64(len(s.events)); sequence < n {
		return s.events[max(sequence, 0):n:n], false, nil
	}
	if s.rung == nil {
		s.rung = make(chan struct{})
	}
	return nil, s.over, s.rung
}

// last is the sequence number of the last stored event.
func (s *stream) last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.events))
}

// next is the sequence number behind all that is stored or under way.
func (s *stream) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.events)+len(s.inflight)+len(s.pending)) + 1
}

// snapshot is the run as it was accepted.
func (s *stream) snapshot() Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run
}

// begin adds to the next commit that the run's turn has come, and answers what
// tells that it is stored.
func (s *stream) begin(b Beginning) <-chan error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begins, s.begun = &b, make(chan error, 1)
	s.journal.store(s)
	return s.begun
}
