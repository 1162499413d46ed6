package core

// Kept answers how many agents are kept in memory.
func (s *Service) Kept() int { return s.kept.Len() }
