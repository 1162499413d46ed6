package core

import (
	"context"
	"fmt"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Record is a run with its long parts.
type Record struct {
	Run
	Content
	ThreadTitle string
	Comments    []Comment
	Votes       []Vote
	// ShowPrompt is whether the reader administers the agent and so may see
	// its prompt and instructions.
	ShowPrompt bool
}

// Record answers one run that the caller may read.
func (s *Service) Record(ctx context.Context, who actor.Actor, run int64) (Record, error) {
	r, _, err := s.readRun(ctx, who, run)
	if err != nil {
		return Record{}, err
	}
	return s.record(ctx, who, r)
}

// record adds what belongs to a run that the reader may read.
func (s *Service) record(ctx context.Context, reader actor.Actor, r Run) (Record, error) {
	thread, err := s.Store.Thread(ctx, r.UserID, r.ThreadID)
	if err != nil {
		return Record{}, err
	}
	records, err := s.records(ctx, reader, thread, []Run{r})
	if err != nil {
		return Record{}, err
	}
	return records[0], nil
}

// Thread answers one thread that the caller may read with a part of its runs,
// oldest first.
func (s *Service) Thread(ctx context.Context, who actor.Actor, id int64, p page.Request) (Thread, page.Of[Record], error) {
	thread, err := s.readThread(ctx, who, id)
	if err != nil {
		return Thread{}, page.Of[Record]{}, err
	}
	runs, err := s.Store.RunsPage(ctx, id, p)
	if err != nil {
		return thread, page.Of[Record]{}, err
	}
	records, err := s.records(ctx, who, thread, runs.Items)
	return thread, page.Of[Record]{Items: records, Count: runs.Count, NextCursor: runs.NextCursor, Request: runs.Request}, err
}

// records adds the long parts of runs of one thread and what was said about
// them, in a constant number of queries.
func (s *Service) records(ctx context.Context, who actor.Actor, t Thread, runs []Run) ([]Record, error) {
	ids := make([]int64, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	contents, err := s.Store.Contents(ctx, ids)
	if err != nil {
		return nil, err
	}
	// A user who can't view the agent any more keeps their threads, without its
	// prompt.
	admin, err := s.Agents.Administers(ctx, who, t.AgentID)
	if kind := apperr.KindOf(err); err != nil && kind != apperr.NotFound && kind != apperr.Forbidden {
		return nil, fmt.Errorf("asking whether user %d administers agent %d: %w", who.UserID, t.AgentID, err)
	}
	out := make([]Record, len(runs))
	for i, r := range runs {
		out[i] = Record{Run: r, Content: contents[r.ID], ThreadTitle: t.Title, ShowPrompt: err == nil && admin}
	}
	return out, s.addFeedback(ctx, ids, out)
}

// Threads answers the caller's threads with an agent they can see.
func (s *Service) Threads(ctx context.Context, who actor.Actor, agentID int64, querySource string, p page.Request) (page.Of[Thread], error) {
	if _, err := s.Agents.View(ctx, who, agentID); err != nil {
		return page.Of[Thread]{}, err
	}
	return s.Store.ThreadsPage(ctx, who.UserID, agentID, querySource, p)
}

// Thoughts answers how an answer came about, without the titles of documents
// that the caller may not read now.
func (s *Service) Thoughts(ctx context.Context, who actor.Actor, run int64) ([]Thought, error) {
	r, _, err := s.readRun(ctx, who, run)
	if err != nil {
		return nil, err
	}
	thoughts, err := s.Store.Thoughts(ctx, run)
	if err != nil {
		return nil, err
	}
	return thoughts, s.hideTitles(ctx, who, r.AgentID, thoughts)
}

// Support answers the passages that were used, as far as the caller may read
// their documents now.
func (s *Service) Support(ctx context.Context, who actor.Actor, run int64) ([]Support, error) {
	r, _, err := s.readRun(ctx, who, run)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Support(ctx, run)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	documents := make([]int64, len(all))
	for i, p := range all {
		documents[i] = p.DocumentID
	}
	may, err := s.readable(ctx, who, r.AgentID, documents)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, p := range all {
		if may[p.DocumentID] {
			out = append(out, p)
		}
	}
	return out, nil
}

// ForgetUser removes the texts and threads of a user who was deleted, and the
// grants to read them; those of the user's own end.
func (s *Service) ForgetUser(ctx context.Context, userID int64) error {
	uow.AtEnd(ctx, s.GrantsChanged)
	if err := s.Store.ForgetGrants(ctx, userID, s.Clock.Now()); err != nil {
		return err
	}
	return s.Store.DeleteUser(ctx, userID)
}
