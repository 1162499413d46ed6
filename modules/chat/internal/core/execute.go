package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// errShutdown ends the runs of a process that goes down in order.
var errShutdown = errors.New("the server is going down")

// admit reserves a place among the runs of this process.
func (s *Service) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.admitted >= maxRunning+maxWaiting {
		return false
	}
	s.admitted++
	s.running.Add(1)
	return true
}

// leave gives the place back.
func (s *Service) leave() {
	s.mu.Lock()
	s.admitted--
	s.mu.Unlock()
	s.running.Done()
}

// execute answers one accepted run and closes it, whatever happens.
func (s *Service) execute(run Run, content Content, agent agents.Runnable, who actor.Actor) {
	defer s.leave()
	ctx, cancel := context.WithCancelCause(s.base)
	ctx, stop := context.WithTimeoutCause(ctx, s.Intervals.Limit, ErrModelFailed.WithMessage("The answer took longer than a run may take."))
	defer stop()
	defer cancel(nil)
	s.mu.Lock()
	s.open[run.ID] = openRun{run.OrganizationID, run.AgentID, run.UserID, cancel}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.open, run.ID)
		s.mu.Unlock()
	}()

	x := &execution{Service: s, run: run, content: content, agent: agent, who: who, stream: newWriter(s, run, cancel)}
	err := x.guarded(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // what ended the run, rather than what broke because of it
	}
	if errors.Is(err, ErrNoLongerOurs) {
		s.Log.WarnContext(ctx, "a run was closed by another process", "run", run.RunID)
		return
	}
	x.finish(err)
}

// execution is one run on its way to an outcome.
type execution struct {
	*Service
	run     Run
	content Content
	agent   agents.Runnable
	who     actor.Actor
	stream  *writer
	out     Outcome
	called  bool // whether the model was asked, so that its use is metered
	prompt  Prompt
	reply   Completion
}

func (x *execution) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			x.Log.ErrorContext(ctx, "panic in a run", "run", x.run.RunID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	select {
	case x.slots <- struct{}{}:
		defer func() { <-x.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if ctx.Err() != nil { // its turn came at the moment of its end
		return ctx.Err()
	}
	if err := x.permitted(ctx); err != nil {
		return err
	}
	now := x.Clock.Now()
	if err := x.Store.Start(ctx, x.run.ID, x.Owner, now, now.Add(x.Intervals.Lease)); err != nil {
		return err
	}
	return x.answer(ctx)
}

// answer goes through the steps and records each as a thought.
func (x *execution) answer(ctx context.Context) error {
	x.rewrite()
	found, err := x.retrieve(ctx)
	if err != nil {
		return err
	}
	x.assemble(found)
	if err := x.stream.status(StepModel, "Writing the answer."); err != nil {
		return err
	}
	// What was sent is known even if this process dies while it waits.
	if err := x.Store.Estimate(ctx, x.run.ID, x.asked(), estimateTokens(x.prompt), x.out.SearchQuery); err != nil {
		return err
	}
	done := x.think("model_call", "Asked the model")
	x.called = true
	x.reply, err = x.Model.Answer(ctx, x.prompt, x.stream.delta)
	done(fmt.Sprintf("%s answered with %d characters.", x.reply.Model, len([]rune(x.reply.Text))), map[string]any{
		"model": x.reply.Model, "usage": x.metered().Usage, "failed": err != nil,
	})
	if err != nil {
		return err
	}
	x.cite()
	return x.stream.flush()
}

func (x *execution) retrieve(ctx context.Context) (corpora.Retrieval, error) {
	if err := x.stream.status(StepRetrieval, "Searching the documents."); err != nil {
		return corpora.Retrieval{}, err
	}
	top := x.content.Options.Top
	if top == 0 {
		top = defaultTop
	}
	done := x.think("retrieval", "Searched the documents")
	scope := corpora.Scope{AgentID: x.agent.ID, Only: x.content.Options.CorpusIDs}
	found, err := x.Corpora.Retrieve(ctx, x.who, scope, x.out.SearchQuery, top)
	if err != nil {
		return found, fmt.Errorf("searching: %w", err)
	}
	done(fmt.Sprintf("Scored %d passages of %d corpora and kept %d.", found.Considered, len(found.CorpusIDs), len(found.Passages)), map[string]any{
		"query": x.out.SearchQuery, "corpus_ids": found.CorpusIDs, "candidates": found.Candidates, "considered": found.Considered,
	})
	x.out.CorpusIDs = found.CorpusIDs
	for i, p := range found.Passages {
		x.out.Support = append(x.out.Support, Support{Number: i + 1, Passage: p})
	}
	return found, nil
}

// think begins a thought; the function it answers ends it.
func (x *execution) think(step, title string) func(message string, detail any) {
	began := x.Clock.Now()
	return func(message string, detail any) {
		x.out.Thoughts = append(x.out.Thoughts, Thought{
			Order: len(x.out.Thoughts) + 1, Step: step, Title: title, Message: message, StartedOn: began,
			DurationMS: x.Clock.Now().Sub(began).Milliseconds(), Detail: detailJSON(detail),
		})
	}
}

// asked is the model that the prompt goes to.
func (x *execution) asked() string {
	if x.prompt.Model != "" {
		return x.prompt.Model
	}
	return x.Model.Name()
}

// metered is the ledger row of the model call.
func (x *execution) metered() Metered {
	u := x.reply.Usage
	row := Metered{Raw: u.Raw, Usage: chat.Usage{
		Purpose: "answer", Model: x.reply.Model, FreshInput: u.FreshInput, CachedInput: u.CachedInput,
		Output: u.Output, Reasoning: u.Reasoning, UsageSource: "provider",
	}}
	if row.Model == "" {
		row.Model = x.asked()
	}
	if !u.Reported {
		row.FreshInput, row.CachedInput, row.Reasoning = estimateTokens(x.prompt), 0, 0
		row.Output, row.UsageSource = tokensOf(x.reply.Text), "estimated"
	}
	return row
}

// finish closes the run with its outcome. It outlives the run's own context:
// a run that was cancelled is closed all the same.
func (x *execution) finish(failure error) {
	ctx := context.WithoutCancel(x.base)
	if err := x.stream.flush(); err != nil && failure == nil {
		failure = err
	}
	o := &x.out
	if x.reply.Text == "" {
		x.reply.Text = x.stream.text() // of a model that panicked
	}
	if o.Sources == "" {
		o.Sources = noSources
	}
	o.Answer, o.Model = x.reply.Text, x.reply.Model
	if x.called {
		o.Usage = []Metered{x.metered()}
		o.Model = o.Usage[0].Model
	}
	if failure == nil {
		o.State = Completed
	} else {
		o.State, o.FailureCode, o.FailureDetails = failed(failure)
		if o.State == Failed {
			x.Log.WarnContext(ctx, "a run failed", "run", x.run.RunID, "agent_id", x.run.AgentID, "error", failure)
		}
	}
	if err := x.close(ctx, x.run.ID, x.Owner, *o); err != nil && !errors.Is(err, ErrNoLongerOurs) {
		// The lease runs out and the run is closed as interrupted.
		x.Log.ErrorContext(ctx, "a run could not be closed", "run", x.run.RunID, "error", err)
	}
}

// failed turns what ended a run into its state and words.
func failed(err error) (State, string, string) {
	var e *apperr.Error
	switch {
	case errors.Is(err, errShutdown):
		return Interrupted, ErrInterrupted.Code, ErrInterrupted.Message
	case errors.Is(err, ErrCancelled):
		return Cancelled, ErrCancelled.Code, ErrCancelled.Message
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

// close ends a run in one commit with its event, then wakes who watches. A
// database that is busy for a moment is tried again.
func (s *Service) close(ctx context.Context, run int64, owner string, o Outcome) error {
	var err error
	for wait := 50 * time.Millisecond; ; wait *= 4 {
		err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
			now := s.Clock.Now()
			ended, err := s.Store.CloseRun(ctx, run, owner, o, now)
			if err != nil {
				return err
			}
			fact := factOf(ended, o, now)
			if o.State == Completed {
				tx.Publish(chat.RunCompleted{Run: fact})
			} else {
				tx.Publish(chat.RunFailed{Run: fact})
			}
			return nil
		})
		if err == nil || errors.Is(err, ErrNoLongerOurs) || wait > 10*time.Second {
			break
		}
		s.Log.WarnContext(ctx, "closing a run is tried again", "run", run, "error", err)
		time.Sleep(wait)
	}
	s.hub.wake(run)
	return err
}

func factOf(r Run, o Outcome, now time.Time) chat.Run {
	fact := chat.Run{
		RunID: r.RunID, AgentResponseID: r.ID, OrganizationID: r.OrganizationID, ThreadID: r.ThreadID, AgentID: r.AgentID, AgentType: r.AgentType,
		ProjectID: r.ProjectID, TeamID: r.TeamID, UserID: r.UserID, QuerySource: r.QuerySource, State: string(o.State), AskedOn: r.CreatedOn, EndedOn: now,
		Usage: []chat.Usage{},
	}
	for _, u := range o.Usage {
		fact.Usage = append(fact.Usage, u.Usage)
	}
	return fact
}

// Close lets no new run in, interrupts the running ones and waits until each
// is closed, or ctx ends.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(errShutdown)
	closed := make(chan struct{})
	go func() {
		s.running.Wait()
		close(closed)
	}()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		s.Log.Warn("runs are left to their leases", slog.Any("error", ctx.Err()))
		return ctx.Err()
	}
}
