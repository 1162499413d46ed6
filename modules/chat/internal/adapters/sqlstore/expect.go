package sqlstore

import (
	"slices"
	"sync"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// The changes of a batch that expects to find all that it changes, as it was
// read. Each fails with its transaction where one of the others would leave a row
// out or tell of something else.
var (
	// touchingAll finds threads whose title is what it will be, or a fresh one, and
	// that have no run with a higher id than their question's.
	touchingAll = sqldb.NewChange("chat_threads", touch, whichThread+" AND title IN (v.column3, v.column7)"+
		" AND NOT EXISTS (SELECT 1 FROM chat_runs AS r WHERE r.thread_id = v.column1 AND r.id >= v.column8)", "1")
	advancingAll = sqldb.NewChange("chat_runs", advance, ofOwner+" AND NOT is_deleted", "1")
	closingAll   = sqldb.NewChange("chat_runs", closeRun, ofOwner+" AND NOT is_deleted", "1")
)

// expect is decide without a question to the database: the changes go with all
// else that is written, and with COMMIT, in one message to PostgreSQL. It answers
// false where something has to be asked for.
func (w *writing) expect(b core.Batch) bool {
	again := len(again(b)) > 0 || slices.ContainsFunc(b.Accepts, func(p core.Accept) bool { return p.Run.ID != 0 })
	if !b.Expecting || again || !w.db.Postgres() {
		return false
	}
	ids, enough := w.Store.stock.take(len(b.Accepts), w.now)
	if !enough {
		return false
	}
	w.ids, w.expecting = ids, true
	w.touchAll(b.Accepts)
	w.advanced = make(map[int64]changedRun, len(b.Advances))
	for _, p := range b.Advances {
		w.advanced[p.Run] = changedRun{}
	}
	w.closed = make(map[int64]changedRun, len(b.Ends))
	for _, p := range b.Ends {
		w.closed[p.Run] = changedRun{}
	}
	w.script.ChangeAll(advancingAll, advancedRows(b.Advances))
	w.script.ChangeAll(closingAll, closedRows(b.Ends, w.now))
	return true
}

// touchAll marks the threads that questions go to.
func (w *writing) touchAll(parts []core.Accept) {
	threads := touchedBy(parts)
	first := make(map[int64]int64, len(threads)) // the lowest id of a run for each
	for i, p := range slices.Backward(parts) {
		first[p.Thread.ID] = w.ids[i].Run
	}
	w.marked = make(map[int64]touched, len(threads))
	rows := make(sqldb.Rows, len(threads))
	for i, t := range threads {
		rows[i] = append(w.touchRow(t), first[t.ID])
		w.marked[t.ID] = touched{t.ID, t.Title, t.Deletions}
	}
	w.script.ChangeAll(touchingAll, rows)
}

const (
	// stockFor is how long ids are kept. Runs are listed by id: a question that is
	// asked so much later than another has a higher one, whichever process has it.
	// In one process, and in one thread, it always has.
	stockFor = 100 * time.Millisecond
	// stockFrom is how many questions have to come in twice that time for ids to be
	// kept, and mostStocked how many ids are.
	stockFrom   = 8
	mostStocked = 256
)

// stock are ids that were taken for the questions of the next moment, when many
// come.
type stock struct {
	mu    sync.Mutex
	ids   []reserved
	at    time.Time // when ids were last taken
	since time.Time // when counting began
	used  int       // ids since then
}

// take answers n ids, or false when there are fewer.
func (s *stock) take(n int, now time.Time) ([]reserved, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.at); n > len(s.ids) || n > 0 && (age < 0 || age > stockFor) {
		return nil, n == 0
	}
	s.used += n
	out := s.ids[:n:n]
	s.ids = s.ids[n:]
	return out, true
}

// more answers how many ids to take beside n that are used now: about as many as
// will be used while they are kept. Those that are left are no longer.
func (s *stock) more(n int, now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids, s.at = nil, now
	age := now.Sub(s.since)
	if age < 0 || age > 2*stockFor {
		s.since, s.used = now, n
		return 0
	}
	s.used += n
	if s.used < stockFrom || age == 0 {
		return 0
	}
	more := int64(s.used) * int64(stockFor) / int64(age)
	s.since, s.used = now, 0
	return int(min(more, mostStocked))
}

// put keeps an id that was taken.
func (s *stock) put(r reserved, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Equal(s.at) && len(s.ids) < mostStocked {
		s.ids = append(s.ids, r)
	}
}
