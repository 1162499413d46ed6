package sqlstore_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	"parley/platform/work/sqlstore"
)

const kind = "tests.job"

var discard = slog.New(slog.DiscardHandler)

// process is a server's share of the work, with a presence and connections of
// its own.
type process struct {
	t        *testing.T
	unit     uow.Unit
	store    *sqlstore.Store
	queue    *work.Queue
	runner   *work.Runner
	presence *sqldb.Presence
}

func start(t *testing.T, db *sqldb.DB, kinds ...kernel.Kind) process {
	t.Helper()
	owner, store := id.New(), sqlstore.New(db)
	p := process{t: t, unit: sqldb.NewUnit(db, bus.NewOutbox(db), clock.System{}), store: store, presence: sqldb.NewPresence(db, owner, discard)}
	p.queue = work.NewQueue(store, sqlstore.NewSignals(db, owner, discard), clock.System{})
	var err error
	p.runner, err = work.NewRunner(work.Config{Queue: p.queue, Kinds: kinds, Owner: owner, Peers: p.presence, Log: discard})
	for _, err := range []error{err, p.presence.Start(t.Context()), p.runner.Start(t.Context())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, stop := range []func(context.Context) error{p.runner.Stop, p.presence.Stop} {
			if err := stop(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		}
	})
	return p
}

func (p process) put(keys ...string) {
	p.t.Helper()
	err := p.unit.Do(p.t.Context(), func(ctx context.Context, _ uow.Tx) error {
		for _, k := range keys {
			if err := p.queue.Put(ctx, kernel.Job{Kind: kind, Key: k}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func doing(fn func(ctx context.Context, c kernel.Claim) error) kernel.Kind {
	return kernel.Kind{Name: kind, Concurrency: 2, MaxAttempts: 3, Timeout: time.Minute, Work: fn}
}

func within[T any](t *testing.T, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

func TestAJobPutByOneProcessIsDoneByAnotherAndCancelledByTheFirst(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	started, causes := make(chan string, 10), make(chan error, 10)
	api := start(t, db)
	start(t, db, doing(func(ctx context.Context, c kernel.Claim) error {
		started <- c.Job().Key
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}))
	api.put("a")
	if got := within(t, started); got != "a" {
		t.Errorf("did %s", got)
	}
	if err := api.queue.Cancel(t.Context(), kind, "a"); err != nil {
		t.Fatal(err)
	}
	if cause := within(t, causes); !errors.Is(cause, kernel.ErrCancelled) {
		t.Error(cause)
	}
}

func TestTheEndOfASessionIsTheEndOfItsProcess(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	claimed, free := make(chan kernel.Claim, 1), make(chan struct{})
	k := doing(func(_ context.Context, c kernel.Claim) error {
		claimed <- c
		<-free
		return nil
	})
	k.Concurrency = 1 // so that it does not claim the job again
	first := start(t, db, k)
	defer close(free)
	first.put("a")
	old := within(t, claimed)
	// Its session ends, as by kill -9; its lease would last for a minute.
	if err := first.presence.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken := make(chan int, 1)
	start(t, db, doing(func(_ context.Context, c kernel.Claim) error { taken <- c.Attempts(); return nil }))
	if attempts := within(t, taken); attempts != 1 {
		t.Errorf("%d attempts", attempts)
	}
	if err := old.Finish(t.Context()); !errors.Is(err, kernel.ErrLost) {
		t.Error(err)
	}
}
