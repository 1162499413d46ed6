package work_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/memory"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	"parley/platform/work/memstore"
	"parley/platform/work/sqlstore"
)

const kind = "tests.job"

var discard = slog.New(slog.DiscardHandler)

// rig is a store with a clock that stands still.
type rig struct {
	t     testing.TB
	store work.Store
	unit  uow.Unit
	clock *clock.Fixed
	peers graveyard
}

// graveyard are the processes that are known to be dead.
type graveyard struct {
	mu   *sync.Mutex
	dead map[string]bool
}

// Dead implements work.Peers.
func (g graveyard) Dead(_ context.Context, ids []string) (dead []string, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range ids {
		if g.dead[id] {
			dead = append(dead, id)
		}
	}
	return dead, nil
}

func (g graveyard) dies(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead[id] = true
}

func newRig(t testing.TB, store work.Store, unit uow.Unit, c *clock.Fixed) *rig {
	return &rig{t: t, store: store, unit: unit, clock: c, peers: graveyard{&sync.Mutex{}, map[string]bool{}}}
}

// each runs a test in memory, on SQLite and on PostgreSQL.
func each(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	t.Run("memory", func(t *testing.T) {
		c := clock.NewFixed(start)
		db := memory.New(c)
		test(t, newRig(t, memstore.New(db), db, c))
	})
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		test(t, newRig(t, sqlstore.New(db), unit, clock.NewFixed(start)))
	})
}

// process is one process's share: a queue, and a runner that is not started.
type process struct {
	*work.Runner
	r     *rig
	queue *work.Queue
}

func (r *rig) process(owner string, kinds ...kernel.Kind) process {
	r.t.Helper()
	q := work.NewQueue(r.store, nil, r.clock)
	runner, err := work.NewRunner(work.Config{Queue: q, Kinds: kinds, Owner: owner, Peers: r.peers, Log: discard}.Quick())
	r.check(err)
	return process{runner, r, q}
}

func (p process) start() process {
	p.r.t.Helper()
	p.r.check(p.Start(p.r.t.Context()))
	p.r.t.Cleanup(p.stop)
	return p
}

func (p process) stop() {
	p.r.t.Helper()
	if err := p.Stop(context.WithoutCancel(p.r.t.Context())); err != nil {
		p.r.t.Error(err)
	}
}

// drain does what is due and answers how many jobs that were.
func (p process) drain() int {
	p.r.t.Helper()
	n, err := p.Drain(p.r.t.Context())
	p.r.check(err)
	return n
}

// put adds jobs of a tenant by their keys.
func (p process) put(tenant int64, keys ...string) {
	p.r.t.Helper()
	p.r.check(p.r.unit.Do(p.r.t.Context(), func(ctx context.Context, _ uow.Tx) error {
		for _, key := range keys {
			if err := p.queue.Put(ctx, kernel.Job{Kind: kind, Tenant: tenant, Key: key}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// states are the numbers of jobs by state.
func (r *rig) states() map[work.State]int64 {
	r.t.Helper()
	counts, err := r.store.Counts(context.WithoutCancel(r.t.Context()))
	r.check(err)
	out := map[work.State]int64{}
	for _, c := range counts {
		out[c.State] += c.Jobs
	}
	return out
}

// doing is a kind whose jobs fn does.
func doing(places int, fn func(ctx context.Context, c kernel.Claim) error) kernel.Kind {
	return kernel.Kind{Name: kind, Concurrency: places, MaxAttempts: 3, Timeout: time.Minute, Work: fn}
}

// within waits for a value that a handler sends.
func within[T any](t testing.TB, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}
