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
)

// pace follows the rate of events and answers how long to let them gather.
// One goroutine at a time uses it.
type pace struct {
	longest time.Duration
	slow    float64 // events a second without a pause; at twice as many it is the longest
	count   float64 // of events, those of a window ago by a third
	at      time.Time
}

func (p *pace) add(now time.Time, n int) {
	age := max(now.Sub(p.at), 0) // that clock may be set back
	p.count = p.count*math.Exp(-float64(age)/float64(paceWindow)) + float64(n)
	p.at = now
}

// pause is 0 while events are few.
func (p *pace) pause() time.Duration {
	rate := p.count / paceWindow.Seconds()
	share := min(max((rate-p.slow)/p.slow, 0), 1)
	return time.Duration(share * float64(p.longest))
}
