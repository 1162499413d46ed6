package work

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/platform/kernel/work"
)

// Why a job is ready again, for the operator.
const (
	processDied  = "The process that worked on it died."
	leaseExpired = "The process that worked on it did not renew its lease."
)

// supervise renews the leases of this process's jobs, takes over those of dead
// ones, and revives dead jobs: at once when it starts, and then periodically.
func (r *Runner) supervise(ctx context.Context) {
	reap, renew, revive := time.NewTicker(r.tune.reap), time.NewTicker(r.tune.lease/3), time.NewTicker(r.tune.revive)
	defer reap.Stop()
	defer renew.Stop()
	defer revive.Stop()
	r.tryRevive(ctx)
	for {
		if err := r.TakeOver(ctx); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "looking for jobs of dead processes", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-reap.C:
		case <-renew.C:
			if err := r.Renew(ctx); err != nil && ctx.Err() == nil {
				r.log.ErrorContext(ctx, "renewing the leases of jobs", "error", err)
			}
		case <-revive.C:
			r.tryRevive(ctx)
		}
	}
}

func (r *Runner) tryRevive(ctx context.Context) {
	if err := r.Revive(ctx); err != nil && ctx.Err() == nil {
		r.log.ErrorContext(ctx, "looking for dead jobs to try anew", "error", err)
	}
}

// rest is how long a dead job of a kind that is TriedAnew is left alone.
const rest = time.Hour

// Revive makes the jobs ready that were dead for an hour, of kinds that are tried
// anew. A started runner does it by itself.
func (r *Runner) Revive(ctx context.Context) error {
	var kinds []string
	for _, k := range r.kinds {
		if k.TriedAnew {
			kinds = append(kinds, k.Name)
		}
	}
	if len(kinds) == 0 {
		return nil
	}
	now := r.clock.Now()
	n, err := r.store.Revive(ctx, Revival{Kinds: kinds, DiedBy: now.Add(-rest), StayDead: []string{processDied, leaseExpired}, Now: now})
	if err != nil {
		return fmt.Errorf("reviving dead jobs: %w", err)
	}
	if n > 0 {
		r.log.InfoContext(ctx, "dead jobs are tried anew", "jobs", n)
		poke(r.queue.woken)
	}
	return nil
}

// TakeOver makes the jobs of dead processes ready. A started runner does it by
// itself.
func (r *Runner) TakeOver(ctx context.Context) error {
	owners, err := r.store.Owners(ctx)
	if err != nil {
		return fmt.Errorf("listing the processes that work: %w", err)
	}
	dead, err := r.dead(ctx, owners)
	if err != nil {
		// In doubt the leases decide.
		r.log.WarnContext(ctx, "presence is not known", "error", err)
	}
	now := r.clock.Now()
	var taken int64
	for _, o := range owners {
		t := Takeover{Owner: o.ID, Counts: o.Running == 1, Now: now, Error: processDied}
		if !slices.Contains(dead, o.ID) {
			if !o.Lease.Before(now) {
				continue
			}
			t.Expired, t.Error = true, leaseExpired
		}
		n, err := r.store.TakeOver(ctx, t)
		if err != nil {
			return fmt.Errorf("taking over the jobs of %s: %w", o.ID, err)
		}
		if n > 0 {
			r.log.InfoContext(ctx, "took over jobs", "jobs", n, "of", o.ID, "why", t.Error)
		}
		taken += n
	}
	if taken > 0 {
		poke(r.queue.woken)
	}
	return nil
}

func (r *Runner) dead(ctx context.Context, owners []Owner) ([]string, error) {
	var others []string
	for _, o := range owners {
		if o.ID != r.owner {
			others = append(others, o.ID)
		}
	}
	if r.peers == nil || len(others) == 0 {
		return nil, nil
	}
	return r.peers.Dead(ctx, others)
}

// Renew extends the leases of the jobs that run here, and ends the contexts of
// those that were lost or cancelled. A started runner does it by itself.
func (r *Runner) Renew(ctx context.Context) error {
	r.mu.Lock()
	here := make([]*claim, 0, len(r.running))
	ids := make([]int64, 0, len(r.running))
	for f, c := range r.running {
		here = append(here, c)
		ids = append(ids, f.ID)
	}
	r.mu.Unlock()
	if len(here) == 0 {
		return nil
	}
	held, err := r.store.Renew(ctx, r.owner, ids, r.clock.Now().Add(r.tune.lease))
	if err != nil {
		return err
	}
	by := make(map[Fence]Stored, len(held))
	for _, s := range held {
		by[s.Fence()] = s
	}
	for _, c := range here {
		switch s, ok := by[c.stored.Fence()]; {
		case !ok:
			c.cancel(work.ErrLost)
		case s.IsCancelled:
			c.cancel(work.ErrCancelled)
		}
	}
	return nil
}

// lookForCancelled is a renewal ahead of time: a cancellation wakes runners.
func (r *Runner) lookForCancelled(ctx context.Context) {
	if r.queue.cancelled.Swap(false) {
		if err := r.Renew(ctx); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "looking for cancelled jobs", "error", err)
		}
	}
}
