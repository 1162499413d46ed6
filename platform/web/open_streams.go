package web

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/platform/kernel/apperr"
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
	// told are the users whose rights have changed since they were looked at, and
	// hurry says that there are some.
	told  map[int64]struct{}
	hurry chan struct{}
}

type openStream struct {
	user  int64
	end   context.CancelCauseFunc
	check func() error // of the credentials
	// checked is when check last answered nil, and untold that a change of rights
	// was told since. Only look knows them.
	checked time.Time
	untold  bool
	// rouse ends the wait for the next event, so that its source looks again at
	// what the caller may read.
	rouse atomic.Pointer[context.CancelFunc]
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
		o.open, o.told, o.hurry = map[*openStream]struct{}{}, map[int64]struct{}{}, make(chan struct{}, 1)
	}
	s.checked = time.Now()
	o.open[s] = struct{}{}
	if o.none == nil {
		o.none = make(chan struct{})
		go o.look(o.none, o.hurry)
	}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if delete(o.open, s); len(o.open) == 0 {
			close(o.none)
			o.none = nil
			clear(o.told)
		}
	}
}

// changed tells that users have other rights or credentials: their streams are
// looked at now. It does not block.
func (o *openStreams) changed(users ...int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.none == nil {
		return
	}
	for _, u := range users {
		o.told[u] = struct{}{}
	}
	select {
	case o.hurry <- struct{}{}:
	default:
	}
}

// look ends streams whose credentials are void, until none is open: those of
// users of whom a change is told at once, and all once in a while, since a change
// may not be heard of and time makes no sound.
func (o *openStreams) look(none, hurry <-chan struct{}) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		var streams []*openStream
		changed := false
		select {
		case <-none:
			return
		case <-tick.C:
			streams = o.all()
		case <-hurry:
			streams, changed = o.ofChanged(), true
		}
		for _, s := range streams {
			s.look(changed)
		}
	}
}

// look ends the stream when its credentials are void. When that can't be found
// out, because the storage does not answer, it goes on for a while.
func (s *openStream) look(changed bool) {
	s.untold = s.untold || changed
	err := s.check()
	if err != nil {
		if isVerdict(err) || time.Since(s.checked) >= uncheckedFor {
			s.end(errNoLongerKnown)
		}
		return
	}
	s.checked = time.Now()
	if stop := s.rouse.Load(); s.untold && stop != nil {
		(*stop)()
	}
	s.untold = false
}

// isVerdict reports whether an error is about the credentials, and not about the
// attempt to look at them.
func isVerdict(err error) bool {
	var e *apperr.Error
	return errors.As(err, &e) && e.Kind != apperr.Internal && e.Kind != apperr.Unavailable
}

// ofChanged are the streams of users of whom a change was told.
func (o *openStreams) ofChanged() []*openStream {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*openStream
	for s := range o.open {
		if _, changed := o.told[s.user]; changed {
			out = append(out, s)
		}
	}
	clear(o.told)
	return out
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
