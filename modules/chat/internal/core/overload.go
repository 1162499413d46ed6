package core

import (
	"context"
	"runtime"
	"sync"
	"time"

	"parley/platform/kernel/clock"
)

const (
	// workPerProcessor is how many runs may be worked on for each processor. It
	// keeps the processors and the commits busy; more of them only wait longer.
	workPerProcessor = 16
	// burst is how long a question may wait to be let in.
	burst = 2 * time.Second
	// standing is how long more must wait, at all times, than are worked on for it
	// to be an overload: many that come at once, within the onset, are none.
	standing = 100 * time.Millisecond
	onset    = 20 * time.Millisecond
	// calm is how long nobody must have been turned away for it to be over.
	calm = 500 * time.Millisecond
)

// gate lets questions in as far as the process can work on them. A run that
// waits for a model, or for its turn, is not worked on, so that slow models
// close the gate for nobody. Who waits is let in by turns of organizations, and
// in them of users. In an overload it bounds how many wait: a queue that never
// empties delays everybody and helps nobody. It counts runs and no time, so that
// a fast and a slow database are loaded to the same multiple of what they carry.
type gate struct {
	most    int // that are worked on
	waiters int // that wait in an overload, those alone of their organizations aside
	clock   clock.Clock

	mu      sync.Mutex
	working int
	waiting queue
	length  int       // of waiting
	since   time.Time // when the last came who found fewer than most to wait
	crowded time.Time // until then there is an overload
	late    time.Time // who came to it before this came with a burst
}

func newGate(most int, c clock.Clock) *gate {
	if most <= 0 {
		most = max(2, runtime.GOMAXPROCS(0)) * workPerProcessor
	}
	return &gate{most: most, waiters: max(1, most/4), clock: c}
}

// working is whether a run is being worked on. That of a run in the background
// is nil, since it waits for its turn behind those of users.
type working struct {
	gate *gate
	on   bool // guarded by gate
}

// enter waits until the process can work on one more question of a user. Its
// error is ErrOverloaded, or that of ctx.
func (g *gate) enter(ctx context.Context, organization, user int64) (*working, error) {
	g.mu.Lock()
	if g.length == 0 && g.working < g.most {
		g.working++
		g.mu.Unlock()
		return &working{gate: g, on: true}, nil
	}
	t := g.wait(organization, user)
	g.mu.Unlock()
	patience := time.NewTimer(burst)
	defer patience.Stop()
	err := error(ErrOverloaded)
	select {
	case <-t.come:
	case <-patience.C:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case t.refused:
		return nil, ErrOverloaded
	case t.has(): // perhaps in the same moment
		return &working{gate: g, on: true}, nil
	case ctx.Err() == nil:
		g.crowded = g.clock.Now().Add(calm)
	}
	g.waiting.remove(t)
	g.length--
	return nil, err
}

// wait adds one to those who wait. In an overload it turns away who is too many:
// the last of the user who has most waiting, of the organization that has most.
// The caller holds mu.
func (g *gate) wait(organization, user int64) *turn {
	now := g.clock.Now()
	if g.length < g.most {
		g.since = now
	}
	t := &turn{organization: organization, user: user, since: now, come: make(chan struct{})}
	g.waiting.add(t)
	g.length++
	if !now.Before(g.crowded) {
		if now.Sub(g.since) <= standing {
			return t
		}
		g.late = g.since.Add(onset)
	}
	for _, last := range g.waiting.newest(g.length-g.waiters, g.late) {
		g.waiting.remove(last)
		g.length--
		g.crowded = now.Add(calm)
		last.refused = true
		close(last.come)
	}
	return t
}

// next lets in as many as there is room for. The caller holds mu.
func (g *gate) next() {
	for g.length > 0 && g.working < g.most {
		t := g.waiting.take(func(int64, int64) bool { return true })
		g.length--
		g.working++
		close(t.come)
	}
}

// pause says that the run waits for something outside of this process, or that
// it is over.
func (w *working) pause() {
	if w == nil {
		return
	}
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	if w.on {
		w.on = false
		w.gate.working--
		w.gate.next()
	}
}

// resume says that the run is worked on again. It waits for nobody: who was let
// in is served.
func (w *working) resume() {
	if w == nil {
		return
	}
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	if !w.on {
		w.on = true
		w.gate.working++
	}
}

// outside is for a wait within a step: what it answers ends it.
func (w *working) outside() (back func()) {
	w.pause()
	return w.resume
}
