package memstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
)

// DeleteThread implements core.Deletions.
func (s *Store) DeleteThread(ctx context.Context, userID, id int64, by string, now time.Time) (core.Thread, error) {
	var was core.Thread
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := s.UpdateThread(ctx, userID, id, func(t *core.Thread) error {
			was = *t
			t.IsDeleted, t.Title, t.CorpusID, t.ChatID, t.ModifiedBy, t.ModifiedOn = true, "", nil, nil, by, now
			return nil
		})
		if err != nil {
			return err
		}
		return s.deleteRuns(ctx, func(r core.Run) bool { return r.ThreadID == id })
	})
	return was, err
}

// DeleteRun implements core.Deletions.
func (s *Store) DeleteRun(ctx context.Context, userID, id int64) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		run, err := s.Run(ctx, userID, id)
		if err != nil {
			return err
		}
		contents, err := s.Contents(ctx, []int64{id})
		if err != nil {
			return err
		}
		said := core.Turn{User: contents[id].Question, Bot: contents[id].Answer}
		later, err := s.runs.List(ctx, func(r core.Run) bool { return r.ThreadID == run.ThreadID && r.ID > id && !r.IsDeleted })
		if err != nil {
			return err
		}
		for _, r := range later {
			err := s.changeContent(ctx, r.ID, func(c *core.Content) {
				c.History = slices.DeleteFunc(c.History, func(t core.Turn) bool { return t == said })
			})
			if err != nil {
				return err
			}
		}
		return s.deleteRuns(ctx, func(r core.Run) bool { return r.ID == id })
	})
}

// deleteRuns leaves bare figures of the runs that match.
func (s *Store) deleteRuns(ctx context.Context, match func(core.Run) bool) error {
	runs, err := s.runs.List(ctx, func(r core.Run) bool { return match(r) && !r.IsDeleted })
	if err != nil {
		return err
	}
	gone := map[int64]bool{}
	for _, r := range runs {
		gone[r.ID] = true
		_, err := s.change(ctx, r.ID, func(core.Run) bool { return true }, func(r *core.Run) {
			r.IsDeleted, r.FailureDetails = true, ""
			r.CancelRequested = r.CancelRequested || r.State.Open()
		})
		if err != nil {
			return err
		}
	}
	return s.erase(ctx, gone)
}

// erase removes the texts and comments of runs.
func (s *Store) erase(ctx context.Context, runs map[int64]bool) error {
	_, comments := s.comments.Delete(ctx, func(c core.Comment) bool { return runs[c.RunID] })
	return errors.Join(comments, remove(ctx, s.contents, runs), remove(ctx, s.events, runs), remove(ctx, s.thoughts, runs), remove(ctx, s.support, runs))
}
