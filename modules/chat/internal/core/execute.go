package core

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/stack"
)

// errShutdown ends the runs of a process that goes down in order.
var errShutdown = errors.New("the server is going down")

// execution is one run on its way to an outcome.
type execution struct {
	*Service
	ctx    context.Context //nolint:containedctx // of the run: it ends with the run, the process or the time limit
	cancel context.CancelCauseFunc
	stop   context.CancelFunc

	run     Run
	content Content
	thread  Thread
	agent   agents.Runnable
	who     actor.Actor
	stream  *stream

	turn *turn
	work *working

	prepared bool  // the prompt is there, or failed says why it is not
	failed   error // of the preparation
	offer    Offer // the model that is asked
	found    corpora.Retrieval
	draft    draft // what the prompt is made of
	prompt   Prompt
	// promptTokens is the estimate for prompt.
	promptTokens int64
	calls        []Metered // that have ended
	calling      bool      // the model is asked, and its use is not among calls yet
	reply        Completion
	written      int64        // the estimate for the text that the model wrote
	cache        *cacheLookup // nil for a run that takes no part in the cache
	out          Outcome

	settled sync.Once
	done    chan struct{} // closed once ended and err are final, and the outcome unless err says otherwise
	ended   time.Time
	err     error // why the end could not be stored
}

func (s *Service) newExecution(t *turn, who actor.Actor, agent agents.Runnable, a Ask, thread Thread, question string, history []Turn) *execution {
	x := &execution{
		Service: s,
		turn:    t,
		run:     s.newRun(who, agent, a, thread),
		thread:  thread,
		agent:   agent,
		who:     who,
		done:    make(chan struct{}),
		content: Content{
			Question:     question,
			Sources:      noSources,
			History:      history,
			Options:      a.Options,
			PromptPrefix: agent.PrefixPrompt,
			Instructions: agent.Instructions,
		},
	}
	ctx, cancel := context.WithCancelCause(s.base)
	x.cancel = cancel
	x.out.Thoughts = make([]Thought, 0, usualThoughts)
	x.ctx, x.stop = context.WithTimeoutCause(ctx, s.Intervals.Limit, ErrModelFailed.WithMessage("The answer took longer than a run may take."))
	x.stream = &stream{journal: s.journal, flush: s.Intervals.Flush, cancel: cancel, pending: make([]StreamEvent, 0, usualEvents)}
	x.stream.number(StreamEvent{Step: StepStart, Message: "The question is stored."})
	s.mu.Lock()
	s.live[x] = struct{}{}
	s.mu.Unlock()
	return x
}

// accept stores the question. When its turn is now, it is prepared before, so
// that what goes to the model is stored with it and costs no commit of its own.
func (x *execution) accept(ctx context.Context) error {
	if x.turn.has() {
		x.failed = x.guarded(x.prepare)
		x.begin()
	}
	a := &accepting{ctx: ctx, accept: Accept{Thread: x.thread, Run: x.run, Content: x.content, Events: x.stream.take()}}
	if x.thread.ID == 0 {
		fact := threadCreated(x.thread, x.agent)
		a.fact = &fact
	}
	a.accept.Run.LastSequence = int64(len(a.accept.Events))
	stored, err := x.journal.accept(a)
	if err != nil {
		x.forget()
		x.turn.leave()
		return err
	}
	x.stream.accepted(stored.Run)
	x.mu.Lock()
	x.run, x.thread = stored.Run, stored.Thread
	x.byID[x.run.ID] = x
	x.mu.Unlock()
	if !x.prepared {
		x.work.pause()
	}
	return nil
}

// begin makes the run one that is being answered.
func (x *execution) begin() {
	x.prepared = true
	x.run.State = InProgress
	if x.failed == nil {
		x.run.Model, x.run.EstimatedPrompt = x.offer.Model.Name(), x.promptTokens
		x.content.SearchQuery = x.out.SearchQuery
	}
}

// forget takes the run out of those of this process.
func (x *execution) forget() {
	x.mu.Lock()
	delete(x.live, x)
	delete(x.byID, x.run.ID)
	x.mu.Unlock()
	x.stop()
	x.cancel(nil)
}

// execute answers one accepted run and closes it, whatever happens.
func (x *execution) execute() {
	if x.prepared { // one that waits for its turn keeps a small stack
		stack.Room10K()
	}
	defer x.turn.leave()
	defer x.work.pause()
	err := x.guarded(x.answer)
	if cause := context.Cause(x.ctx); err != nil && cause != nil {
		err = cause // what ended the run, rather than what broke because of it
	}
	x.turn.done()
	var ended time.Time
	if errors.Is(err, ErrNoLongerOurs) {
		x.Log.WarnContext(x.ctx, "a run was closed by another process", "run", x.run.RunID)
	} else {
		// Nobody waits for a full disk. The run goes on to be tried.
		late := time.AfterFunc(storing, func() {
			x.work.pause()
			x.settle(time.Time{}, ErrNotStored)
		})
		ended, err = x.finish(err)
		late.Stop()
	}
	x.forget()
	x.settle(ended, err)
}

// guarded turns a panic into an error.
func (x *execution) guarded(step func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			x.Log.ErrorContext(x.ctx, "panic in a run", "run", x.run.RunID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return step()
}

// answer waits for the run's turn, if it has not come yet, and asks the model.
func (x *execution) answer() error {
	if !x.prepared {
		if err := x.wait(); err != nil {
			return err
		}
	}
	if x.failed != nil {
		return x.failed
	}
	if err := x.ctx.Err(); err != nil { // its turn came at the moment of its end
		return err
	}
	if x.isHit() {
		return x.replay()
	}
	said, err := x.converse()
	if err != nil {
		return err
	}
	if !x.isJudge() {
		x.cite(said)
	}
	if cut := finishWords(x.reply.FinishReason); cut != "" {
		x.stream.status(StepModel, cut)
	}
	return nil
}

// wait returns when it is the run's turn and what goes to the model is stored:
// it is known even if this process dies while the model answers.
func (x *execution) wait() error {
	select {
	case <-x.turn.come:
	case <-x.ctx.Done():
		return x.ctx.Err()
	}
	if err := x.ctx.Err(); err != nil {
		return err
	}
	x.work.resume()
	if err := x.remember(); err != nil {
		return err
	}
	// On a stack of its own: that of the run would stay as large while the
	// model answers.
	prepared := make(chan error)
	go func() { prepared <- x.guarded(x.prepare) }()
	if err := <-prepared; err != nil {
		return err
	}
	x.begin()
	return <-x.stream.begin(x.beginning())
}

func (x *execution) beginning() Beginning {
	return Beginning{Model: x.run.Model, EstimatedPrompt: x.run.EstimatedPrompt, SearchQuery: x.out.SearchQuery, LeaseUntil: x.Clock.Now().Add(x.Intervals.Lease)}
}

// prepare makes the prompt, and records each step as a thought.
func (x *execution) prepare() error {
	who, err := x.permitted()
	if err != nil {
		return err
	}
	if x.isJudge() {
		x.prepareJudge()
		return nil
	}
	x.rewrite()
	found, err := x.retrieve(who)
	if err != nil {
		return err
	}
	x.found = found
	x.assemble()
	writing := "Writing the answer."
	if x.lookUpAnswer(found) {
		writing = "The answer to the same question is used again."
	}
	x.stream.status(StepModel, writing)
	return nil
}

func (x *execution) retrieve(who actor.Actor) (corpora.Retrieval, error) {
	x.stream.status(StepRetrieval, "Searching the documents.")
	top := x.content.Options.Top
	if top == 0 {
		top = defaultTop
	}
	done := x.think("retrieval", "Searched the documents")
	scope := corpora.Scope{AgentID: x.agent.ID, Only: x.content.Options.CorpusIDs, Attached: x.thread.attached(), Outside: x.work.outside}
	found, err := x.Corpora.Retrieve(x.ctx, who, scope, x.out.SearchQuery, top)
	if err != nil {
		return found, fmt.Errorf("searching: %w", inOverrides(err))
	}
	done(fmt.Sprintf("Scored %d passages of %d corpora and kept %d.", found.Considered, len(found.CorpusIDs), len(found.Passages)), map[string]any{
		"query": x.out.SearchQuery, "corpus_ids": found.CorpusIDs, "candidates": found.Candidates, "considered": found.Considered,
	})
	x.out.CorpusIDs = found.CorpusIDs
	return found, nil
}

// How many thoughts and events most runs have.
const (
	usualThoughts = 5
	usualEvents   = 6
)

// think begins a thought; the function it answers ends it.
func (x *execution) think(step, title string) func(message string, data any) {
	began := x.Clock.Now()
	return func(message string, data any) {
		x.out.Thoughts = append(x.out.Thoughts, Thought{
			Order: len(x.out.Thoughts) + 1, Step: step, Title: title, Message: message, StartedOn: began,
			DurationMS: x.Clock.Now().Sub(began).Milliseconds(), Data: data,
		})
	}
}
