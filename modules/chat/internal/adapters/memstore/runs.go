package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
)

// Run implements core.Runs.
func (s *Store) Run(ctx context.Context, userID, id int64) (core.Run, error) {
	return s.runs.Get(ctx, myRun(userID, id))
}

// RunByKey implements core.Runs.
func (s *Store) RunByKey(ctx context.Context, userID int64, key string) (core.Run, error) {
	return s.runs.Get(ctx, func(r core.Run) bool {
		return r.UserID == userID && r.IdempotencyKey != nil && *r.IdempotencyKey == key
	})
}

// RunByQuestion implements core.Runs.
func (s *Store) RunByQuestion(ctx context.Context, userID int64, key string) (core.Run, error) {
	return s.runs.Get(ctx, func(r core.Run) bool { return r.UserID == userID && r.QuestionKey != nil && *r.QuestionKey == key })
}

// ForgetQuestion implements core.Runs.
func (s *Store) ForgetQuestion(ctx context.Context, run int64) error {
	_, err := s.runs.Update(ctx, func(r *core.Run) error { r.QuestionKey = nil; return nil }, func(r core.Run) bool { return r.ID == run && !r.State.Open() })
	if errors.Is(err, core.ErrNotFound) {
		err = nil
	}
	return err
}

// RunsPage implements core.Runs.
func (s *Store) RunsPage(ctx context.Context, threadID int64, p page.Request) (page.Of[core.Run], error) {
	return s.runs.Page(ctx, p, false, core.ByRun, func(r core.Run) bool { return r.ThreadID == threadID && !r.IsDeleted })
}

// Contents implements core.Runs.
func (s *Store) Contents(ctx context.Context, runs []int64) (map[int64]core.Content, error) {
	found, err := s.contents.List(ctx, func(r row[core.Content]) bool { return slices.Contains(runs, r.RunID) })
	out := map[int64]core.Content{}
	for _, r := range found {
		out[r.RunID] = r.Value
	}
	return out, err
}

// CachedAnswer implements core.Runs.
func (s *Store) CachedAnswer(ctx context.Context, org int64, key string, after time.Time) (core.CachedAnswer, error) {
	runs, err := s.runs.List(ctx, func(r core.Run) bool {
		return key != "" && r.CacheKey == key && r.OrganizationID == org && r.CreatedOn.After(after) && !r.IsDeleted
	})
	if err != nil {
		return core.CachedAnswer{}, err
	}
	for _, r := range slices.Backward(runs) {
		there, err := s.threads.List(ctx, func(t core.Thread) bool { return t.ID == r.ThreadID && !t.IsDeleted })
		if err != nil {
			return core.CachedAnswer{}, err
		}
		contents, err := s.Contents(ctx, []int64{r.ID})
		if err != nil {
			return core.CachedAnswer{}, err
		}
		if c, ok := contents[r.ID]; ok && len(there) > 0 {
			return core.CachedAnswer{AskedOn: r.CreatedOn, Model: r.Model, Answer: c.Answer, Sources: c.Sources, References: c.References, FollowUps: c.FollowUps}, nil
		}
	}
	return core.CachedAnswer{}, core.ErrNotFound
}

// History implements core.Runs.
func (s *Store) History(ctx context.Context, threadID int64, n int) ([]core.Turn, error) {
	runs, err := s.runs.List(ctx, func(r core.Run) bool {
		return r.ThreadID == threadID && r.State == core.Completed && !r.IsDeleted
	})
	if err != nil {
		return nil, err
	}
	runs = runs[max(0, len(runs)-n):]
	turns := make([]core.Turn, len(runs))
	for i, r := range runs {
		c, err := s.contents.Get(ctx, func(c row[core.Content]) bool { return c.RunID == r.ID })
		if err != nil {
			return nil, err
		}
		turns[i] = core.Turn{User: c.Value.Question, Bot: c.Value.Answer}
	}
	return turns, nil
}

// Thoughts implements core.Runs.
func (s *Store) Thoughts(ctx context.Context, run int64) ([]core.Thought, error) {
	return of(ctx, s.thoughts, run, func(a, b core.Thought) int { return cmp.Compare(a.Order, b.Order) })
}

// Support implements core.Runs.
func (s *Store) Support(ctx context.Context, run int64) ([]core.Support, error) {
	return of(ctx, s.support, run, func(a, b core.Support) int { return cmp.Compare(a.Number, b.Number) })
}

// Events implements core.Runs.
func (s *Store) Events(ctx context.Context, run, after int64, limit int) ([]core.StreamEvent, error) {
	all, err := of(ctx, s.events, run, func(a, b core.StreamEvent) int { return cmp.Compare(a.Sequence, b.Sequence) })
	all = slices.DeleteFunc(all, func(e core.StreamEvent) bool { return e.Sequence <= after })
	return all[:min(limit, len(all))], err
}

// Sequences implements core.Runs.
func (s *Store) Sequences(ctx context.Context, runs []int64) (map[int64]int64, error) {
	found, err := s.runs.List(ctx, func(r core.Run) bool { return slices.Contains(runs, r.ID) && !r.IsDeleted })
	out := make(map[int64]int64, len(found))
	for _, r := range found {
		out[r.ID] = r.LastSequence
	}
	return out, err
}
