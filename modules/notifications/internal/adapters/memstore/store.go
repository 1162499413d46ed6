// Package memstore keeps notifications in memory, for tests.
package memstore

import (
	"context"
	"slices"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// counters are what is known of one inbox.
type counters struct {
	ID     int64
	UserID int64
	core.Counters
	IsClosed bool
}

type preference struct {
	ID int64
	core.Preference
}

// Store implements core.Store.
type Store struct {
	db          *memory.DB
	inbox       *memory.Table[core.Notification]
	counters    *memory.Table[counters]
	preferences *memory.Table[preference]
	mails       *memory.Table[mailWait]
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		db: db,
		inbox: memory.NewTable(db, memory.Spec[core.Notification]{
			ID:      func(n *core.Notification) *int64 { return &n.ID },
			Missing: core.ErrNotFound,
		}),
		counters:    memory.NewTable(db, memory.Spec[counters]{ID: func(c *counters) *int64 { return &c.ID }, Missing: core.ErrNotFound}),
		mails:       memory.NewTable(db, memory.Spec[mailWait]{ID: func(m *mailWait) *int64 { return &m.ID }, Missing: core.ErrNotFound}),
		preferences: memory.NewTable(db, memory.Spec[preference]{ID: func(p *preference) *int64 { return &p.ID }, Missing: core.ErrNotFound}),
	}
}

// count changes the counters of an inbox, which there are from then on.
func (s *Store) count(ctx context.Context, userID int64, change func(*counters)) (counters, error) {
	of := func(c counters) bool { return c.UserID == userID }
	n, err := s.counters.Count(ctx, of)
	if err == nil && n == 0 {
		_, err = s.counters.Add(ctx, counters{UserID: userID})
	}
	if err != nil {
		return counters{}, err
	}
	return s.counters.Update(ctx, func(c *counters) error { change(c); return nil }, of)
}

// within runs fn in the unit of ctx or in one of its own.
func (s *Store) within(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return fn(ctx) })
}

// Add implements core.Store.
func (s *Store) Add(ctx context.Context, ns []core.Notification) ([]core.Notification, error) {
	var stored []core.Notification
	err := s.within(ctx, func(ctx context.Context) error {
		for _, n := range ns {
			told, err := s.inbox.Count(ctx, func(o core.Notification) bool { return o.UserID == n.UserID && o.Cause == n.Cause })
			if err != nil {
				return err
			}
			if told > 0 {
				continue
			}
			c, err := s.count(ctx, n.UserID, func(c *counters) {
				if c.IsClosed {
					return
				}
				c.LastSequence++
				c.Total++
				if !n.IsRead {
					c.Unread++
				}
			})
			if err != nil {
				return err
			}
			if c.IsClosed {
				continue
			}
			n.Sequence = c.LastSequence
			if n, err = s.inbox.Add(ctx, n); err != nil {
				return err
			}
			stored = append(stored, n)
		}
		return nil
	})
	return stored, err
}

// Lock implements core.Store: units run one at a time.
func (*Store) Lock(context.Context, int64, int64) error { return nil }

// Page implements core.Store.
func (s *Store) Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[core.Notification], core.Counters, error) {
	found, err := s.inbox.Page(ctx, p, true, core.ByNewest, func(n core.Notification) bool {
		return n.UserID == userID && (isRead == nil || n.IsRead == *isRead)
	})
	if err != nil {
		return found, core.Counters{}, err
	}
	c, err := s.Counters(ctx, userID)
	return found, c, err
}

// After implements core.Store.
func (s *Store) After(ctx context.Context, userID, sequence int64, limit int) ([]core.Notification, int64, error) {
	found, err := s.inbox.List(ctx, func(n core.Notification) bool { return n.UserID == userID && n.Sequence > sequence })
	if err != nil || len(found) == 0 {
		return nil, 0, err
	}
	c, err := s.Counters(ctx, userID)
	return found[:min(len(found), limit)], c.Unread, err
}

// Counters implements core.Store.
func (s *Store) Counters(ctx context.Context, userID int64) (core.Counters, error) {
	found, err := s.counters.List(ctx, func(c counters) bool { return c.UserID == userID })
	if err != nil || len(found) == 0 {
		return core.Counters{}, err
	}
	return found[0].Counters, nil
}

// Sent implements core.Store.
func (s *Store) Sent(ctx context.Context, userID, senderID int64, nth int) (time.Time, bool, error) {
	found, err := s.inbox.List(ctx, func(n core.Notification) bool { return n.UserID == userID && n.SenderID == senderID && senderID > 0 })
	if err != nil || len(found) < nth {
		return time.Time{}, false, err
	}
	slices.SortFunc(found, func(a, b core.Notification) int { return b.CreatedOn.Compare(a.CreatedOn) })
	return found[nth-1].CreatedOn, true, nil
}

func mine(userID, id int64) func(core.Notification) bool {
	return func(n core.Notification) bool { return n.UserID == userID && n.ID == id }
}

// Get implements core.Store.
func (s *Store) Get(ctx context.Context, userID, id int64) (core.Notification, error) {
	return s.inbox.Get(ctx, mine(userID, id))
}

// Read implements core.Store.
func (s *Store) Read(ctx context.Context, userID, id int64, on time.Time) (core.Notification, error) {
	var out core.Notification
	err := s.within(ctx, func(ctx context.Context) error {
		was := false
		var err error
		out, err = s.inbox.Update(ctx, func(n *core.Notification) error {
			if was = n.IsRead; !was {
				n.IsRead, n.ReadOn = true, &on
			}
			return nil
		}, mine(userID, id))
		if err != nil || was {
			return err
		}
		_, err = s.count(ctx, userID, func(c *counters) { c.Unread-- })
		return err
	})
	return out, err
}

// ReadAll implements core.Store.
func (s *Store) ReadAll(ctx context.Context, userID int64, on time.Time) (int64, error) {
	n := int64(0)
	err := s.within(ctx, func(ctx context.Context) error {
		unread, err := s.inbox.List(ctx, func(n core.Notification) bool { return n.UserID == userID && !n.IsRead })
		for _, one := range unread {
			if err == nil {
				n++
				_, err = s.Read(ctx, userID, one.ID, on)
			}
		}
		return err
	})
	return n, err
}

// Trim implements core.Store.
func (s *Store) Trim(ctx context.Context, userID, sequence int64, limit int) error {
	return s.within(ctx, func(ctx context.Context) error {
		gone, err := s.inbox.Delete(ctx, func(n core.Notification) bool {
			if n.UserID != userID || n.Sequence > sequence {
				return false
			}
			limit--
			return limit >= 0
		})
		if err != nil {
			return err
		}
		_, err = s.count(ctx, userID, func(c *counters) {
			for _, n := range gone {
				c.Total--
				if !n.IsRead {
					c.Unread--
				}
			}
		})
		return err
	})
}

// DeleteOf implements core.Store.
func (s *Store) DeleteOf(ctx context.Context, _, userID int64) error {
	return s.within(ctx, func(ctx context.Context) error {
		if _, err := s.inbox.Delete(ctx, func(n core.Notification) bool { return n.UserID == userID }); err != nil {
			return err
		}
		if _, err := s.mails.Delete(ctx, func(m mailWait) bool { return m.UserID == userID }); err != nil {
			return err
		}
		if _, err := s.preferences.Delete(ctx, func(p preference) bool { return p.UserID == userID }); err != nil {
			return err
		}
		_, err := s.count(ctx, userID, func(c *counters) { c.IsClosed, c.Total, c.Unread = true, 0, 0 })
		return err
	})
}

// Preferences implements core.Store.
func (s *Store) Preferences(ctx context.Context, userIDs []int64) (map[int64]core.Preference, error) {
	found, err := s.preferences.List(ctx, func(p preference) bool { return slices.Contains(userIDs, p.UserID) })
	out := make(map[int64]core.Preference, len(found))
	for _, p := range found {
		out[p.UserID] = p.Preference
	}
	return out, err
}

// UpdatePreference implements core.Store.
func (s *Store) UpdatePreference(ctx context.Context, organizationID, userID int64, change func(*core.Preference) error) (core.Preference, error) {
	var out preference
	err := s.within(ctx, func(ctx context.Context) error {
		of := func(p preference) bool { return p.UserID == userID }
		n, err := s.preferences.Count(ctx, of)
		if err == nil && n == 0 {
			_, err = s.preferences.Add(ctx, preference{Preference: core.Preference{UserID: userID, OrganizationID: organizationID}})
		}
		if err != nil {
			return err
		}
		out, err = s.preferences.Update(ctx, func(p *preference) error { return change(&p.Preference) }, of)
		return err
	})
	return out.Preference, err
}
