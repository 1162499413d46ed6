package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

type commentRow struct {
	bun.BaseModel `bun:"table:chat_comments,alias:m"`
	core.Comment
}

type voteRow struct {
	bun.BaseModel `bun:"table:chat_votes,alias:v"`
	core.Vote
}

func commentTable(db *sqldb.DB) sqldb.Table[core.Comment, commentRow] {
	return sqldb.NewTable(db,
		func(c core.Comment) commentRow { return commentRow{Comment: c} },
		func(r commentRow) core.Comment { return r.Comment }, core.ErrNotFound, nil)
}

func voteTable(db *sqldb.DB) sqldb.Table[core.Vote, voteRow] {
	return sqldb.NewTable(db,
		func(v core.Vote) voteRow { return voteRow{Vote: v} },
		func(r voteRow) core.Vote { return r.Vote }, core.ErrNotFound, nil)
}

// LockRun implements core.Feedback. On SQLite the unit is the only writer.
func (s *Store) LockRun(ctx context.Context, userID, id int64) (core.Run, error) {
	if !s.db.Postgres() {
		return s.Run(ctx, userID, id)
	}
	var row runRow
	err := s.db.On(ctx).NewSelect().Model(&row).Where("id = ? AND user_id = ? AND NOT is_deleted", id, userID).For("UPDATE").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.Run{}, core.ErrNotFound
	}
	if err != nil {
		return core.Run{}, fmt.Errorf("locking a run: %w", err)
	}
	return row.Run, nil
}

// AddComment implements core.Feedback.
func (s *Store) AddComment(ctx context.Context, c core.Comment) (core.Comment, error) {
	return s.comments.Add(ctx, c)
}

// CountComments implements core.Feedback.
func (s *Store) CountComments(ctx context.Context, run int64) (int64, error) {
	return s.comments.Count(ctx, sqldb.Eq("run_id", run))
}

// SetVote implements core.Feedback. The statement answers no row when the vote
// is there already.
func (s *Store) SetVote(ctx context.Context, v core.Vote) (core.Vote, bool, error) {
	v.Changes = 1
	var stored voteRow
	err := s.db.On(ctx).NewInsert().Model(&voteRow{Vote: v}).ExcludeColumn("id").On("CONFLICT (run_id, user_id) DO UPDATE").
		Set("is_upvote = EXCLUDED.is_upvote").Set("changes = v.changes + 1").Set("created_by = EXCLUDED.created_by").Set("created_on = EXCLUDED.created_on").
		Where("v.is_upvote <> EXCLUDED.is_upvote").Returning("*").Scan(ctx, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		v, err = s.votes.Get(ctx, sqldb.Eq("run_id", v.RunID), sqldb.Eq("user_id", v.UserID))
		return v, false, err
	}
	if err != nil {
		return core.Vote{}, false, fmt.Errorf("storing a vote: %w", err)
	}
	return stored.Vote, true, s.setVote(ctx, stored.Vote)
}

// Comments implements core.Feedback.
func (s *Store) Comments(ctx context.Context, runs []int64) (map[int64][]core.Comment, error) {
	rows := []commentRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id IN (?)", bun.List(runs)).OrderExpr("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading comments: %w", err)
	}
	out := map[int64][]core.Comment{}
	for _, r := range rows {
		out[r.RunID] = append(out[r.RunID], r.Comment)
	}
	return out, nil
}

// Votes implements core.Feedback.
func (s *Store) Votes(ctx context.Context, runs []int64) (map[int64][]core.Vote, error) {
	rows := []voteRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id IN (?)", bun.List(runs)).OrderExpr("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading votes: %w", err)
	}
	out := map[int64][]core.Vote{}
	for _, r := range rows {
		out[r.RunID] = append(out[r.RunID], r.Vote)
	}
	return out, nil
}
