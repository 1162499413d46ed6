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

// Start implements core.Leases.
func (s *Store) Start(ctx context.Context, run int64, owner string, now, until time.Time) error {
	return requireOneRow(s.db.On(ctx).NewUpdate().TableExpr("chat_runs").Set("state = ?", core.InProgress).Set("lease_until = ?", until).Set("modified_on = ?", now).
		Where("id = ? AND owner = ? AND state = ?", run, owner, core.Queued).Exec(ctx))
}

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

// Estimate implements core.Leases.
func (s *Store) Estimate(ctx context.Context, run int64, model string, promptTokens int64, searchQuery string) error {
	err := requireOneRow(s.db.On(ctx).NewUpdate().TableExpr("chat_runs").Set("model = ?", model).Set("estimated_prompt = ?", promptTokens).Where("id = ? AND state = ?", run, core.InProgress).Exec(ctx))
	if err != nil {
		return err
	}
	if _, err := s.db.On(ctx).NewUpdate().TableExpr("chat_contents").Set("search_query = ?", searchQuery).Where("run_id = ?", run).Exec(ctx); err != nil {
		return fmt.Errorf("storing a search query: %w", err)
	}
	return nil
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
