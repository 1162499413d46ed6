package core

// Waiting is how many wait for runs of other processes.
func (s *Service) Waiting() int {
	s.remote.mu.Lock()
	defer s.remote.mu.Unlock()
	return len(s.remote.waiting)
}

// Busy takes all places for running answers, until free is called.
func (s *Service) Busy() (free func()) {
	for range maxRunning {
		s.slots <- struct{}{}
	}
	return func() {
		for range maxRunning {
			<-s.slots
		}
	}
}

// The limits that tests go up to.
const (
	MaxRunning = maxRunning
	MaxWaiting = maxWaiting
	MaxAnswer  = maxAnswer
	MaxHistory = maxHistory

	MaxComments = maxComments
)
