package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
)

// answered is core.State.AnswersUser of a run that is not deleted: the condition
// of the index chat_runs_answered, in its words.
const answered = "state = 'completed' AND NOT is_deleted AND query_source <> 'evaluation'"

// skew is more than the clocks of two processes differ, and than lies between
// the moment of a question and its id.
const skew = 10 * time.Minute

// most bounds what one call of Answered looks at that a filter may leave out.
const most = 2_000

var votes = []int64{core.NoVote, core.Upvote, core.Downvote}

// Answered implements core.Answers.
func (s *Store) Answered(ctx context.Context, f core.AnsweredFilter, words []string, behind page.Key, limit int) (core.AnsweredPart, error) {
	if len(words) > 0 {
		few, err := s.fewVotes(ctx, f)
		if err != nil {
			return core.AnsweredPart{}, err
		}
		if !few {
			return s.answeredWith(ctx, f, words, behind, limit)
		}
	}
	found := []core.AnsweredRun{}
	if err := s.newest(ctx, f, behind, limit).Scan(ctx, &found); err != nil {
		return core.AnsweredPart{}, fmt.Errorf("listing answered questions: %w", err)
	}
	return part(found, len(found) == limit), nil
}

func part(found []core.AnsweredRun, more bool) core.AnsweredPart {
	out := core.AnsweredPart{Runs: found, More: more}
	for i := range found {
		found[i].CreatedOn = found[i].CreatedOn.UTC()
		out.End = page.Key{At: found[i].CreatedOn, ID: found[i].ID}
	}
	return out
}

// newest merges the parts of the index with each vote, of which limit entries
// are read at the most.
func (s *Store) newest(ctx context.Context, f core.AnsweredFilter, behind page.Key, limit int) *bun.SelectQuery {
	of := votes
	if f.Vote != nil {
		of = []int64{*f.Vote}
	}
	var all *bun.SelectQuery
	for _, vote := range of {
		part := filtered(s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id", "thread_id", "user_id", "created_on", "vote"), f).Where("vote = ?", vote)
		if behind != (page.Key{}) {
			part = part.Where("(created_on, id) < (?, ?)", behind.At, behind.ID)
		}
		part = s.db.On(ctx).NewSelect().TableExpr("(?) AS p", part.OrderExpr("created_on DESC, id DESC").Limit(int64(limit))).ColumnExpr("*")
		if all == nil {
			all = part
		} else {
			all = all.UnionAll(part)
		}
	}
	return s.db.On(ctx).NewSelect().TableExpr("(?) AS a", all).ColumnExpr("*").OrderExpr("created_on DESC, id DESC").Limit(int64(limit))
}

func filtered(q *bun.SelectQuery, f core.AnsweredFilter) *bun.SelectQuery {
	q = q.Where(answered).Where("agent_id = ?", f.AgentID)
	if !f.From.IsZero() {
		q = q.Where("created_on >= ?", f.From)
	}
	if !f.To.IsZero() {
		q = q.Where("created_on < ?", f.To)
	}
	return q
}

// fewVotes reports whether so few answers have the vote that looking at each of
// them is better than looking for words.
func (s *Store) fewVotes(ctx context.Context, f core.AnsweredFilter) (bool, error) {
	if f.Vote == nil || *f.Vote == core.NoVote {
		return false, nil
	}
	n, err := s.db.On(ctx).NewSelect().TableExpr("(?) AS v", s.newest(ctx, f, page.Key{}, most+1)).Count(ctx)
	return n <= most, err
}

// answeredWith goes by the index of words.
func (s *Store) answeredWith(ctx context.Context, f core.AnsweredFilter, words []string, behind page.Key, limit int) (core.AnsweredPart, error) {
	if f.Vote != nil || !f.From.IsZero() || !f.To.IsZero() {
		limit = max(limit, most/10)
	}
	low, high, err := s.between(ctx, f, behind)
	if err != nil {
		return core.AnsweredPart{}, err
	}
	ids, end, more, err := s.withWords(ctx, f.AgentID, words, low, high, limit)
	if err != nil || len(ids) == 0 {
		return core.AnsweredPart{End: page.Key{ID: end}, More: more}, err
	}
	found := []core.AnsweredRun{}
	q := filtered(s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id", "thread_id", "user_id", "created_on", "vote"), f).Where("id IN (?)", bun.List(ids))
	if f.Vote != nil {
		q = q.Where("vote = ?", *f.Vote)
	}
	if err := q.OrderExpr("id DESC").Scan(ctx, &found); err != nil {
		return core.AnsweredPart{}, fmt.Errorf("reading answered questions: %w", err)
	}
	out := part(found, more)
	out.End = page.Key{ID: end}
	return out, nil
}

// between are ids outside of which no run can be that is looked for.
func (s *Store) between(ctx context.Context, f core.AnsweredFilter, behind page.Key) (low, high int64, err error) {
	if high = behind.ID; high == 0 {
		if err := s.db.On(ctx).NewSelect().TableExpr("chat_runs").ColumnExpr("coalesce(max(id), 0) + 1").Scan(ctx, &high); err != nil {
			return 0, 0, fmt.Errorf("looking for the newest run: %w", err)
		}
	}
	edge := func(bound core.AnsweredFilter, order string) (int64, error) {
		var ids []int64
		for _, vote := range votes {
			q := filtered(
				s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id"),
				bound,
			).Where("vote = ?", vote).
				OrderExpr("created_on " + order + ", id " + order).
				Limit(1)
			var found []int64
			if err := q.Scan(ctx, &found); err != nil {
				return 0, fmt.Errorf("looking for the edge of a time: %w", err)
			}
			ids = append(ids, found...)
		}
		switch {
		case len(ids) == 0:
			return 0, nil
		case order == "ASC":
			return slices.Min(ids), nil
		}
		return slices.Max(ids), nil
	}
	if !f.From.IsZero() {
		if low, err = edge(core.AnsweredFilter{AgentID: f.AgentID, To: f.From.Add(-skew)}, "DESC"); err != nil {
			return 0, 0, err
		}
	}
	if !f.To.IsZero() {
		later, err := edge(core.AnsweredFilter{AgentID: f.AgentID, From: f.To.Add(skew)}, "ASC")
		if err != nil {
			return 0, 0, err
		}
		if later > 0 {
			high = min(high, later)
		}
	}
	return low, high, nil
}

// AnsweredByID implements core.Answers.
func (s *Store) AnsweredByID(ctx context.Context, agentID int64, ids []int64) ([]core.AnsweredRun, error) {
	found := []core.AnsweredRun{}
	err := filtered(
		s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id", "thread_id", "user_id", "created_on", "vote"),
		core.AnsweredFilter{AgentID: agentID},
	).
		Where("id IN (?)", bun.List(ids)).
		OrderExpr("id").
		Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("reading answered questions: %w", err)
	}
	return part(found, false).Runs, nil
}

const (
	// ofThread bounds the runs of threads that are looked at for what a few runs
	// have as history, and earlier how many of them count for one.
	ofThreads = 20_000
	earlier   = 30
)

// Sources implements core.Answers. A run whose thread is too long to be read is
// left out.
func (s *Store) Sources(ctx context.Context, runs []core.AnsweredRun) (map[int64][]int64, error) {
	var threads []int64
	last := int64(0)
	for _, r := range runs {
		threads, last = append(threads, r.ThreadID), max(last, r.ID)
	}
	slices.Sort(threads)
	var all []struct{ ThreadID, ID int64 }
	err := s.db.On(ctx).
		NewSelect().
		TableExpr("chat_runs").
		Column("thread_id", "id").
		Where("thread_id IN (?) AND id <= ?", bun.List(slices.Compact(threads)), last).
		OrderExpr("thread_id, id").
		Limit(ofThreads).
		Scan(ctx, &all)
	if err != nil {
		return nil, fmt.Errorf("reading the runs of threads: %w", err)
	}
	at := map[int64]int{}
	for i, r := range all {
		at[r.ID] = i
	}
	of, wanted := map[int64][]int64{}, map[int64]bool{}
	for _, r := range runs {
		end, known := at[r.ID]
		if !known {
			continue
		}
		of[r.ID] = []int64{}
		for i := end; i >= max(0, end-earlier) && all[i].ThreadID == r.ThreadID; i-- {
			of[r.ID] = append(of[r.ID], all[i].ID)
			wanted[all[i].ID] = true
		}
	}
	ids := make([]int64, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	documents := map[int64][]int64{}
	for some := range slices.Chunk(ids, most) {
		found, err := s.documentsOf(ctx, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(documents, found)
	}
	out := make(map[int64][]int64, len(of))
	for run, from := range of {
		list := []int64{}
		for _, id := range from {
			list = append(list, documents[id]...)
		}
		slices.Sort(list)
		out[run] = slices.Compact(list)
	}
	return out, nil
}

// setVote keeps the vote of the asker with the run, for lists of answers.
func (s *Store) setVote(ctx context.Context, v core.Vote) error {
	vote := core.Downvote
	if v.IsUpvote {
		vote = core.Upvote
	}
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_runs").Set("vote = ?", vote).Where("id = ? AND user_id = ?", v.RunID, v.UserID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keeping a vote with its run: %w", err)
	}
	return nil
}
