// Package sqlstore keeps jobs in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	kernel "parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/work"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of jobs.
func Migrations() migrate.Set { return migrate.Set{Module: "work", Files: files} }

type row struct {
	bun.BaseModel `bun:"table:work_jobs,alias:j"`
	work.Stored
}

// Store implements work.Store.
type Store struct{ db *sqldb.DB }

var _ work.Store = (*Store)(nil)

// New returns the store over db.
func New(db *sqldb.DB) *Store { return &Store{db: db} }

// Add implements work.Puts.
func (s *Store) Add(ctx context.Context, jobs []kernel.Job, now time.Time) error {
	rows := make([]row, len(jobs))
	for i, j := range jobs {
		rows[i] = row{Stored: work.Stored{Job: j, State: work.Ready, ChangedOn: now}}
	}
	_, err := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx)
	return err
}

// Cancel implements work.Puts.
func (s *Store) Cancel(ctx context.Context, kind string, keys []string, now time.Time) (running bool, err error) {
	err = s.db.Within(ctx, func(ctx context.Context) error {
		// First what runs: on PostgreSQL this waits for a claim that is under way.
		marked, err := s.db.On(ctx).NewUpdate().Model((*row)(nil)).Set("is_cancelled = ?", true).Set("changed_on = ?", now).
			Where("kind = ? AND key IN (?) AND key <> ''", kind, bun.List(keys)).Exec(ctx)
		if err != nil {
			return err
		}
		all, err := marked.RowsAffected()
		if err != nil || all == 0 {
			return err
		}
		gone, err := s.db.On(ctx).NewDelete().Model((*row)(nil)).
			Where("kind = ? AND key IN (?) AND key <> '' AND state <> 'running'", kind, bun.List(keys)).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := gone.RowsAffected()
		running = n < all
		return err
	})
	return running, err
}

// Renew implements work.Claims. On PostgreSQL it leaves out jobs that somebody
// writes with at this moment, and answers them as they are: that is their worker,
// which renews the lease itself, or who takes them away.
func (s *Store) Renew(ctx context.Context, owner string, ids []int64, until time.Time) ([]work.Stored, error) {
	var rows []row
	mine := s.db.NewSelect().TableExpr("work_jobs").Where("id IN (?) AND owner = ? AND state = 'running'", bun.List(ids), owner)
	_, err := s.db.On(ctx).NewUpdate().Model(&rows).Set("leased_until = ?", until).Where("id IN (?)", s.free(mine.Column("id"))).Returning("*").Exec(ctx)
	if err != nil || len(rows) == len(ids) || !s.db.Postgres() {
		return stored(rows), err
	}
	renewed := []int64{0} // which no job has
	for _, r := range rows {
		renewed = append(renewed, r.ID)
	}
	var busy []row
	err = s.db.On(ctx).NewSelect().Model(&busy).
		Where("id IN (?) AND id NOT IN (?) AND owner = ? AND state = 'running'", bun.List(ids), bun.List(renewed), owner).Scan(ctx)
	return append(stored(rows), stored(busy)...), err
}

// free is the jobs of a query that nobody else writes with. What a runner does to
// several jobs at once waits for no job: it has others meanwhile, for which
// somebody may wait. SQLite has one writer.
func (s *Store) free(jobs *bun.SelectQuery) *bun.SelectQuery {
	if s.db.Postgres() {
		return jobs.For("UPDATE SKIP LOCKED")
	}
	return jobs
}

func stored(rows []row) []work.Stored {
	out := make([]work.Stored, len(rows))
	for i, r := range rows {
		out[i] = r.Stored
	}
	return out
}

// Hold implements work.Claims. The row is locked until the end of the unit,
// so that nobody takes the job over meanwhile.
func (s *Store) Hold(ctx context.Context, f work.Fence, until time.Time, progress *string) error {
	q := s.db.On(ctx).NewUpdate().Model((*row)(nil)).Set("leased_until = ?", until)
	if progress != nil {
		q = q.Set("progress = ?", *progress)
	}
	var cancelled bool
	err := q.Where(fenced, f.ID, f.Token).Returning("is_cancelled").Scan(ctx, &cancelled)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return kernel.ErrLost
	case err != nil:
		return fmt.Errorf("holding job %d: %w", f.ID, err)
	case cancelled:
		return kernel.ErrCancelled
	}
	return nil
}

// fenced is the condition of a claim.
const fenced = "id = ? AND token = ? AND state = 'running'"

// Finish implements work.Claims.
func (s *Store) Finish(ctx context.Context, f work.Fence) error {
	res, err := s.db.On(ctx).NewDelete().Model((*row)(nil)).Where(fenced, f.ID, f.Token).Exec(ctx)
	return changedOne(res, err, "finishing", f)
}

// Fail implements work.Claims.
func (s *Store) Fail(ctx context.Context, f work.Fence, how work.Failure, now time.Time) error {
	state := work.Ready
	if how.Dead {
		state = work.Dead
	}
	res, err := release(s.db.On(ctx), state, now).Set("attempts = ?", how.Attempts).Set("error = ?", how.Error).Set("due_at = ?", how.DueAt).
		Set("alone = ?", false).Where(fenced, f.ID, f.Token).Exec(ctx)
	return changedOne(res, err, "failing", f)
}

// release ends claims.
func release(on bun.IDB, to work.State, now time.Time) *bun.UpdateQuery {
	return on.NewUpdate().Model((*row)(nil)).Set("state = ?", to).Set("owner = ''").Set("leased_until = NULL").Set("changed_on = ?", now)
}

func changedOne(res sql.Result, err error, doing string, f work.Fence) error {
	if err != nil {
		return fmt.Errorf("%s job %d: %w", doing, f.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(kernel.ErrLost, err)
	}
	return nil
}

// Return implements work.Claims.
func (s *Store) Return(ctx context.Context, fences []work.Fence, now time.Time) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		for _, f := range fences {
			if _, err := release(s.db.On(ctx), work.Ready, now).Where(fenced, f.ID, f.Token).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
