package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	kernel "parley/platform/kernel/work"
	"parley/platform/work"
)

// Renew implements work.Claims.
func (s *Store) Renew(ctx context.Context, owner string, ids []int64, until time.Time) (held []work.Stored, err error) {
	mine := func(o work.Stored) bool {
		return o.State == work.Running && o.Owner == owner && slices.Contains(ids, o.ID)
	}
	err = s.within(ctx, func(ctx context.Context) error {
		if _, err := s.change(ctx, func(o *work.Stored) { o.LeasedUntil = &until }, mine); err != nil {
			return err
		}
		held, err = s.jobs.List(ctx, mine)
		return err
	})
	return held, err
}

// fenced changes the job of a claim.
func (s *Store) fenced(ctx context.Context, f work.Fence, change func(*work.Stored)) error {
	n, err := s.change(ctx, change, matches(f))
	if err == nil && n == 0 {
		err = kernel.ErrLost
	}
	return err
}

func matches(f work.Fence) func(work.Stored) bool {
	return func(o work.Stored) bool { return o.ID == f.ID && o.Token == f.Token && o.State == work.Running }
}

// Hold implements work.Claims.
func (s *Store) Hold(ctx context.Context, f work.Fence, until time.Time, progress *string) error {
	cancelled := false
	err := s.fenced(ctx, f, func(o *work.Stored) {
		o.LeasedUntil, cancelled = &until, o.IsCancelled
		if progress != nil {
			o.Progress = *progress
		}
	})
	if err == nil && cancelled {
		err = kernel.ErrCancelled
	}
	return err
}

// Finish implements work.Claims.
func (s *Store) Finish(ctx context.Context, f work.Fence) error {
	gone, err := s.jobs.Delete(ctx, matches(f))
	if err == nil && len(gone) == 0 {
		err = kernel.ErrLost
	}
	return err
}

// release ends a claim.
func release(o *work.Stored, now time.Time) {
	o.State, o.Owner, o.LeasedUntil, o.ChangedOn = work.Ready, "", nil, now
}

// Fail implements work.Claims.
func (s *Store) Fail(ctx context.Context, f work.Fence, how work.Failure, now time.Time) error {
	return s.fenced(ctx, f, func(o *work.Stored) {
		release(o, now)
		o.Attempts, o.Error, o.DueAt, o.Alone = how.Attempts, how.Error, how.DueAt, false
		if how.Dead {
			o.State = work.Dead
		}
	})
}

// Return implements work.Claims.
func (s *Store) Return(ctx context.Context, fences []work.Fence, now time.Time) error {
	_, err := s.change(ctx, func(o *work.Stored) { release(o, now) }, func(o work.Stored) bool {
		return o.State == work.Running && slices.Contains(fences, o.Fence())
	})
	return err
}

// Owners implements work.Supervision.
func (s *Store) Owners(ctx context.Context) (owners []work.Owner, err error) {
	running, err := s.jobs.List(ctx, func(o work.Stored) bool { return o.State == work.Running })
	for _, r := range running {
		i := slices.IndexFunc(owners, func(o work.Owner) bool { return o.ID == r.Owner })
		if i < 0 {
			i = len(owners)
			owners = append(owners, work.Owner{ID: r.Owner, Lease: *r.LeasedUntil})
		}
		owners[i].Running++
		if r.LeasedUntil.Before(owners[i].Lease) {
			owners[i].Lease = *r.LeasedUntil
		}
	}
	slices.SortFunc(owners, func(a, b work.Owner) int { return cmp.Compare(a.ID, b.ID) })
	return owners, err
}

// TakeOver implements work.Supervision.
func (s *Store) TakeOver(ctx context.Context, t work.Takeover) (int64, error) {
	return s.change(ctx, func(o *work.Stored) {
		release(o, t.Now)
		o.Error = t.Error
		if t.Counts {
			o.Attempts++
		} else {
			o.Alone = true
		}
	}, func(o work.Stored) bool {
		return o.State == work.Running && o.Owner == t.Owner && (!t.Expired || o.LeasedUntil.Before(t.Now))
	})
}

// Due implements work.Claims.
func (s *Store) Due(ctx context.Context, kinds []string, now time.Time) (map[string]work.Due, error) {
	ready, err := s.jobs.List(ctx, func(o work.Stored) bool {
		return o.State == work.Ready && slices.Contains(kinds, o.Kind) && !o.DueAt.After(now)
	})
	due := map[string]work.Due{}
	for _, o := range ready {
		d := due[o.Kind]
		d.Jobs, d.Alone = d.Jobs || !o.Alone, d.Alone || o.Alone
		due[o.Kind] = d
	}
	return due, err
}

// DeadJobs implements work.Supervision.
func (s *Store) DeadJobs(ctx context.Context, limit int) ([]work.Stored, error) {
	dead, err := s.jobs.List(ctx, func(o work.Stored) bool { return o.State == work.Dead })
	slices.SortFunc(dead, func(a, b work.Stored) int { return cmp.Or(b.ChangedOn.Compare(a.ChangedOn), cmp.Compare(b.ID, a.ID)) })
	return dead[:min(len(dead), limit)], err
}

// Retry implements work.Supervision.
func (s *Store) Retry(ctx context.Context, ids []int64, now time.Time) (int64, error) {
	return s.change(ctx, func(o *work.Stored) {
		o.State, o.Attempts, o.DueAt, o.ChangedOn = work.Ready, 0, now, now
	}, func(o work.Stored) bool { return o.State == work.Dead && slices.Contains(ids, o.ID) })
}

// Revive implements work.Supervision.
func (s *Store) Revive(ctx context.Context, r work.Revival) (n int64, err error) {
	err = s.within(ctx, func(ctx context.Context) error {
		dead, err := s.jobs.List(ctx, func(o work.Stored) bool {
			return o.State == work.Dead && !o.ChangedOn.After(r.DiedBy) && slices.Contains(r.Kinds, o.Kind) && !slices.Contains(r.StayDead, o.Error)
		})
		if err != nil {
			return err
		}
		slices.SortFunc(dead, func(a, b work.Stored) int { return cmp.Or(a.ChangedOn.Compare(b.ChangedOn), cmp.Compare(a.ID, b.ID)) })
		ids := make([]int64, 0, work.MaxRevived)
		for _, d := range dead[:min(len(dead), work.MaxRevived)] {
			ids = append(ids, d.ID)
		}
		n, err = s.Retry(ctx, ids, r.Now)
		return err
	})
	return n, err
}

// Counts implements work.Supervision.
func (s *Store) Counts(ctx context.Context) (counts []work.Count, err error) {
	all, err := s.jobs.List(ctx, func(work.Stored) bool { return true })
	for _, j := range all {
		i := slices.IndexFunc(counts, func(c work.Count) bool { return c.Kind == j.Kind && c.State == j.State })
		if i < 0 {
			i = len(counts)
			counts = append(counts, work.Count{Kind: j.Kind, State: j.State})
		}
		counts[i].Jobs++
	}
	slices.SortFunc(counts, func(a, b work.Count) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.State, b.State)) })
	return counts, err
}
