package core

// Waiting is how many wait for runs of other processes.
func (s *Service) Waiting() int {
	s.remote.mu.Lock()
	defer s.remote.mu.Unlock()
	return len(s.remote.waiting)
}

// The limits that tests go up to.
const (
	MaxRunning = maxRunning
	MaxWaiting = maxWaiting
	MaxAnswer  = maxAnswer
	MaxHistory = maxHistory

	MaxComments = maxComments
)
