// Package core has the rules and use cases of notifications, and the ports
// they need.
package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
)

// Service is the use cases.
type Service struct {
	Deps
}

// Deps is what a Service needs.
type Deps struct {
	Store Store
	Users users.Directory
	Clock clock.Clock
}

// New returns the use cases over their dependencies.
func New(d Deps) *Service { return &Service{Deps: d} }

// Decider decides about notifications: each is its user's alone.
func (s *Service) Decider() access.Decider {
	return access.Decider{Resource: actor.Notification, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
		_, err := s.Store.Get(ctx, who.UserID, id)
		return err
	}}
}

// Inbox is one part of a user's notifications, with how many of all of them
// are unread.
type Inbox struct {
	page.Of[Notification]
	Unread int64
}

// Inbox answers the actor's notifications, newest first, in a constant number
// of statements; all of them when isRead is nil.
func (s *Service) Inbox(ctx context.Context, who actor.Actor, isRead *bool, p page.Request) (Inbox, error) {
	found, err := s.Store.Page(ctx, who.UserID, isRead, p)
	if err != nil {
		return Inbox{}, err
	}
	unread, err := s.Store.Unread(ctx, who.UserID)
	return Inbox{Of: found, Unread: unread}, err
}

// Read marks one of the actor's notifications as read. Again changes nothing.
func (s *Service) Read(ctx context.Context, who actor.Actor, id int64) (Notification, error) {
	return s.Store.Update(ctx, who.UserID, id, func(n *Notification) error {
		if !n.IsRead {
			now := s.Clock.Now()
			n.IsRead, n.ReadOn = true, &now
		}
		return nil
	})
}
