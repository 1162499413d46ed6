package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func comments(db *memory.DB) *memory.Table[core.Comment] {
	return memory.NewTable(db, memory.Spec[core.Comment]{ID: func(c *core.Comment) *int64 { return &c.ID }, Missing: core.ErrNotFound})
}

func votes(db *memory.DB) *memory.Table[core.Vote] {
	return memory.NewTable(db, memory.Spec[core.Vote]{
		ID:      func(v *core.Vote) *int64 { return &v.ID },
		Unique:  []func(core.Vote) string{func(v core.Vote) string { return fmt.Sprintf("%d/%d", v.RunID, v.UserID) }},
		Missing: core.ErrNotFound,
	})
}

// LockRun implements core.Feedback. A unit has the whole memory to itself.
func (s *Store) LockRun(ctx context.Context, userID, id int64) (core.Run, error) {
	return s.Run(ctx, userID, id)
}

// AddComment implements core.Feedback.
func (s *Store) AddComment(ctx context.Context, c core.Comment) (core.Comment, error) {
	return s.comments.Add(ctx, c)
}

// CountComments implements core.Feedback.
func (s *Store) CountComments(ctx context.Context, run int64) (int64, error) {
	return s.comments.Count(ctx, func(c core.Comment) bool { return c.RunID == run })
}

// SetVote implements core.Feedback.
func (s *Store) SetVote(ctx context.Context, v core.Vote) (stored core.Vote, changed bool, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		stored, err = s.votes.Update(ctx, func(old *core.Vote) error {
			if changed = old.IsUpvote != v.IsUpvote; changed {
				old.IsUpvote, old.CreatedBy, old.CreatedOn, old.Changes = v.IsUpvote, v.CreatedBy, v.CreatedOn, old.Changes+1
			}
			return nil
		}, func(old core.Vote) bool { return old.RunID == v.RunID && old.UserID == v.UserID })
		if errors.Is(err, core.ErrNotFound) {
			changed, v.Changes = true, 1
			stored, err = s.votes.Add(ctx, v)
		}
		return err
	})
	return stored, changed, err
}

// Comments implements core.Feedback.
func (s *Store) Comments(ctx context.Context, runs []int64) (map[int64][]core.Comment, error) {
	found, err := s.comments.List(ctx, func(c core.Comment) bool { return slices.Contains(runs, c.RunID) })
	return byRun(found, func(c core.Comment) int64 { return c.RunID }), err
}

// Votes implements core.Feedback.
func (s *Store) Votes(ctx context.Context, runs []int64) (map[int64][]core.Vote, error) {
	found, err := s.votes.List(ctx, func(v core.Vote) bool { return slices.Contains(runs, v.RunID) })
	return byRun(found, func(v core.Vote) int64 { return v.RunID }), err
}

func byRun[V any](list []V, run func(V) int64) map[int64][]V {
	out := map[int64][]V{}
	for _, v := range list {
		out[run(v)] = append(out[run(v)], v)
	}
	return out
}
