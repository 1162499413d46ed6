package core

import (
	"context"
	"regexp"
	"sync"
	"time"
)

const (
	// refusalWindow is how long one row counts like refusals.
	refusalWindow = time.Hour
	// mostRefusals are the rows of one user's refusals in a window that tell
	// target and address apart. Beyond them a row stands for an operation.
	mostRefusals = 200
	// mostCounted bounds the rows that are counted in memory.
	mostCounted = 20_000
)

// refusal is what refusals have in common that are counted in one row.
type refusal struct {
	organization, user, key  int64
	action, target, from, as string
	status                   int64
}

// counted is a row that counts.
type counted struct {
	id    int64 // 0 until it is stored
	began time.Time
	more  int64 // refusals that the stored row does not have yet
	last  time.Time
}

// RefusalCount is what a row of refusals is to have more.
type RefusalCount struct {
	ID     int64
	More   int64
	LastAt time.Time
}

// refusals counts refusals that come again, so that nobody fills the audit log
// with them. A killed process loses the counts of its last seconds, never the
// first refusal of a kind.
type refusals struct {
	mu      sync.Mutex
	rows    map[refusal]*counted
	perUser map[int64]int
	over    []RefusalCount // of rows whose window was over when a like refusal came
}

func newRefusals() *refusals {
	return &refusals{rows: map[refusal]*counted{}, perUser: map[int64]int{}}
}

var idInPath = regexp.MustCompile(`/[0-9]+`)

// note counts entries, and answers those that need a row of their own, with
// what will count in it; nil for an entry that is too many to be counted.
func (r *refusals) note(entries []AuditEntry) (fresh []AuditEntry, in []*counted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range entries {
		k := refusal{e.OrganizationID, e.UserID, e.KeyID, e.Action, e.Target, e.FromAddress, e.Code, e.Status}
		c := r.current(k, e.At)
		if c == nil && (r.perUser[e.UserID] >= mostRefusals || len(r.rows) >= mostCounted) {
			k.target, k.from = "", ""
			e.Target = idInPath.ReplaceAllString(e.Target, "/*")
			c = r.current(k, e.At)
		}
		if c != nil {
			c.more++
			c.last = e.At
			continue
		}
		r.forget(k)
		if len(r.rows) < 2*mostCounted {
			c = &counted{began: e.At}
			r.rows[k] = c
			r.perUser[e.UserID]++
		}
		fresh, in = append(fresh, e), append(in, c)
	}
	return fresh, in
}

// current is the row that counts; nil when there is none, or its window is over.
func (r *refusals) current(k refusal, at time.Time) *counted {
	if c := r.rows[k]; c != nil && at.Sub(c.began) < refusalWindow {
		return c
	}
	return nil
}

// forget ends the counting of a row, if there is one.
func (r *refusals) forget(k refusal) {
	c := r.rows[k]
	if c == nil {
		return
	}
	r.over = append(r.over, r.collect(c)...)
	delete(r.rows, k)
	if r.perUser[k.user]--; r.perUser[k.user] <= 0 {
		delete(r.perUser, k.user)
	}
}

// collect answers what a row is to have more.
func (*refusals) collect(c *counted) []RefusalCount {
	if c.id == 0 || c.more == 0 {
		return nil
	}
	out := []RefusalCount{{c.id, c.more, c.last}}
	c.more = 0
	return out
}

// stored gives rows their ids; a 0 forgets one that could not be stored.
func (r *refusals) stored(in []*counted, ids []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range in {
		switch {
		case c == nil:
		case i < len(ids):
			c.id = ids[i]
		default:
			c.began = time.Time{} // its window is over
		}
	}
}

// take answers what is to be stored, and forgets rows whose window is over.
func (r *refusals) take(now time.Time) (out []RefusalCount) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, c := range r.rows {
		if now.Sub(c.began) >= refusalWindow {
			r.forget(k)
			continue
		}
		out = append(out, r.collect(c)...)
	}
	out, r.over = append(out, r.over...), nil
	return out
}

// refuse stores or counts refusals.
func (s *Service) refuse(ctx context.Context, entries ...AuditEntry) error {
	fresh, in := s.refusals.note(entries)
	if len(fresh) == 0 {
		return nil
	}
	ids, err := s.Store.AddRefusals(ctx, fresh)
	s.refusals.stored(in, ids)
	return err
}
