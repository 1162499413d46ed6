package memstore

import (
	"context"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
)

// Renew implements core.Leases.
func (s *Store) Renew(ctx context.Context, owner string, runs []int64, until time.Time) ([]int64, error) {
	var cancelled []int64
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		mine, err := s.runs.List(ctx, func(r core.Run) bool { return r.Owner == owner && r.State.Open() && slices.Contains(runs, r.ID) })
		if err != nil {
			return err
		}
		for _, r := range mine {
			if r.CancelRequested {
				cancelled = append(cancelled, r.ID)
			}
			if _, err := s.change(ctx, r.ID, func(core.Run) bool { return true }, func(r *core.Run) { r.LeaseUntil = until }); err != nil {
				return err
			}
		}
		return nil
	})
	return cancelled, err
}

// Expired implements core.Leases.
func (s *Store) Expired(ctx context.Context, now time.Time, dead []string, limit int) ([]core.Run, error) {
	all, err := s.runs.List(ctx, func(r core.Run) bool {
		return r.State.Open() && (r.LeaseUntil.Before(now) || slices.Contains(dead, r.Owner))
	})
	return all[:min(limit, len(all))], err
}

// Owners implements core.Leases.
func (s *Store) Owners(ctx context.Context) ([]string, error) {
	all, err := s.runs.List(ctx, func(r core.Run) bool { return r.State.Open() })
	var owners []string
	for _, r := range all {
		if !slices.Contains(owners, r.Owner) {
			owners = append(owners, r.Owner)
		}
	}
	return owners, err
}

// RequestCancel implements core.Leases.
func (s *Store) RequestCancel(ctx context.Context, userID, run int64) (core.Run, error) {
	return s.runs.Update(ctx, func(r *core.Run) error {
		if !r.State.Open() {
			return core.ErrEnded
		}
		r.CancelRequested = true
		return nil
	}, myRun(userID, run))
}

// ForgetKeys implements core.Leases.
func (s *Store) ForgetKeys(ctx context.Context, before time.Time) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		old := func(r core.Run) bool { return r.IdempotencyKey != nil && r.CreatedOn.Before(before) && !r.State.Open() }
		all, err := s.runs.List(ctx, old)
		for _, r := range all {
			if _, err := s.change(ctx, r.ID, old, func(r *core.Run) { r.IdempotencyKey = nil }); err != nil {
				return err
			}
		}
		return err
	})
}

// PruneStreams implements core.Leases.
func (s *Store) PruneStreams(ctx context.Context, before time.Time, _ int) (bool, error) {
	runs, err := s.runs.List(ctx, func(core.Run) bool { return true })
	if err != nil {
		return false, err
	}
	last := map[int64]int64{}
	for _, r := range runs {
		if r.State.Open() || !r.ModifiedOn.Before(before) {
			break
		}
		last[r.ID] = r.LastSequence
	}
	_, err = s.events.Delete(ctx, func(e row[core.StreamEvent]) bool {
		end, old := last[e.RunID]
		return old && e.Value.Sequence < end
	})
	return false, err
}
