package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// AddRun implements core.Runs.
func (s *Store) AddRun(ctx context.Context, r core.Run, c core.Content) (core.Run, error) {
	added := r
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		if added, err = s.runs.Add(ctx, r); err != nil {
			return err
		}
		c.RunID = added.ID
		if err := add(ctx, s.contents, added.ID, c); err != nil {
			return err
		}
		return add(ctx, s.events, added.ID, core.Started())
	})
	return added, err
}

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

// change alters a run that matches; ErrNoLongerOurs stands for none.
func (s *Store) change(ctx context.Context, run int64, match func(core.Run) bool, change func(*core.Run)) (core.Run, error) {
	out, err := s.runs.Update(ctx, func(r *core.Run) error { change(r); return nil }, func(r core.Run) bool { return r.ID == run && match(r) })
	if errors.Is(err, core.ErrNotFound) {
		err = core.ErrNoLongerOurs
	}
	return out, err
}

// AppendEvents implements core.Runs.
func (s *Store) AppendEvents(ctx context.Context, run int64, owner string, events []core.StreamEvent) error {
	if len(events) == 0 {
		return nil
	}
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		r, err := s.change(ctx, run, func(r core.Run) bool { return r.Owner == owner && r.State == core.InProgress },
			func(r *core.Run) { r.LastSequence = events[len(events)-1].Sequence })
		if err != nil || r.IsDeleted {
			return err
		}
		return add(ctx, s.events, run, events...)
	})
}

// CloseRun implements core.Runs.
func (s *Store) CloseRun(ctx context.Context, run int64, owner string, o core.Outcome, now time.Time) (core.Run, error) {
	var out core.Run
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		out, err = s.change(ctx, run, func(r core.Run) bool { return r.Owner == owner && r.State.Open() }, func(r *core.Run) {
			r.State, r.Model, r.FailureCode, r.ModifiedOn = o.State, o.Model, o.FailureCode, now
			r.PromptTokens, r.CompletionTokens, r.CostNano = core.Totals(o.Usage)
			r.LastSequence++
			if !r.IsDeleted {
				r.FailureDetails = o.FailureDetails
			}
		})
		if err != nil {
			return err
		}
		if err := add(ctx, s.ledger, run, o.Usage...); err != nil || out.IsDeleted {
			return err
		}
		_, err = s.contents.Update(ctx, func(c *row[core.Content]) error {
			v := &c.Value
			v.Answer, v.SearchQuery, v.Sources = o.Answer, o.SearchQuery, o.Sources
			v.References, v.FollowUps, v.CorpusIDs = o.References, o.FollowUps, o.CorpusIDs
			return nil
		}, func(c row[core.Content]) bool { return c.RunID == run })
		if err != nil {
			return err
		}
		for _, t := range o.Thoughts {
			if t.Detail == nil {
				t.Detail = null
			}
			if err := add(ctx, s.thoughts, run, t); err != nil {
				return err
			}
		}
		if err := add(ctx, s.support, run, o.Support...); err != nil {
			return err
		}
		return add(ctx, s.events, run, o.Last(out.LastSequence))
	})
	return out, err
}
