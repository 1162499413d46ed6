package sqlstore

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

const (
	// stockFor is how long ids are kept. Runs are listed by id: a question that is
	// asked so much later than another has a higher one, whichever process has it.
	// In one process, and in one thread, it always has.
	stockFor = 100 * time.Millisecond
	// stockFrom is how many questions have to come in twice that time for more ids
	// to be taken than are asked for, and mostStocked how many are kept.
	stockFrom   = 8
	mostStocked = 256
	// takingIDs bounds the time in which ids are taken beside a batch.
	takingIDs = 5 * time.Second
)

// stock are ids that were taken for the questions of the next moment.
type stock struct {
	mu     sync.Mutex
	ids    []reserved
	at     time.Time // when ids were last taken
	since  time.Time // when counting began
	used   int       // ids that questions got since then
	last   int64     // the highest id of a run that was used
	coming int       // questions that were told of and have no ids yet
	told   time.Time // when the last of them was
	taking bool      // somebody takes ids for them
}

// Coming implements core.Runs: on PostgreSQL ids are taken while the question is
// prepared, so that the batch that stores it need not ask for them.
func (s *Store) Coming(ctx context.Context, now time.Time) {
	if s.db.Postgres() && s.stock.comes(now) {
		go s.takeIDs(ctx)
	}
}

// takeIDs takes ids until all questions that are coming have some. A failure is
// that of the batch, which takes its own then.
func (s *Store) takeIDs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, takingIDs)
	defer cancel()
	for {
		n := s.stock.lacks()
		if n == 0 {
			return
		}
		err := s.nextIDs.Rows(ctx, func(row *sql.Rows) error {
			var r reserved
			if err := row.Scan(&r.Thread, &r.Run); err != nil {
				return err
			}
			s.stock.put(r)
			return nil
		}, int64(n))
		if err != nil {
			s.stock.failed()
			return
		}
	}
}

// comes notes a question, and answers whether to take ids.
func (s *stock) comes(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.told).Abs() > stockFor { // those before were not stored
		s.coming = 0
	}
	s.coming, s.told = min(s.coming+1, mostStocked), now
	if s.taking || s.fresh(now) >= s.coming {
		return false
	}
	s.taking = true
	return true
}

// fresh answers how many ids may be used. A clock may be set back.
func (s *stock) fresh(now time.Time) int {
	if now.Sub(s.at).Abs() > stockFor {
		s.ids = nil
	}
	return len(s.ids)
}

// lacks answers how many ids to take for the questions that are coming.
func (s *stock) lacks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.told
	n := s.coming - s.fresh(now)
	if n <= 0 {
		s.taking = false
		return 0
	}
	if len(s.ids) == 0 {
		s.at = now
	}
	return min(n+s.spare(now), mostStocked)
}

// failed ends the taking of ids.
func (s *stock) failed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taking = false
}

// take answers n ids, or false when there are fewer.
func (s *stock) take(n int, now time.Time) ([]reserved, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming = max(s.coming-n, 0)
	if n > s.fresh(now) {
		return nil, false
	}
	out := s.ids[:n:n]
	s.ids = s.ids[n:]
	s.used += n
	if n > 0 {
		s.last = out[n-1].Run
	}
	return out, true
}

// more answers how many ids to take beside the n that a batch takes for itself.
// Those that are left are no longer used.
func (s *stock) more(n int, now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids, s.at = nil, now
	s.used += n
	return s.spare(now)
}

// spare answers how many ids to take beside those that are asked for: about as
// many as will be used while they are kept.
func (s *stock) spare(now time.Time) int {
	age := now.Sub(s.since)
	if age < 0 || age > 2*stockFor {
		s.since, s.used = now, 0
		return 0
	}
	if s.used < stockFrom || age == 0 {
		return 0
	}
	more := int64(s.used) * int64(stockFor) / int64(age)
	s.since, s.used = now, 0
	return int(min(more, mostStocked))
}

// took notes an id that a batch has taken for itself: those below it that others
// take meanwhile come too late.
func (s *stock) took(r reserved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last, r.Run)
}

// put keeps an id that was taken, unless a higher one is used or kept.
func (s *stock) put(r reserved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	highest := s.last
	if n := len(s.ids); n > 0 {
		highest = max(highest, s.ids[n-1].Run)
	}
	if r.Run > highest && len(s.ids) < mostStocked {
		s.ids = append(s.ids, r)
	}
}
