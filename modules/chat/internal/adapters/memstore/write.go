package memstore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
)

// Write implements core.Runs.
func (s *Store) Write(ctx context.Context, b core.Batch) (core.Written, error) {
	var out core.Written
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		for _, p := range b.Accepts {
			done, err := s.accept(ctx, p, b.Now)
			if done.Err = refusal(err); err != nil && done.Err == nil {
				return err
			}
			out.Accepts = append(out.Accepts, done)
		}
		for _, p := range b.Advances {
			err := s.advance(ctx, p, b.Now)
			if err != nil && refusal(err) == nil {
				return err
			}
			out.Advances = append(out.Advances, err)
		}
		for _, p := range b.Ends {
			if stored, err := s.ended(ctx, p); err != nil {
				return err
			} else if stored != nil {
				out.Ends = append(out.Ends, *stored)
				continue
			}
			deleted, err := s.end(ctx, p, b.Now)
			if err != nil && refusal(err) == nil {
				return err
			}
			out.Ends = append(out.Ends, core.Ended{Deleted: deleted, Err: err})
		}
		return nil
	})
	return out, err
}

// Coming implements core.Runs: nothing is to be got ready.
func (s *Store) Coming(context.Context, time.Time) {}

// Prepare implements core.Runs.
func (s *Store) Prepare(o core.Outcome) (core.Outcome, error) { return o, nil }

// refusal is an error about one part, and nil for one of the whole batch.
func refusal(err error) error {
	for _, known := range []error{core.ErrNotFound, core.ErrInProgress, core.ErrNoLongerOurs, core.ErrDeleted} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

func (s *Store) accept(ctx context.Context, p core.Accept, now time.Time) (core.Accepted, error) {
	out := core.Accepted{Thread: p.Thread, Run: p.Run}
	if p.Run.ID != 0 {
		stored, err := s.runs.Get(ctx, func(r core.Run) bool { return r.ID == p.Run.ID && r.RunID == p.Run.RunID })
		if err == nil {
			out.Thread.ID, out.Run.ThreadID, out.Before = stored.ThreadID, stored.ThreadID, true
			return out, nil
		}
		if !errors.Is(err, core.ErrNotFound) {
			return core.Accepted{}, err
		}
		out.Run.ID = 0
	}
	if p.Thread.ID != 0 {
		t, err := s.UpdateThread(ctx, p.Thread.UserID, p.Thread.ID, func(t *core.Thread) error {
			if t.Deletions != p.Thread.Deletions {
				return core.ErrNotFound
			}
			if t.Title == core.FreshTitle {
				t.Title = p.Thread.Title
			}
			t.ModifiedBy, t.ModifiedOn = p.Thread.ModifiedBy, now
			return nil
		})
		if err != nil {
			return core.Accepted{}, err
		}
		out.Thread, out.Run.ThreadID = t, t.ID
	}
	r, err := s.runs.Add(ctx, out.Run)
	if err != nil {
		return core.Accepted{}, err
	}
	if p.Thread.ID == 0 {
		if out.Thread, err = s.threads.Add(ctx, p.Thread); err != nil {
			return core.Accepted{}, err
		}
		if r, err = s.change(ctx, r.ID, open, func(r *core.Run) { r.ThreadID = out.Thread.ID }); err != nil {
			return core.Accepted{}, err
		}
	}
	out.Run = r
	c := p.Content
	c.RunID = r.ID
	if err := add(ctx, s.contents, r.ID, c); err != nil {
		return core.Accepted{}, err
	}
	return out, add(ctx, s.events, r.ID, p.Events...)
}

// last is the last stored sequence number of a run whose part comes again.
func (s *Store) last(ctx context.Context, run int64, again bool) (int64, error) {
	if !again {
		return 0, nil
	}
	r, err := s.runs.Get(ctx, func(r core.Run) bool { return r.ID == run })
	if errors.Is(err, core.ErrNotFound) {
		return 0, nil
	}
	return r.LastSequence, err
}

// ended answers an end that comes again as it is stored, nil when it is not.
func (s *Store) ended(ctx context.Context, p core.End) (*core.Ended, error) {
	if !p.Again {
		return nil, nil
	}
	r, err := s.runs.Get(ctx, func(r core.Run) bool {
		return r.ID == p.Run && r.Owner == p.Owner && r.State == p.Outcome.State && r.LastSequence == p.Sequence
	})
	if errors.Is(err, core.ErrNotFound) {
		return nil, nil
	}
	return &core.Ended{Deleted: r.IsDeleted, Before: true}, err
}

// behind are the events after a sequence number.
func behind(events []core.StreamEvent, last int64) []core.StreamEvent {
	return slices.DeleteFunc(slices.Clone(events), func(e core.StreamEvent) bool { return e.Sequence <= last })
}

func open(r core.Run) bool { return r.State.Open() }

// ours matches a run that its owner may still write to.
func ours(owner string) func(core.Run) bool {
	return func(r core.Run) bool { return r.Owner == owner && r.State.Open() }
}

func (s *Store) advance(ctx context.Context, p core.Advance, now time.Time) error {
	last, err := s.last(ctx, p.Run, p.Again)
	if err != nil {
		return err
	}
	r, err := s.change(ctx, p.Run, ours(p.Owner), func(r *core.Run) {
		r.State, r.LastSequence = core.InProgress, p.Sequence
		if p.Begins != nil && !r.IsDeleted {
			r.Model, r.EstimatedPrompt, r.LeaseUntil, r.ModifiedOn = p.Begins.Model, p.Begins.EstimatedPrompt, p.Begins.LeaseUntil, now
		}
	})
	if err != nil {
		return err
	}
	if r.IsDeleted {
		return core.ErrDeleted
	}
	if p.Begins != nil {
		err := s.changeContent(ctx, p.Run, func(c *core.Content) { c.SearchQuery = p.Begins.SearchQuery })
		if err != nil {
			return err
		}
	}
	return add(ctx, s.events, p.Run, behind(p.Events, last)...)
}

func (s *Store) end(ctx context.Context, p core.End, now time.Time) (deleted bool, err error) {
	o := p.Outcome
	last, err := s.last(ctx, p.Run, p.Again)
	if err != nil {
		return false, err
	}
	r, err := s.change(ctx, p.Run, ours(p.Owner), func(r *core.Run) {
		r.State, r.Model, r.FailureCode, r.FinishReason, r.ModifiedOn, r.LastSequence = o.State, o.Model, o.FailureCode, o.FinishReason, now, p.Sequence
		r.PromptTokens, r.CompletionTokens, r.Cost = core.Totals(o.Usage)
		r.CacheHit = o.CacheHit
		if !r.IsDeleted {
			r.FailureDetails, r.CacheKey = o.FailureDetails, o.CacheKey
		}
	})
	if err != nil {
		return false, err
	}
	if err := add(ctx, s.ledger, p.Run, o.Usage...); err != nil || r.IsDeleted {
		return r.IsDeleted, err
	}
	err = s.changeContent(ctx, p.Run, func(c *core.Content) {
		c.Answer, c.SearchQuery, c.Sources = o.Answer, o.SearchQuery, o.Sources
		c.References, c.FollowUps, c.CorpusIDs = o.References, o.FollowUps, o.CorpusIDs
	})
	if err != nil {
		return false, err
	}
	for _, t := range o.Thoughts {
		if t.Data != nil {
			if t.Detail, err = json.Marshal(t.Data); err != nil {
				return false, err
			}
			t.Data = nil
		}
		if t.Detail == nil {
			t.Detail = null
		}
		if err := add(ctx, s.thoughts, p.Run, t); err != nil {
			return false, err
		}
	}
	if err := add(ctx, s.support, p.Run, o.Support...); err != nil {
		return false, err
	}
	return false, add(ctx, s.events, p.Run, append(behind(p.Events, last), o.Last(p.Sequence))...)
}

// change alters a run that matches; ErrNoLongerOurs stands for none.
func (s *Store) change(ctx context.Context, run int64, match func(core.Run) bool, change func(*core.Run)) (core.Run, error) {
	out, err := s.runs.Update(ctx, func(r *core.Run) error { change(r); return nil }, func(r core.Run) bool { return r.ID == run && match(r) })
	if errors.Is(err, core.ErrNotFound) {
		err = core.ErrNoLongerOurs
	}
	return out, err
}

func (s *Store) changeContent(ctx context.Context, run int64, change func(*core.Content)) error {
	_, err := s.contents.Update(ctx, func(c *row[core.Content]) error { change(&c.Value); return nil }, func(c row[core.Content]) bool { return c.RunID == run })
	return err
}
