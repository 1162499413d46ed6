package core

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
)

// freshTitle is the title of a thread without a question.
const freshTitle = "New Chat"

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

// Ask stores a question and begins to answer it. When it returns, question
// and run are durable and the answer no longer depends on the caller. With an
// Idempotency-Key that was used for the same request, it answers that run and
// true.
func (s *Service) Ask(ctx context.Context, who actor.Actor, a Ask) (Run, bool, error) {
	question, history, err := a.question()
	if err != nil {
		return Run{}, false, err
	}
	agent, err := s.Agents.Run(ctx, who, a.AgentID)
	if err != nil {
		return Run{}, false, err
	}
	if a.Options.CorpusIDs != nil { // refused now rather than in a run
		if _, err := s.Corpora.Usable(ctx, who, corpora.Scope{AgentID: agent.ID, Only: a.Options.CorpusIDs}); err != nil {
			return Run{}, false, err
		}
	}
	if a.Key != "" {
		if run, err := s.earlier(ctx, who, a); !errors.Is(err, ErrNotFound) {
			return run, err == nil, err
		}
	}
	if !s.admit() {
		return Run{}, false, ErrOverloaded
	}
	run, content, err := s.accept(ctx, who, agent, a, question, history)
	if err != nil {
		s.leave()
		if errors.Is(err, ErrInProgress) { // somebody was faster with the key
			run, err = s.earlier(ctx, who, a)
			return run, err == nil, err
		}
		return Run{}, false, err
	}
	go s.execute(run, content, agent, who)
	return run, false, nil
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
	case run.State.Open():
		return Run{}, ErrInProgress
	}
	return run, nil
}

// accept commits the question with its run and, where needed, its thread.
func (s *Service) accept(ctx context.Context, who actor.Actor, agent agents.Runnable, a Ask, question string, history []Turn) (Run, Content, error) {
	now := s.Clock.Now()
	run := Run{
		RunID: id.New(), OrganizationID: who.OrganizationID, AgentID: agent.ID, AgentType: agent.AgentType, ProjectID: agent.ProjectID, TeamID: agent.TeamID,
		UserID: who.UserID, State: Queued, QuerySource: a.QuerySource, CreatedBy: who.Name(), CreatedOn: now, ModifiedOn: now,
		Owner: s.Owner, LeaseUntil: now.Add(s.Intervals.Lease), LastSequence: 1, Fingerprint: a.Fingerprint,
	}
	if run.QuerySource == "" {
		run.QuerySource = "api"
	}
	if a.Key != "" {
		run.IdempotencyKey = &a.Key
	}
	content := Content{Question: question, Sources: noSources, History: history, Options: a.Options, PromptPrefix: agent.PrefixPrompt, Instructions: agent.Instructions}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		thread, err := s.threadFor(ctx, tx, who, agent, a, question)
		if err != nil {
			return err
		}
		if a.History == nil {
			if content.History, err = s.Store.History(ctx, thread.ID, maxHistory); err != nil {
				return err
			}
		}
		run.ThreadID = thread.ID
		run, err = s.Store.AddRun(ctx, run, content)
		content.RunID = run.ID
		return err
	})
	return run, content, err
}

// maxHistory bounds the exchanges that a prompt carries.
const maxHistory = 10

func (s *Service) threadFor(ctx context.Context, tx uow.Tx, who actor.Actor, agent agents.Runnable, a Ask, question string) (Thread, error) {
	if a.ThreadID == nil {
		return s.addThread(ctx, tx, who, agent, titleFrom(question), a.QuerySource, true)
	}
	return s.Store.UpdateThread(ctx, who.UserID, *a.ThreadID, func(t *Thread) error {
		if t.AgentID != agent.ID {
			return ErrOtherAgent
		}
		if t.Title == freshTitle {
			t.Title = titleFrom(question)
		}
		t.ModifiedBy, t.ModifiedOn = who.Name(), s.Clock.Now()
		return nil
	})
}

func (s *Service) addThread(ctx context.Context, tx uow.Tx, who actor.Actor, agent agents.Runnable, title, source string, bySystem bool) (Thread, error) {
	now := s.Clock.Now()
	t := Thread{OrganizationID: who.OrganizationID, AgentID: agent.ID, UserID: who.UserID, Title: title, IsSystemCreated: bySystem, CreatedBy: who.Name(), CreatedOn: now, ModifiedOn: now}
	if source != "" {
		t.QuerySource = &source
	}
	t, err := s.Store.AddThread(ctx, t)
	if err != nil {
		return t, err
	}
	tx.Publish(chat.ThreadCreated{ThreadID: t.ID, OrganizationID: t.OrganizationID, AgentID: agent.ID, ProjectID: agent.ProjectID, TeamID: agent.TeamID, UserID: who.UserID, CreatedOn: now})
	return t, nil
}

// CreateThread begins an empty conversation.
func (s *Service) CreateThread(ctx context.Context, who actor.Actor, agentID int64, title string) (Thread, error) {
	agent, err := s.Agents.View(ctx, who, agentID)
	if err != nil {
		return Thread{}, err
	}
	if title = strings.TrimSpace(title); title == "" {
		title = freshTitle
	}
	var t Thread
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		t, err = s.addThread(ctx, tx, who, agent, title, "", false)
		return err
	})
	return t, err
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
