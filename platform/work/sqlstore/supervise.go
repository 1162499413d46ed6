package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/work"
)

// Owners implements work.Supervision.
func (s *Store) Owners(ctx context.Context) ([]work.Owner, error) {
	// The earliest lease is found in Go: SQLite forgets that min is a time.
	var rows []struct {
		Owner       string
		LeasedUntil time.Time
		Jobs        int
	}
	err := s.db.On(ctx).NewSelect().TableExpr("work_jobs").Column("owner", "leased_until").ColumnExpr("count(*) AS jobs").
		Where("state = 'running'").Group("owner", "leased_until").Order("owner", "leased_until").Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	var out []work.Owner
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.Owner {
			out = append(out, work.Owner{ID: r.Owner, Lease: r.LeasedUntil})
		}
		out[len(out)-1].Running += r.Jobs
	}
	return out, nil
}

// TakeOver implements work.Supervision. On PostgreSQL it leaves out jobs that
// their worker writes with at this moment: it is not dead yet, or its session
// is about to end.
func (s *Store) TakeOver(ctx context.Context, t work.Takeover) (int64, error) {
	theirs := s.db.NewSelect().TableExpr("work_jobs").Column("id").Where("state = 'running' AND owner = ?", t.Owner)
	if t.Expired {
		theirs = theirs.Where("leased_until < ?", t.Now)
	}
	q := release(s.db.On(ctx), work.Ready, t.Now).Set("error = ?", t.Error)
	if t.Counts {
		q = q.Set("attempts = attempts + 1")
	} else {
		q = q.Set("alone = ?", true)
	}
	res, err := q.Where("id IN (?)", s.free(theirs)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// DeadJobs implements work.Supervision.
func (s *Store) DeadJobs(ctx context.Context, limit int) ([]work.Stored, error) {
	var rows []row
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("state = 'dead'").Order("changed_on DESC", "id DESC").Limit(int64(limit)).Scan(ctx)
	return stored(rows), err
}

// Retry implements work.Supervision.
func (s *Store) Retry(ctx context.Context, ids []int64, now time.Time) (int64, error) {
	res, err := s.db.On(ctx).NewUpdate().Model((*row)(nil)).Set("state = ?", work.Ready).Set("attempts = 0").Set("due_at = ?", now).Set("changed_on = ?", now).
		Where("id IN (?) AND state = 'dead'", bun.List(ids)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Revive implements work.Supervision.
func (s *Store) Revive(ctx context.Context, r work.Revival) (int64, error) {
	dead := s.db.NewSelect().
		TableExpr("work_jobs").
		Column("id").
		Where("state = 'dead' AND changed_on <= ? AND kind IN (?) AND error NOT IN (?)", r.DiedBy, bun.List(r.Kinds), bun.List(r.StayDead)).
		Order("changed_on", "id").
		Limit(work.MaxRevived)
	res, err := s.db.On(ctx).NewUpdate().Model((*row)(nil)).Set("state = ?", work.Ready).Set("attempts = 0").Set("due_at = ?", r.Now).Set("changed_on = ?", r.Now).
		Where("id IN (?)", s.free(dead)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Counts implements work.Supervision.
func (s *Store) Counts(ctx context.Context) ([]work.Count, error) {
	var out []work.Count
	err := s.db.On(ctx).NewSelect().TableExpr("work_jobs").Column("kind", "state").
		ColumnExpr("count(*) AS jobs").Group("kind", "state").Order("kind", "state").Scan(ctx, &out)
	return out, err
}
