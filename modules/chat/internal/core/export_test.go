package core

import "strings"

// Waiting is how many wait for runs of other processes.
func (s *Service) Waiting() int {
	s.remote.mu.Lock()
	defer s.remote.mu.Unlock()
	return len(s.remote.waiting)
}

// Busy takes all places for running answers, until free is called.
func (s *Service) Busy() (free func()) {
	p := s.places
	fill := func(n int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running += n
		p.next()
	}
	fill(p.limits.Running)
	return func() { fill(-p.limits.Running) }
}

// The limits that tests go up to.
var (
	MaxRunning = Places{}.orDefaults().UserRunning
	MaxWaiting = Places{}.orDefaults().UserOpen - Places{}.orDefaults().UserRunning
)

// More limits that tests go up to.
const (
	MaxAnswer  = maxAnswer
	MaxHistory = maxHistory

	MaxComments = maxComments
)

// Recent is how many of n answers of so many bytes are kept until their words
// are indexed.
func Recent(n, size int) int {
	var r recent
	for range n {
		r.add(recentAnswer{answer: strings.Repeat("x", size)})
	}
	return len(r.take())
}
