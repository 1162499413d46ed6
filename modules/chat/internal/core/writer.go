package core

import (
	"context"
	"strings"
	"sync"
	"time"
)

// maxAnswer bounds the text of an answer, in bytes.
const maxAnswer = 256 << 10

// writer stores the stream of one run. Pieces of the answer that come close
// together become one event, so that a fast model does not cost a commit for
// every token.
type writer struct {
	service *Service
	run     int64
	cancel  context.CancelCauseFunc

	mu       sync.Mutex
	sequence int64
	pending  strings.Builder
	whole    strings.Builder
	timer    *time.Timer // runs while something is pending
	err      error       // the first failure; nothing is written after it
}

func newWriter(s *Service, r Run, cancel context.CancelCauseFunc) *writer {
	return &writer{service: s, run: r.ID, cancel: cancel, sequence: r.LastSequence}
}

// status stores a status event.
func (w *writer) status(step, message string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store(StreamEvent{Step: step, Message: message})
}

// delta takes a piece of the answer. The first is stored at once; what
// follows within Intervals.Flush is gathered.
func (w *writer) delta(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || text == "" {
		return w.err
	}
	if w.whole.Len()+len(text) > maxAnswer {
		return errAnswerTooLarge
	}
	w.whole.WriteString(text)
	w.pending.WriteString(text)
	if w.timer != nil {
		return nil
	}
	err := w.store(StreamEvent{})
	w.timer = time.AfterFunc(w.service.Intervals.Flush, w.tick)
	return err
}

// tick stores what was gathered and goes on while there is something.
func (w *writer) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		return
	}
	if w.pending.Len() == 0 || w.err != nil {
		w.timer = nil
		return
	}
	if err := w.store(StreamEvent{}); err != nil {
		w.cancel(err) // the model need not go on for nobody
		w.timer = nil
		return
	}
	w.timer.Reset(w.service.Intervals.Flush)
}

// text is all of the answer that was taken.
func (w *writer) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.whole.String()
}

// flush stores what is still pending.
func (w *writer) flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	return w.store(StreamEvent{})
}

// store appends the pending piece and then e, when it has a step.
func (w *writer) store(e StreamEvent) error {
	if w.err != nil {
		return w.err
	}
	var events []StreamEvent
	if w.pending.Len() > 0 {
		events = append(events, StreamEvent{Step: StepStream, Delta: w.pending.String()})
		w.pending.Reset()
	}
	if e.Step != "" {
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil
	}
	for i := range events {
		w.sequence++
		events[i].Sequence = w.sequence
	}
	// Not the run's context: a cancelled run keeps the text it had.
	ctx := context.WithoutCancel(w.service.base)
	if w.err = w.service.Store.AppendEvents(ctx, w.run, w.service.Owner, events); w.err != nil {
		return w.err
	}
	w.service.hub.wake(w.run)
	return nil
}
