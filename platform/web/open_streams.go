package web

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// errNoLongerKnown ends a stream whose credentials have died.
var errNoLongerKnown = errors.New("the credentials are no longer valid")

// openStreams end when the server goes down, and when the credentials die that
// they were opened with. One goroutine looks at all of them, so that a stream
// that waits costs nothing.
type openStreams struct {
	mu   sync.Mutex
	over bool
	open map[*openStream]struct{}
	none chan struct{} // closed when none is open any more; nil while none is
}

type openStream struct {
	end   context.CancelCauseFunc
	check func() error // of the credentials
}

// add has the stream looked at until remove is called.
func (o *openStreams) add(s *openStream) (remove func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		s.end(errDraining)
		return func() {}
	}
	if o.open == nil {
		o.open = map[*openStream]struct{}{}
	}
	o.open[s] = struct{}{}
	if o.none == nil {
		o.none = make(chan struct{})
		go o.look(o.none)
	}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if delete(o.open, s); len(o.open) == 0 {
			close(o.none)
			o.none = nil
		}
	}
}

// look ends streams whose credentials are void, until none is open.
func (o *openStreams) look(none <-chan struct{}) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-none:
			return
		case <-tick.C:
		}
		for _, s := range o.all() {
			if s.check() != nil {
				s.end(errNoLongerKnown)
			}
		}
	}
}

func (o *openStreams) all() []*openStream {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.open))
}

// drain ends all streams, those that come later too.
func (o *openStreams) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for s := range o.open {
		s.end(errDraining)
	}
}
