// Package memstore keeps jobs in memory, for tests.
package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/memory"
	"parley/platform/work"
)

// turn is when a tenant was served last.
type turn struct {
	ID     int64
	Kind   string
	Tenant int64
	At     time.Time
}

// Store implements work.Store.
type Store struct {
	db    *memory.DB
	jobs  *memory.Table[work.Stored]
	turns *memory.Table[turn]
}

var _ work.Store = (*Store)(nil)

var errMissing = errors.New("no such job")

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		db: db,
		jobs: memory.NewTable(db, memory.Spec[work.Stored]{
			ID: func(s *work.Stored) *int64 { return &s.ID }, Missing: errMissing,
		}),
		turns: memory.NewTable(db, memory.Spec[turn]{ID: func(t *turn) *int64 { return &t.ID }, Missing: errMissing}),
	}
}

// within runs fn in the unit of ctx, or in one of its own.
func (s *Store) within(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return fn(ctx) })
}

// Add implements work.Puts.
func (s *Store) Add(ctx context.Context, jobs []kernel.Job, now time.Time) error {
	return s.within(ctx, func(ctx context.Context) error {
		for _, j := range jobs {
			there, err := s.jobs.Count(ctx, func(o work.Stored) bool { return j.Key != "" && o.Kind == j.Kind && o.Key == j.Key })
			if err != nil {
				return err
			}
			if there > 0 {
				continue
			}
			if _, err := s.jobs.Add(ctx, work.Stored{Job: j, State: work.Ready, ChangedOn: now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Cancel implements work.Puts.
func (s *Store) Cancel(ctx context.Context, kind string, keys []string, now time.Time) (running bool, err error) {
	named := func(o work.Stored) bool { return o.Kind == kind && o.Key != "" && slices.Contains(keys, o.Key) }
	err = s.within(ctx, func(ctx context.Context) error {
		if _, err := s.jobs.Delete(ctx, func(o work.Stored) bool { return named(o) && o.State != work.Running }); err != nil {
			return err
		}
		n, err := s.change(ctx, func(o *work.Stored) { o.IsCancelled, o.ChangedOn = true, now }, named)
		running = n > 0
		return err
	})
	return running, err
}

// change changes all jobs that match, and answers how many.
func (s *Store) change(ctx context.Context, change func(*work.Stored), match func(work.Stored) bool) (n int64, err error) {
	err = s.within(ctx, func(ctx context.Context) error {
		found, err := s.jobs.List(ctx, match)
		if err != nil {
			return err
		}
		for _, f := range found {
			if _, err := s.jobs.Update(ctx, func(o *work.Stored) error { change(o); return nil }, func(o work.Stored) bool { return o.ID == f.ID }); err != nil {
				return err
			}
		}
		n = int64(len(found))
		return nil
	})
	return n, err
}

// Claim implements work.Claims.
func (s *Store) Claim(ctx context.Context, r work.ClaimRequest) (claimed []work.Stored, err error) {
	err = s.within(ctx, func(ctx context.Context) error {
		all, err := s.jobs.List(ctx, func(o work.Stored) bool { return o.Kind == r.Kind && o.State != work.Dead })
		if err != nil {
			return err
		}
		turns, err := s.turns.List(ctx, func(t turn) bool { return t.Kind == r.Kind })
		if err != nil {
			return err
		}
		picked := pick(all, turns, r)
		for _, p := range picked {
			c, err := s.jobs.Update(ctx, func(o *work.Stored) error {
				o.State, o.Owner, o.LeasedUntil, o.ChangedOn = work.Running, r.Owner, &r.Until, r.Now
				o.Token++
				return nil
			}, func(o work.Stored) bool { return o.ID == p.ID })
			if err != nil {
				return err
			}
			claimed = append(claimed, c)
			if err := s.serve(ctx, r, c.Tenant); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

func (s *Store) serve(ctx context.Context, r work.ClaimRequest, tenant int64) error {
	_, err := s.turns.Update(ctx, func(t *turn) error { t.At = r.Now; return nil }, func(t turn) bool { return t.Kind == r.Kind && t.Tenant == tenant })
	if errors.Is(err, errMissing) {
		_, err = s.turns.Add(ctx, turn{Kind: r.Kind, Tenant: tenant, At: r.Now})
	}
	return err
}

// pick chooses among the jobs of a kind.
func pick(all []work.Stored, turns []turn, r work.ClaimRequest) []work.Stored {
	load := map[int64]int{}
	served := map[int64]time.Time{}
	var due []work.Stored
	for _, s := range all {
		switch {
		case s.State == work.Running:
			load[s.Tenant]++
		case s.Alone == r.Alone && !s.DueAt.After(r.Now):
			due = append(due, s)
		}
	}
	for _, t := range turns {
		served[t.Tenant] = t.At
	}
	slices.SortFunc(due, func(a, b work.Stored) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	if r.Alone {
		slices.SortFunc(due, func(a, b work.Stored) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID)) })
		return due[:min(len(due), r.Limit)]
	}
	loads := make(map[int64]int, len(due)) // that a job would make, by id
	for _, s := range due {
		loads[s.ID] = load[s.Tenant]
		load[s.Tenant]++
	}
	slices.SortFunc(due, func(a, b work.Stored) int {
		return cmp.Or(cmp.Compare(loads[a.ID], loads[b.ID]), served[a.Tenant].Compare(served[b.Tenant]), cmp.Compare(a.ID, b.ID))
	})
	return due[:min(len(due), r.Limit)]
}
