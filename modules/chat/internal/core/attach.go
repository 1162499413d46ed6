package core

import (
	"context"
	"slices"

	"parley/modules/corpora"
	"parley/platform/kernel/actor"
)

// Attach makes a corpus that the caller can read one that the questions of one
// of their threads are answered from, beside those of the agent and in place of
// one that was attached before. It is only ever used as far as the caller can
// read it when a question is asked.
func (s *Service) Attach(ctx context.Context, who actor.Actor, threadID, corpusID int64) (Thread, error) {
	if _, err := s.ownThread(ctx, who, threadID); err != nil {
		return Thread{}, err
	}
	usable, err := s.Corpora.Usable(ctx, who, corpora.Scope{Attached: []int64{corpusID}})
	if err != nil {
		return Thread{}, err
	}
	if !slices.Contains(usable, corpusID) {
		return Thread{}, ErrCorpusNotFound
	}
	return s.Store.UpdateThread(ctx, who.UserID, threadID, func(t *Thread) error {
		t.CorpusID = &corpusID
		t.ModifiedBy, t.ModifiedOn = who.Name(), s.Clock.Now()
		return nil
	})
}

// attached is the attachment corpus of a thread; none when it has none.
func (t Thread) attached() []int64 {
	if t.CorpusID == nil {
		return nil
	}
	return []int64{*t.CorpusID}
}

// scope is where a question may be answered from, with what is attached to its
// thread.
func (s *Service) scope(ctx context.Context, who actor.Actor, a Ask) (corpora.Scope, error) {
	scope := corpora.Scope{AgentID: a.AgentID, Only: a.Options.CorpusIDs}
	if a.ThreadID == nil {
		return scope, nil
	}
	t, err := s.ownThread(ctx, who, *a.ThreadID)
	scope.Attached = t.attached()
	return scope, err
}
