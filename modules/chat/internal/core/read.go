package core

import (
	"context"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// Deciders decide about answers and threads: nobody but the asker is anything
// to one.
func (s *Service) Deciders() []access.Decider {
	return []access.Decider{
		{Resource: actor.Answer, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
			_, err := s.Store.Run(ctx, who.UserID, id)
			return err
		}},
		{Resource: actor.Thread, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
			_, err := s.Store.Thread(ctx, who.UserID, id)
			return err
		}},
	}
}

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

// Record answers one run of the caller's.
func (s *Service) Record(ctx context.Context, who actor.Actor, run int64) (Record, error) {
	r, err := s.Store.Run(ctx, who.UserID, run)
	if err != nil {
		return Record{}, err
	}
	thread, err := s.Store.Thread(ctx, who.UserID, r.ThreadID)
	if err != nil {
		return Record{}, err
	}
	records, err := s.records(ctx, who, thread, []Run{r})
	if err != nil {
		return Record{}, err
	}
	return records[0], nil
}

// Thread answers one thread of the caller's with a part of its runs, oldest
// first.
func (s *Service) Thread(ctx context.Context, who actor.Actor, id int64, p page.Request) (Thread, page.Of[Record], error) {
	thread, err := s.Store.Thread(ctx, who.UserID, id)
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
	// Whoever lost sight of the agent keeps their threads, without its prompt.
	admin, err := s.Agents.Administers(ctx, who, t.AgentID)
	if err != nil {
		admin = false
	}
	out := make([]Record, len(runs))
	for i, r := range runs {
		out[i] = Record{Run: r, Content: contents[r.ID], ThreadTitle: t.Title, ShowPrompt: admin}
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

// Thoughts answers how an answer of the caller's came about.
func (s *Service) Thoughts(ctx context.Context, who actor.Actor, run int64) ([]Thought, error) {
	if _, err := s.Store.Run(ctx, who.UserID, run); err != nil {
		return nil, err
	}
	return s.Store.Thoughts(ctx, run)
}

// Support answers the passages that were used, as far as the caller may read
// their documents now.
func (s *Service) Support(ctx context.Context, who actor.Actor, run int64) ([]Support, error) {
	r, err := s.Store.Run(ctx, who.UserID, run)
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
	readable, err := s.Corpora.Readable(ctx, who, r.AgentID, documents)
	if err != nil {
		return nil, err
	}
	may := make(map[int64]bool, len(readable))
	for _, id := range readable {
		may[id] = true
	}
	out := all[:0]
	for _, p := range all {
		if may[p.DocumentID] {
			out = append(out, p)
		}
	}
	return out, nil
}

// ForgetUser removes the texts and threads of a user who was deleted.
func (s *Service) ForgetUser(ctx context.Context, userID int64) error {
	return s.Store.DeleteUser(ctx, userID)
}
