package memstore

import (
	"cmp"
	"context"
	"slices"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
)

func answered(r core.Run) bool {
	return r.State.AnswersUser(r.QuerySource) && !r.IsDeleted
}

func newestFirst(a, b core.AnsweredRun) int {
	return cmp.Or(b.CreatedOn.Compare(a.CreatedOn), cmp.Compare(b.ID, a.ID))
}

// Answered implements core.Answers. It finds words in the texts themselves.
func (s *Store) Answered(ctx context.Context, f core.AnsweredFilter, words []string, behind page.Key, limit int) (core.AnsweredPart, error) {
	all, err := s.answeredOf(ctx, f.AgentID)
	if err != nil {
		return core.AnsweredPart{}, err
	}
	end := core.AnsweredRun{ID: behind.ID, CreatedOn: behind.At}
	all = slices.DeleteFunc(all, func(r core.AnsweredRun) bool {
		switch {
		case f.Vote != nil && *f.Vote != r.Vote, !f.From.IsZero() && r.CreatedOn.Before(f.From), !f.To.IsZero() && !r.CreatedOn.Before(f.To):
			return true
		case behind.At.IsZero():
			return behind.ID != 0 && r.ID >= behind.ID
		}
		return newestFirst(r, end) <= 0
	})
	var found []core.AnsweredRun
	for _, r := range all {
		contents, err := s.Contents(ctx, []int64{r.ID})
		if err != nil {
			return core.AnsweredPart{}, err
		}
		has := core.WordsOf(contents[r.ID].Question, contents[r.ID].Answer)
		if !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(has, w) }) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, newestFirst)
	out := core.AnsweredPart{Runs: found[:min(limit, len(found))], More: len(found) >= limit}
	if n := len(out.Runs); n > 0 {
		out.End = page.Key{At: out.Runs[n-1].CreatedOn, ID: out.Runs[n-1].ID}
	}
	return out, nil
}

func (s *Store) answeredOf(ctx context.Context, agentID int64) ([]core.AnsweredRun, error) {
	runs, err := s.runs.List(ctx, func(r core.Run) bool { return r.AgentID == agentID && answered(r) })
	if err != nil {
		return nil, err
	}
	votes, err := s.votes.List(ctx, func(core.Vote) bool { return true })
	out := make([]core.AnsweredRun, len(runs))
	for i, r := range runs {
		out[i] = core.AnsweredRun{ID: r.ID, ThreadID: r.ThreadID, UserID: r.UserID, CreatedOn: r.CreatedOn}
		for _, v := range votes {
			switch {
			case v.RunID != r.ID || v.UserID != r.UserID:
			case v.IsUpvote:
				out[i].Vote = core.Upvote
			default:
				out[i].Vote = core.Downvote
			}
		}
	}
	return out, err
}

// AnsweredByID implements core.Answers.
func (s *Store) AnsweredByID(ctx context.Context, agentID int64, ids []int64) ([]core.AnsweredRun, error) {
	all, err := s.answeredOf(ctx, agentID)
	return slices.DeleteFunc(all, func(r core.AnsweredRun) bool { return !slices.Contains(ids, r.ID) }), err
}

// Sources implements core.Answers.
func (s *Store) Sources(ctx context.Context, runs []core.AnsweredRun) (map[int64][]int64, error) {
	out := map[int64][]int64{}
	for _, r := range runs {
		before, err := s.runs.List(ctx, func(o core.Run) bool { return o.ThreadID == r.ThreadID && o.ID <= r.ID })
		if err != nil {
			return nil, err
		}
		out[r.ID] = []int64{}
		for _, o := range before {
			support, err := s.Support(ctx, o.ID)
			if err != nil {
				return nil, err
			}
			for _, p := range support {
				out[r.ID] = append(out[r.ID], p.DocumentID)
			}
		}
		slices.Sort(out[r.ID])
		out[r.ID] = slices.Compact(out[r.ID])
	}
	return out, nil
}

// IndexWords implements core.Answers: Answered reads the texts.
func (s *Store) IndexWords(context.Context, []core.AnswerWords) error { return nil }

// IndexWaiting implements core.Answers.
func (s *Store) IndexWaiting(context.Context, int64, int) (bool, error) { return false, nil }

// LastWaiting implements core.Answers.
func (s *Store) LastWaiting(context.Context) (int64, error) { return 0, nil }

// IndexOlderWords implements core.Answers.
func (s *Store) IndexOlderWords(context.Context, int) (bool, error) { return false, nil }
