package core_test

import (
	"context"
	"sync"
	"time"

	"parley/modules/chat/internal/core"
)

// faulty is a store that fails where the test says, after it has done what
// was asked, so that only a rollback undoes it.
type faulty struct {
	core.Store
	mu        sync.Mutex
	closing   func() error
	appending func() error
}

// fail sets what happens from now on when a run is closed and when events are
// appended; nil is nothing.
func (f *faulty) fail(closing, appending func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing, f.appending = closing, appending
}

func (f *faulty) try(which *func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *which == nil {
		return nil
	}
	return (*which)()
}

// broken is how a disk fails for good.
func broken() error { return errBroken }

func (f *faulty) CloseRun(ctx context.Context, run int64, owner string, o core.Outcome, now time.Time) (core.Run, error) {
	r, err := f.Store.CloseRun(ctx, run, owner, o, now)
	if err == nil {
		err = f.try(&f.closing)
	}
	return r, err
}

func (f *faulty) AppendEvents(ctx context.Context, run int64, owner string, events []core.StreamEvent) error {
	if err := f.try(&f.appending); err != nil {
		return err
	}
	return f.Store.AppendEvents(ctx, run, owner, events)
}
