// Package clock is where time comes from. Every stored time is UTC with
// microseconds, which both databases keep exactly.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Cores ask it instead of the time package, so that a
// test decides what now is.
type Clock interface {
	// Now is UTC, truncated to microseconds.
	Now() time.Time
}

// System is the machine's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return Stored(time.Now()) }

// Stored is t as a database gives it back: UTC, whole microseconds.
func Stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Fixed is a clock that moves only by Advance.
type Fixed struct {
	mu sync.Mutex
	at time.Time
}

// NewFixed returns a clock that is set to t.
func NewFixed(t time.Time) *Fixed { return &Fixed{at: Stored(t)} }

// Now implements Clock.
func (f *Fixed) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// Advance moves the clock by d.
func (f *Fixed) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = Stored(f.at.Add(d))
}
