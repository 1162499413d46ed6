package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// finish closes the run with its outcome and answers when, or why its end
// could not be stored. It outlives the run's own context: a run that was
// cancelled is closed all the same.
func (x *execution) finish(failure error) (time.Time, error) {
	ctx := context.WithoutCancel(x.base)
	o := &x.out
	if x.reply.Text == "" {
		x.reply.Text = x.stream.text() // of a model that panicked
	}
	if o.Sources == "" {
		o.Sources = noSources
	}
	o.Answer, o.Model, o.FinishReason = x.reply.Text, x.reply.Model, x.reply.FinishReason
	o.Usage = x.calls
	if x.calling { // the model panicked
		o.Usage = append(slices.Clone(x.calls), x.metered())
	}
	if n := len(o.Usage); n > 0 {
		o.Model = o.Usage[n-1].Model
	}
	if failure == nil {
		o.State = Completed
	} else {
		o.State, o.FailureCode, o.FailureDetails = failed(failure)
		if o.State == Failed {
			x.Log.WarnContext(ctx, "a run failed", "run", x.run.RunID, "agent_id", x.run.AgentID, "error", failure)
		}
	}
	o.CacheKey = x.storedKey(*o)
	now, err := x.close(ctx, &x.run, x.stream, *o, untilStored)
	switch {
	case err == nil:
		if o.State.AnswersUser(x.run.QuerySource) {
			x.recent.add(recentAnswer{run: x.run.ID, agent: x.run.AgentID, question: x.content.Question, answer: o.Answer})
		}
		return now, nil
	case errors.Is(err, ErrNoLongerOurs), errors.Is(err, ErrDeleted):
		return time.Time{}, err
	}
	// The lease runs out and the run is closed as interrupted.
	x.Log.ErrorContext(ctx, "a run could not be closed", "run", x.run.RunID, "error", err)
	return time.Time{}, errors.Join(ErrNotStored, err)
}

// settle tells those who wait for the run what became of it, once.
func (x *execution) settle(ended time.Time, err error) {
	x.settled.Do(func() {
		x.ended, x.err = ended, err
		close(x.done)
		x.stream.close()
	})
}

// failed turns what ended a run into its state and words.
func failed(err error) (State, string, string) {
	var e *apperr.Error
	switch {
	case errors.Is(err, errShutdown):
		return Interrupted, ErrInterrupted.Code, ErrInterrupted.Message
	case errors.Is(err, ErrCancelled):
		return Cancelled, ErrCancelled.Code, ErrCancelled.Message
	case errors.Is(err, ErrDeleted):
		return Cancelled, ErrDeleted.Code, ErrDeleted.Message
	case errors.Is(err, ErrAccessLost):
		return Cancelled, ErrAccessLost.Code, ErrAccessLost.Message
	case errors.As(err, &e):
		return Failed, e.Code, inWords(e)
	}
	return Failed, "internal_error", "Something went wrong on the server while the answer was made."
}

// inWords is an error's sentence with what it says about single values.
func inWords(e *apperr.Error) string {
	words := e.Message
	for _, f := range e.Fields {
		words += fmt.Sprintf(" %s: %s.", f.Field, f.Message)
	}
	return words
}

const (
	// soon is how long a run of a dead process is tried to be closed at once, and
	// untilStored how long one of this process is, whose answer would be lost.
	soon        = 5 * time.Second
	untilStored = 15 * time.Minute
	// storing is how long a client waits for the outcome to be stored.
	storing = 5 * time.Second
)

// close ends a run in one commit with its event, and answers when. A database
// that is busy or full is tried again for so long, and a few times when the
// process goes down. stream is nil for a run that another process left behind.
func (s *Service) close(ctx context.Context, run *Run, stream *stream, o Outcome, patience time.Duration) (time.Time, error) {
	o, err := s.Store.Prepare(o)
	if err != nil {
		return time.Time{}, fmt.Errorf("preparing the end of a run: %w", err)
	}
	waited, again := time.Duration(0), false
	for wait := 50 * time.Millisecond; ; wait = min(wait*4, s.Intervals.Lease/2) {
		e := &ending{
			end:    End{Run: run.ID, Owner: run.Owner, AgentID: run.AgentID, Source: run.QuerySource, Outcome: o, Sequence: run.LastSequence + 1, Again: again},
			run:    run,
			stream: stream,
		}
		err := s.journal.end(e)
		switch {
		case err == nil:
			s.Meter.Ended(o.State, o.FailureCode)
		case errors.Is(err, ErrDeleted):
			s.Meter.Ended(Cancelled, ErrDeleted.Code)
		}
		if err == nil || errors.Is(err, ErrNoLongerOurs) || errors.Is(err, ErrDeleted) {
			return e.at, err
		}
		again = again || errors.Is(err, uow.ErrUnknown)
		if waited+wait > patience || waited+wait > soon && s.base.Err() != nil {
			return e.at, err
		}
		if waited == 0 {
			s.Log.WarnContext(ctx, "closing a run is tried again", "run", run.ID, "error", err)
		}
		s.pause(wait)
		waited += wait
	}
}

// pause waits, until the process goes down or for a moment if it does.
func (s *Service) pause(d time.Duration) {
	if d <= time.Second || s.base.Err() != nil {
		time.Sleep(d)
		return
	}
	select {
	case <-time.After(d):
	case <-s.base.Done():
	}
}

// recorded is the record of the run as its end stored it, once done is closed.
func (x *execution) recorded() (Record, error) {
	if x.err != nil {
		return Record{}, x.err
	}
	o := &x.out
	r := x.run
	r.State, r.Model, r.FailureCode, r.FailureDetails, r.FinishReason, r.ModifiedOn = o.State, o.Model, o.FailureCode, o.FailureDetails, o.FinishReason, x.ended
	r.PromptTokens, r.CompletionTokens, r.Cost = Totals(o.Usage)
	r.LastSequence, r.CacheHit, r.CacheKey = x.stream.last(), o.CacheHit, o.CacheKey
	c := x.content
	c.RunID = r.ID
	c.Answer, c.SearchQuery, c.Sources, c.References, c.FollowUps, c.CorpusIDs = o.Answer, o.SearchQuery, o.Sources, o.References, o.FollowUps, o.CorpusIDs
	return Record{Run: r, Content: c, ThreadTitle: x.thread.Title, ShowPrompt: x.agent.Admin}, nil
}
