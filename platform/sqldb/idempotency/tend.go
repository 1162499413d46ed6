package idempotency

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

const (
	renewEvery = lease / 3
	pruneEvery = time.Hour
	pruneBatch = 500
)

// Recover gives the claims of a dead process free. On SQLite nobody else can
// hold any when this process starts; on PostgreSQL their leases end by
// themselves.
func (s *Store) Recover(ctx context.Context) error {
	if s.db.Postgres() {
		return nil
	}
	return s.drop(ctx, "status = 0")
}

// Run renews the leases of running requests and removes old rows until ctx ends.
func (s *Store) Run(ctx context.Context, log *slog.Logger) {
	renew, prune := time.NewTicker(renewEvery), time.NewTicker(pruneEvery)
	defer renew.Stop()
	defer prune.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			err = s.Renew(ctx)
		case <-prune.C:
			_, err = s.Prune(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "tending idempotency keys", "error", err)
		}
	}
}

// Renew extends the leases of the requests that run in this process.
func (s *Store) Renew(ctx context.Context) error {
	s.mu.Lock()
	claims := slices.Collect(maps.Values(s.claims))
	s.mu.Unlock()
	for part := range slices.Chunk(claims, pruneBatch) {
		if _, err := s.db.NewRaw("UPDATE web_idempotency SET leased_until = ? WHERE status = 0 AND claim IN (?)", s.clock.Now().Add(lease), bun.List(part)).Exec(ctx); err != nil {
			return fmt.Errorf("renewing idempotency keys: %w", err)
		}
	}
	return nil
}

// Prune removes what is older than 24 hours, in small batches, and answers
// how many rows that were.
func (s *Store) Prune(ctx context.Context) (int64, error) {
	var all int64
	for {
		now := s.clock.Now()
		result, err := s.db.NewRaw("DELETE FROM web_idempotency WHERE id IN (SELECT id FROM web_idempotency WHERE created_on < ? AND ("+outdated+") ORDER BY created_on LIMIT ?)",
			now.Add(-keep), now, now.Add(-keep), pruneBatch).Exec(ctx)
		if err != nil {
			return all, fmt.Errorf("pruning idempotency keys: %w", err)
		}
		n, err := result.RowsAffected()
		all += n
		if err != nil || n < pruneBatch {
			return all, err
		}
	}
}
