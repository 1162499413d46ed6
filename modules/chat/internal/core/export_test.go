package core

// Watched is how many runs somebody waits for in this process.
func (s *Service) Watched() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return len(s.hub.runs)
}

// The limits that tests go up to.
const (
	MaxRunning = maxRunning
	MaxWaiting = maxWaiting
	MaxAnswer  = maxAnswer
	MaxHistory = maxHistory
)
