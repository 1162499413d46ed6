package idempotency

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/idempotency"
)

const (
	renewEvery = lease / 3
	lookEvery  = 5 * time.Second
	pruneEvery = time.Hour
	pruneBatch = 500
)

// Recover gives the claims of dead processes free. It is for the start of a
// process, when nothing hints that all connections were lost at once.
func (s *Store) Recover(ctx context.Context) error {
	dead, err := s.dead(ctx)
	if err != nil {
		return err
	}
	return s.free(ctx, dead)
}

// TakeOver gives the claims free of processes that were dead the last time,
// too: one that lost its connections for a moment shows itself again by then.
// Run does it by itself.
func (s *Store) TakeOver(ctx context.Context) error {
	dead, err := s.dead(ctx)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(dead), func(id string) bool { return !slices.Contains(s.suspects, id) })
	s.suspects = dead
	return s.free(ctx, missing)
}

// dead answers the dead among the processes that hold claims.
func (s *Store) dead(ctx context.Context) ([]string, error) {
	var owners []string
	err := s.db.NewRaw("SELECT DISTINCT owner FROM web_idempotency WHERE status < 2 AND owner NOT IN (?)", bun.List(s.living())).Scan(ctx, &owners)
	if err != nil {
		return nil, fmt.Errorf("listing the processes that hold idempotency keys: %w", err)
	}
	return s.peers.Dead(ctx, owners)
}

// living are the owners that need no look: this process and, where several
// share a database, those of an earlier version that did not name themselves.
func (s *Store) living() []string {
	if s.db.Postgres() {
		return []string{s.peers.ID(), ""}
	}
	return []string{s.peers.ID()}
}

func (s *Store) free(ctx context.Context, owners []string) error {
	if len(owners) == 0 {
		return nil
	}
	if err := s.drop(ctx, "status = 0 AND owner IN (?)", bun.List(owners)); err != nil {
		return err
	}
	return s.lose(ctx, "leased_until > ? AND owner IN (?)", s.clock.Now(), bun.List(owners))
}

// Run renews the leases of running requests, looks for dead processes and
// removes old rows until ctx ends.
func (s *Store) Run(ctx context.Context, log *slog.Logger) {
	renew, look, prune := time.NewTicker(renewEvery), time.NewTicker(lookEvery), time.NewTicker(pruneEvery)
	defer renew.Stop()
	defer look.Stop()
	defer prune.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			err = s.Renew(ctx)
		case <-look.C:
			err = s.TakeOver(ctx)
		case <-prune.C:
			_, err = s.Prune(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "maintaining idempotency keys failed", "error", err)
		}
	}
}

// Renew extends the leases of the requests that run in this process.
func (s *Store) Renew(ctx context.Context) error {
	s.mu.Lock()
	claims := slices.Collect(maps.Values(s.claims))
	s.mu.Unlock()
	for part := range slices.Chunk(claims, pruneBatch) {
		if _, err := s.db.NewRaw("UPDATE web_idempotency SET leased_until = ? WHERE status < 2 AND claim IN (?)", s.clock.Now().Add(lease), bun.List(part)).
			Exec(ctx); err != nil {
			return fmt.Errorf("renewing idempotency keys: %w", err)
		}
	}
	return nil
}

// Prune removes what is older than idempotency.KeptFor, in small batches, and answers
// how many rows that were.
func (s *Store) Prune(ctx context.Context) (int64, error) {
	var all int64
	for {
		now := s.clock.Now()
		result, err := s.db.NewRaw("DELETE FROM web_idempotency WHERE id IN "+
			"(SELECT id FROM web_idempotency WHERE created_on < ? AND ("+outdated+") ORDER BY created_on LIMIT ?)",
			now.Add(-idempotency.KeptFor), now, now.Add(-idempotency.KeptFor), pruneBatch).Exec(ctx)
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
