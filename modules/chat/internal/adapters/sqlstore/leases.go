package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

var open = bun.List([]core.State{core.Queued, core.InProgress})

// Renew implements core.Leases.
func (s *Store) Renew(ctx context.Context, owner string, runs []int64, until time.Time) ([]int64, error) {
	var renewed []struct {
		ID              int64
		CancelRequested bool
	}
	err := s.db.On(ctx).NewUpdate().TableExpr("chat_runs").Set("lease_until = ?", until).
		Where("id IN (?) AND owner = ? AND state IN (?)", bun.List(runs), owner, open).Returning("id, cancel_requested").Scan(ctx, &renewed)
	if err != nil {
		return nil, fmt.Errorf("renewing leases: %w", err)
	}
	var cancelled []int64
	for _, r := range renewed {
		if r.CancelRequested {
			cancelled = append(cancelled, r.ID)
		}
	}
	return cancelled, nil
}

// Expired implements core.Leases.
func (s *Store) Expired(ctx context.Context, now time.Time, dead []string, limit int) ([]core.Run, error) {
	return s.runs.List(ctx, limit, "id", sqldb.Cond("state IN (?)", open), sqldb.Any(sqldb.Cond("lease_until < ?", now), sqldb.In("owner", dead)))
}

// Owners implements core.Leases.
func (s *Store) Owners(ctx context.Context) ([]string, error) {
	var owners []string
	if err := s.db.On(ctx).NewSelect().TableExpr("chat_runs").ColumnExpr("DISTINCT owner").Where("state IN (?)", open).Scan(ctx, &owners); err != nil {
		return nil, fmt.Errorf("listing the owners of runs: %w", err)
	}
	return owners, nil
}

// RequestCancel implements core.Leases.
func (s *Store) RequestCancel(ctx context.Context, userID, run int64) (core.Run, error) {
	return s.runs.Update(ctx, func(r *core.Run) error {
		if !r.State.Open() {
			return core.ErrEnded
		}
		r.CancelRequested = true
		return nil
	}, mine(userID, run)...)
}

// ForgetKeys implements core.Leases.
func (s *Store) ForgetKeys(ctx context.Context, before time.Time) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_runs").Set("idempotency_key = NULL").
		Where("idempotency_key IS NOT NULL AND created_on < ? AND state NOT IN (?)", before, open).Exec(ctx)
	if err != nil {
		return fmt.Errorf("giving idempotency keys free: %w", err)
	}
	return nil
}

// PruneStreams implements core.Leases. Who prunes has the row of how far it is.
func (s *Store) PruneStreams(ctx context.Context, before time.Time, limit int) (bool, error) {
	var after int64
	q := s.db.On(ctx).NewSelect().TableExpr("chat_positions").Column("run_id").Where("name = 'streams'")
	if s.db.Postgres() {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx, &after); err != nil {
		return false, fmt.Errorf("reading how far streams are pruned: %w", err)
	}
	var runs []struct {
		ID         int64
		State      core.State
		ModifiedOn time.Time
	}
	err := s.db.On(ctx).
		NewSelect().
		TableExpr("chat_runs").
		Column("id", "state", "modified_on").
		Where("id > ?", after).
		OrderExpr("id").
		Limit(int64(limit)).
		Scan(ctx, &runs)
	if err != nil {
		return false, fmt.Errorf("reading runs whose streams may go: %w", err)
	}
	var old []int64
	for _, r := range runs {
		if r.State.Open() || !r.ModifiedOn.Before(before) {
			break
		}
		old = append(old, r.ID)
	}
	if len(old) == 0 {
		return false, nil
	}
	if err := s.prune(ctx, old); err != nil {
		return false, err
	}
	if _, err := s.db.On(ctx).NewUpdate().TableExpr("chat_positions").Set("run_id = ?", old[len(old)-1]).Where("name = 'streams'").Exec(ctx); err != nil {
		return false, fmt.Errorf("noting how far streams are pruned: %w", err)
	}
	return len(old) == limit, nil
}
