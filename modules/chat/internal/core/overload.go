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
	// burst is how long a question may wait to be let in while there is no
	// overload: many that come at once are no overload yet.
	burst = 2 * time.Second
	// standing is how long some must have waited at all times for it to be one.
	// Then nobody waits for longer than brief, until nobody has been turned away
	// for calm.
	standing = 100 * time.Millisecond
	brief    = 10 * time.Millisecond
	calm     = 500 * time.Millisecond
)

// gate lets questions in as far as the process can work on them. A run that
// waits for a model, or for its turn, is not worked on, so that slow models
// close the gate for nobody. Who waits is let in by turns of organizations, and
// in them of users. It bounds how long who is let in has waited and will wait:
// a queue that never empties delays everybody and helps nobody.
type gate struct {
	most  int
	clock clock.Clock

	mu      sync.Mutex
	working int
	waiting queue
	length  int       // of waiting
	since   time.Time // when the first of those came that waited at all times until now
	crowded time.Time // until then there is an overload
}

func newGate(most int, c clock.Clock) *gate {
	if most <= 0 {
		most = max(2, runtime.GOMAXPROCS(0)) * workPerProcessor
	}
	return &gate{most: most, clock: c}
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
	t := &turn{organization: organization, user: user, come: make(chan struct{})}
	patience := g.patience(g.clock.Now())
	if g.waiting.add(t) {
		patience = burst // its turn is next after one of each other organization
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	g.length++
	g.mu.Unlock()
	err := error(ErrOverloaded)
	select {
	case <-t.come:
		return &working{gate: g, on: true}, nil
	case <-wait.C:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.has() { // in the same moment
		return &working{gate: g, on: true}, nil
	}
	g.waiting.remove(t)
	g.length--
	if ctx.Err() == nil {
		g.crowded = g.clock.Now().Add(calm)
	}
	return nil, err
}

// patience is how long somebody may wait who comes now. The caller holds mu.
func (g *gate) patience(now time.Time) time.Duration {
	switch {
	case g.length == 0:
		g.since = now
	case now.Sub(g.since) > standing:
		g.crowded = now.Add(calm)
	}
	if now.Before(g.crowded) {
		return brief
	}
	return burst
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
