package sqlstore

import (
	"time"

	"parley/platform/work"
)

// DueStatement is what looks for kinds of which jobs are due.
func (s *Store) DueStatement(kinds []string, now time.Time) string { return s.due(kinds, now).String() }

// NextStatement is what finds the jobs whose turn it is.
func (s *Store) NextStatement(r work.ClaimRequest) string { return s.turns(r).String() }
