// Package sqlstore keeps chat in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "chat", Files: files} }

type threadRow struct {
	bun.BaseModel `bun:"table:chat_threads,alias:t"`
	core.Thread
}

type runRow struct {
	bun.BaseModel `bun:"table:chat_runs,alias:r"`
	core.Run
	Vote int64 `bun:"vote,scanonly"` // setVote writes it, and lists of answers read it
}

// Store implements core.Store.
type Store struct {
	db      *sqldb.DB
	threads sqldb.Table[core.Thread, threadRow]
	runs    sqldb.Table[core.Run, runRow]
	grants  sqldb.Table[core.Grant, grantRow]

	comments sqldb.Table[core.Comment, commentRow]
	votes    sqldb.Table[core.Vote, voteRow]

	nextIDs *sqldb.Stmt
	stock   stock
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db:     db,
		grants: newGrants(db),
		threads: sqldb.NewTable(db,
			func(t core.Thread) threadRow { return threadRow{Thread: t} },
			func(r threadRow) core.Thread { return r.Thread }, core.ErrNotFound, nil),
		runs: sqldb.NewTable(db,
			func(v core.Run) runRow { return runRow{Run: v} },
			func(r runRow) core.Run { return r.Run }, core.ErrNotFound, core.ErrInProgress),
		comments: commentTable(db), votes: voteTable(db),
		nextIDs: db.Stmt(map[bool]string{true: takeIDs, false: readLastIDs}[db.Postgres()]),
	}
}

func mine(userID, id int64) []sqldb.Where {
	return []sqldb.Where{sqldb.Eq("id", id), sqldb.Eq("user_id", userID), sqldb.Eq("is_deleted", false)}
}

// AddThread implements core.Threads.
func (s *Store) AddThread(ctx context.Context, t core.Thread) (core.Thread, error) {
	return s.threads.Add(ctx, t)
}

// Thread implements core.Threads.
func (s *Store) Thread(ctx context.Context, userID, id int64) (core.Thread, error) {
	return s.threads.Get(ctx, mine(userID, id)...)
}

// UpdateThread implements core.Threads.
func (s *Store) UpdateThread(ctx context.Context, userID, id int64, change func(*core.Thread) error) (core.Thread, error) {
	return s.threads.Update(ctx, change, mine(userID, id)...)
}

// ThreadsPage implements core.Threads.
func (s *Store) ThreadsPage(ctx context.Context, userID, agentID int64, source string, p page.Request) (page.Of[core.Thread], error) {
	return s.threadsPage(ctx, source, p, []sqldb.Where{sqldb.Eq("user_id", userID), sqldb.Eq("agent_id", agentID), sqldb.Eq("is_deleted", false)})
}

// RunByQuestion implements core.Runs.
func (s *Store) RunByQuestion(ctx context.Context, userID int64, key string) (core.Run, error) {
	return s.runs.Get(ctx, sqldb.Eq("user_id", userID), sqldb.Eq("question_key", key))
}

// ForgetQuestion implements core.Runs.
func (s *Store) ForgetQuestion(ctx context.Context, run int64) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_runs").Set("question_key = NULL").Where("id = ? AND state NOT IN (?)", run, open).Exec(ctx)
	if err != nil {
		return fmt.Errorf("giving the key of a question free: %w", err)
	}
	return nil
}

func (s *Store) threadsPage(ctx context.Context, source string, p page.Request, where []sqldb.Where) (page.Of[core.Thread], error) {
	if source != "" {
		where = append(where, sqldb.Cond("(query_source IS NULL OR query_source = ?)", source))
	} else {
		where = append(where, sqldb.Cond("(query_source IS NULL OR query_source <> ?)", core.SourceEvaluation))
	}
	return s.threads.Page(ctx, p, sqldb.Order[core.Thread]{Time: "modified_on", Desc: true, Key: core.ByActivity}, where...)
}

// Run implements core.Runs.
func (s *Store) Run(ctx context.Context, userID, id int64) (core.Run, error) {
	return s.runs.Get(ctx, mine(userID, id)...)
}

// RunByKey implements core.Runs.
func (s *Store) RunByKey(ctx context.Context, userID int64, key string) (core.Run, error) {
	return s.runs.Get(ctx, sqldb.Eq("user_id", userID), sqldb.Eq("idempotency_key", key))
}

// RunsPage implements core.Runs.
func (s *Store) RunsPage(ctx context.Context, threadID int64, p page.Request) (page.Of[core.Run], error) {
	return s.runs.Page(ctx, p, sqldb.Order[core.Run]{Key: core.ByRun}, sqldb.Eq("thread_id", threadID), sqldb.Eq("is_deleted", false))
}

// DeleteUser implements core.Runs. The runs come first: that waits for those
// who store their texts at this moment, and those who come later see it.
//
// They are found by their threads, which have the same user: few users are ever
// deleted, and an index for it would be written with each question.
func (s *Store) DeleteUser(ctx context.Context, userID int64) error {
	threads := s.db.On(ctx).NewSelect().TableExpr("chat_threads").Column("id").Where("user_id = ?", userID)
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_runs").
		Set("is_deleted = ?", true).
		Set("created_by = ''").
		Set("failure_details = ''").Set("idempotency_key = NULL").Set("question_key = NULL").Set("cache_key = ''").Where("thread_id IN (?)", threads).Exec(ctx)
	if err != nil {
		return fmt.Errorf("emptying runs: %w", err)
	}
	runs := s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id").Where("thread_id IN (?)", threads)
	if err := s.erase(ctx, runs); err != nil {
		return err
	}
	for _, table := range []string{"chat_comments", "chat_votes", "chat_threads"} {
		if _, err := s.db.On(ctx).NewDelete().TableExpr(table).Where("user_id = ?", userID).Exec(ctx); err != nil {
			return fmt.Errorf("deleting from %s: %w", table, err)
		}
	}
	return nil
}
