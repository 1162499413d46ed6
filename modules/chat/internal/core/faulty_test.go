package core_test

import (
	"context"
	"sync"

	"parley/modules/chat/internal/core"
)

// faulty is a store that fails where the test says, after it has done what
// was asked, so that only a rollback undoes it.
type faulty struct {
	core.Store
	mu        sync.Mutex
	closing   func() error
	appending func() error
	writing   func(core.Batch) error // before anything else
	expects   bool                   // it writes what expects no refusal without asking
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

func (f *faulty) Write(ctx context.Context, b core.Batch) (core.Written, error) {
	if f.writing != nil {
		if err := f.writing(b); err != nil {
			return core.Written{Expected: f.expects && b.Expecting}, err
		}
	}
	if len(b.Advances) > 0 {
		if err := f.try(&f.appending); err != nil {
			return core.Written{}, err
		}
	}
	done, err := f.Store.Write(ctx, b)
	if err == nil && len(b.Ends) > 0 {
		err = f.try(&f.closing)
	}
	return done, err
}
