package bus

import (
	"math"
	"time"
)

const (
	// paceWindow is how long an event counts for the rate, about.
	paceWindow = 250 * time.Millisecond
	// feedSlow and consumerSlow are the rates, in events a second, up to which
	// the feed passes each event on at once, and a consumer that may let events
	// gather takes each at once.
	feedSlow     = 500
	consumerSlow = 250

	// burstWindow is how long an event counts for a burst, about, and burstBegins
	// are the events that it begins with.
	burstWindow = 10 * time.Millisecond
	burstBegins = 6
)

// recent counts events, those of a window ago by a third.
type recent struct {
	window time.Duration
	count  float64 // at that time
	at     time.Time
}

func (r *recent) add(now time.Time, n int) {
	age := max(now.Sub(r.at), 0) // that clock may be set back
	r.count = r.count*math.Exp(-float64(age)/float64(r.window)) + float64(n)
	r.at = now
}

// pace follows the rate of events and answers how long to let them gather.
// One goroutine at a time uses it.
type pace struct {
	longest time.Duration
	slow    float64 // events a second without a pause; at twice as many it is the longest
	recent  recent
}

func newPace(longest time.Duration, slow float64) pace {
	return pace{longest: longest, slow: slow, recent: recent{window: paceWindow}}
}

func (p *pace) add(now time.Time, n int) { p.recent.add(now, n) }

// pause is 0 while events are few.
func (p *pace) pause() time.Duration {
	rate := p.recent.count / paceWindow.Seconds()
	share := min(max((rate-p.slow)/p.slow, 0), 1)
	return time.Duration(share * float64(p.longest))
}

// burst follows events that come within milliseconds, as when many answers end
// at once. Those who caused them go on at once, too, and are served first when
// consumers stand back. One goroutine at a time uses it.
type burst struct {
	recent recent
	on     bool
}

func newBurst() burst { return burst{recent: recent{window: burstWindow}} }

// begins counts n events and reports whether a burst begins with them.
func (b *burst) begins(now time.Time, n int) bool {
	b.recent.add(now, n)
	if b.on || b.recent.count < burstBegins {
		return false
	}
	b.on = true
	return true
}

// taken ends it: what comes next may begin another.
func (b *burst) taken() { b.on = false }
