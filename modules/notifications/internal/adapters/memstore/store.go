// Package memstore keeps notifications in memory, for tests.
package memstore

import (
	"context"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	inbox *memory.Table[core.Notification]
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{inbox: memory.NewTable(db, memory.Spec[core.Notification]{
		ID:      func(n *core.Notification) *int64 { return &n.ID },
		Missing: core.ErrNotFound,
	})}
}

// Add implements core.Store.
func (s *Store) Add(ctx context.Context, ns []core.Notification) error {
	for _, n := range ns {
		told, err := s.inbox.Count(ctx, func(o core.Notification) bool { return o.UserID == n.UserID && o.Cause == n.Cause })
		if err != nil {
			return err
		}
		if told > 0 {
			continue
		}
		if _, err := s.inbox.Add(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// Page implements core.Store.
func (s *Store) Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[core.Notification], error) {
	return s.inbox.Page(ctx, p, true, core.ByNewest, func(n core.Notification) bool {
		return n.UserID == userID && (isRead == nil || n.IsRead == *isRead)
	})
}

// Unread implements core.Store.
func (s *Store) Unread(ctx context.Context, userID int64) (int64, error) {
	return s.inbox.Count(ctx, func(n core.Notification) bool { return n.UserID == userID && !n.IsRead })
}

func mine(userID, id int64) func(core.Notification) bool {
	return func(n core.Notification) bool { return n.UserID == userID && n.ID == id }
}

// Get implements core.Store.
func (s *Store) Get(ctx context.Context, userID, id int64) (core.Notification, error) {
	return s.inbox.Get(ctx, mine(userID, id))
}

// Update implements core.Store.
func (s *Store) Update(ctx context.Context, userID, id int64, change func(*core.Notification) error) (core.Notification, error) {
	return s.inbox.Update(ctx, change, mine(userID, id))
}

// DeleteOf implements core.Store.
func (s *Store) DeleteOf(ctx context.Context, userID int64) error {
	_, err := s.inbox.Delete(ctx, func(n core.Notification) bool { return n.UserID == userID })
	return err
}
