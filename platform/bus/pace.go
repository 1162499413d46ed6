package bus

import (
	"math"
	"time"
)

const (
	// paceWindow is how long an event counts for the rate, about.
	paceWindow = 250 * time.Millisecond
	// slowRate is the rate, in events a second, up to which each event is
	// passed on at once. At twice the rate the pause is the longest.
	slowRate = 500
)

// pace follows the rate of events and answers how long to let them gather.
// One goroutine uses it.
type pace struct {
	longest time.Duration
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
	share := min(max((rate-slowRate)/slowRate, 0), 1)
	return time.Duration(share * float64(p.longest))
}
