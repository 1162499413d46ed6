package core

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
)

// FreshTitle is the title of a thread without a question. The first question
// gives it another.
const FreshTitle = "New Chat"

// Ask is a question as it is sent.
type Ask struct {
	AgentID     int64
	ThreadID    *int64 // nil: a thread is made
	UserQuery   string
	History     []Turn // nil: the thread's own
	QuerySource string // "" means "api"
	Options     Options
	// Key and Fingerprint are of an Idempotency-Key; "" without one.
	Key         string
	Fingerprint string
}

// Asked is a question that was accepted. Its run is as it was at that moment.
type Asked struct {
	Run
	// Replayed is whether the same request was sent before with its
	// Idempotency-Key, and the run is that one's.
	Replayed bool

	live *execution // nil when it is replayed
}

// Ask stores a question and begins to answer it. When it returns, question
// and run are durable and the answer no longer depends on the caller. With an
// Idempotency-Key that was used for the same request, it answers that run.
// ErrOverloaded says that more is asked than the process can work on.
func (s *Service) Ask(ctx context.Context, who actor.Actor, a Ask) (Asked, error) {
	for {
		work, err := s.gate.enter(ctx, who.OrganizationID, who.UserID)
		if err != nil {
			return Asked{}, err
		}
		asked, err := s.ask(ctx, who, a, work)
		if !errors.Is(err, errOnceMore) {
			return asked, err
		}
	}
}

// ask is Ask for a question that was let in. errOnceMore asks to be called again.
func (s *Service) ask(ctx context.Context, who actor.Actor, a Ask, work *working) (asked Asked, err error) {
	defer func() { // even if it panics
		if asked.live == nil {
			work.pause()
		}
	}()
	question, history, err := a.question()
	if err != nil {
		return Asked{}, err
	}
	agent, err := s.Agents.Run(ctx, who, a.AgentID)
	if err != nil {
		return Asked{}, err
	}
	offer, err := s.Models.choose(a.Options.Model, agent.Model)
	if err != nil {
		return Asked{}, err
	}
	if a.Options.CorpusIDs != nil { // refused now rather than in a run
		scope, err := s.scope(ctx, who, a)
		if err != nil {
			return Asked{}, err
		}
		if _, err := s.Corpora.Usable(ctx, who, scope); err != nil {
			return Asked{}, inOverrides(err)
		}
	}
	if a.Key != "" {
		if run, err := s.earlier(ctx, who, a); !errors.Is(err, ErrNotFound) {
			return Asked{Run: run, Replayed: err == nil}, err
		}
	}
	thread, err := s.threadFor(ctx, who, agent, a, question)
	if err != nil {
		return Asked{}, err
	}
	if a.History == nil && thread.ID != 0 {
		if history, err = s.Store.History(ctx, thread.ID, offer.exchanges()); err != nil {
			return Asked{}, err
		}
	}
	turn, err := s.places.admit(who.OrganizationID, who.UserID)
	if err != nil {
		return Asked{}, err
	}
	s.Store.Coming(s.base, s.Clock.Now()) // the client may leave
	x := s.newExecution(turn, who, agent, a, thread, question, history)
	x.offer, x.work = offer, work
	if err := x.accept(ctx); err != nil {
		if errors.Is(err, ErrInProgress) { // somebody was faster with the key
			run, err := s.earlier(ctx, who, a)
			return Asked{Run: run, Replayed: err == nil}, err
		}
		if errors.Is(err, ErrNotFound) && s.forgot(ctx, thread) {
			return Asked{}, errOnceMore // without what was deleted meanwhile
		}
		return Asked{}, err
	}
	asked = Asked{Run: x.run, live: x}
	go x.execute()
	return asked, nil
}

// question finds what is asked and what was said before.
func (a Ask) question() (string, []Turn, error) {
	question, history := strings.TrimSpace(a.UserQuery), a.History
	for i, t := range history {
		if t.Bot == "" && i < len(history)-1 {
			return "", nil, ErrHistory
		}
	}
	if n := len(history); n > 0 && history[n-1].Bot == "" {
		if question != "" {
			return "", nil, ErrTwoQuestions
		}
		question, history = strings.TrimSpace(history[n-1].User), history[:n-1]
	}
	if question == "" {
		return "", nil, ErrNoQuestion
	}
	return question, history, nil
}

// earlier answers the run that an Idempotency-Key stands for, or ErrNotFound.
func (s *Service) earlier(ctx context.Context, who actor.Actor, a Ask) (Run, error) {
	run, err := s.Store.RunByKey(ctx, who.UserID, a.Key)
	switch {
	case err != nil:
		return Run{}, err
	case run.Fingerprint != a.Fingerprint:
		return Run{}, ErrKeyReused
	case run.IsDeleted:
		return Run{}, ErrDeleted
	case run.State.Open():
		return Run{}, ErrInProgress
	}
	return run, nil
}

// maxHistory bounds the exchanges that a prompt carries to a model that may take
// few tokens.
const maxHistory = 10

// threadFor answers the thread of a question as the question leaves it. It has
// no id when it is to be made.
func (s *Service) threadFor(ctx context.Context, who actor.Actor, agent agents.Runnable, a Ask, question string) (Thread, error) {
	if a.ThreadID == nil {
		return s.newThread(who, agent, titleFrom(question), a.QuerySource, true), nil
	}
	t, err := s.ownThread(ctx, who, *a.ThreadID)
	if err != nil {
		return t, err
	}
	if t.AgentID != agent.ID {
		return t, ErrOtherAgent
	}
	if t.Title == FreshTitle {
		t.Title = titleFrom(question)
	}
	t.ModifiedBy, t.ModifiedOn = who.Name(), s.Clock.Now()
	return t, nil
}

func (s *Service) newThread(who actor.Actor, agent agents.Runnable, title, source string, bySystem bool) Thread {
	now := s.Clock.Now()
	t := Thread{
		OrganizationID:  who.OrganizationID,
		AgentID:         agent.ID,
		UserID:          who.UserID,
		Title:           title,
		IsSystemCreated: bySystem,
		CreatedBy:       who.Name(),
		CreatedOn:       now,
		ModifiedOn:      now,
	}
	if source != "" {
		t.QuerySource = &source
	}
	return t
}

func threadCreated(t Thread, agent agents.Runnable) chat.ThreadCreated {
	return chat.ThreadCreated{
		ThreadID:       t.ID,
		OrganizationID: t.OrganizationID,
		AgentID:        agent.ID,
		ProjectID:      agent.ProjectID,
		TeamID:         agent.TeamID,
		UserID:         t.UserID,
		CreatedOn:      t.CreatedOn,
	}
}

// CreateThread begins an empty conversation.
func (s *Service) CreateThread(ctx context.Context, who actor.Actor, agentID int64, title string) (Thread, error) {
	agent, err := s.Agents.View(ctx, who, agentID)
	if err != nil {
		return Thread{}, err
	}
	if title = strings.TrimSpace(title); title == "" {
		title = FreshTitle
	}
	t := s.newThread(who, agent, title, "", false)
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if t, err = s.Store.AddThread(ctx, t); err != nil {
			return err
		}
		tx.Publish(threadCreated(t, agent))
		return nil
	})
	return t, err
}

// newRun is the run of a question, before it is stored.
func (s *Service) newRun(who actor.Actor, agent agents.Runnable, a Ask, thread Thread) Run {
	now := s.Clock.Now()
	run := Run{
		RunID:          id.New(),
		OrganizationID: who.OrganizationID,
		ThreadID:       thread.ID,
		AgentID:        agent.ID,
		AgentVersion:   agent.Version,
		AgentType:      agent.AgentType,
		ProjectID:      agent.ProjectID,
		TeamID:         agent.TeamID,
		UserID:         who.UserID,
		State:          Queued,
		QuerySource:    a.QuerySource,
		CreatedBy:      who.Name(),
		CreatedOn:      now,
		ModifiedOn:     now,
		Owner:          s.Owner,
		LeaseUntil:     now.Add(s.Intervals.Lease),
		Fingerprint:    a.Fingerprint,
		Cost:           noCost,
		Purpose:        PurposeAnswer,
	}
	if run.QuerySource == "" {
		run.QuerySource = "api"
	}
	if a.Key != "" {
		run.IdempotencyKey = &a.Key
	}
	return run
}

// maxTitle is the length of a title that is made from a question, in characters.
const maxTitle = 80

// titleFrom cuts a question to a title, between words where it can.
func titleFrom(question string) string {
	title := strings.Join(strings.Fields(question), " ")
	if utf8.RuneCountInString(title) <= maxTitle {
		return title
	}
	cut := string([]rune(title)[:maxTitle-1])
	if i := strings.LastIndexByte(cut, ' '); i > maxTitle/2 {
		cut = cut[:i]
	}
	return cut + "…"
}
