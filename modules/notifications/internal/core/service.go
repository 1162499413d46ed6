// Package core has the rules and use cases of notifications, and the ports
// they need.
package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Service is the use cases.
type Service struct {
	Deps
	followers followers
	deciders  access.Deciders
}

// Deps is what a Service needs.
type Deps struct {
	Unit   uow.Unit
	Store  Store
	Users  users.Directory
	Actors users.Actors
	Roles  users.Roles
	Clock  clock.Clock
	// InboxLimit is how many notifications of a user are kept; 0 is
	// DefaultInboxLimit.
	InboxLimit int64
	// Sender sends notifications by e-mail, as jobs of Queue; nil and one that
	// is off send none. Digests go at a time of the day.
	Sender   mail.Sender
	Queue    work.Queue
	DigestAt Daily
	// Sealer seals the links in mails that end them.
	Sealer Sealer
}

// DefaultInboxLimit is how many notifications of a user are kept when nothing
// else is set.
const DefaultInboxLimit = 100_000

// New returns the use cases over their dependencies.
func New(d Deps) *Service {
	if d.InboxLimit == 0 {
		d.InboxLimit = DefaultInboxLimit
	}
	return &Service{Deps: d}
}

// Decided hands over who decides about the resources of other modules, once
// all modules are made.
func (s *Service) Decided(by access.Deciders) { s.deciders = by }

// Decider decides about notifications: each is its user's alone.
func (s *Service) Decider() access.Decider {
	return access.Decider{Resource: actor.Notification, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
		_, err := s.Store.Get(ctx, who.UserID, id)
		return err
	}}
}

// Inbox is one part of a user's notifications, with what is known of all.
type Inbox struct {
	page.Of[Notification]
	Counters
}

// Inbox answers the actor's notifications, newest first, in a constant number
// of statements; all of them when isRead is nil. A stream that starts after
// its last sequence number misses nothing that the answer does not have.
func (s *Service) Inbox(ctx context.Context, who actor.Actor, isRead *bool, p page.Request) (Inbox, error) {
	found, counters, err := s.Store.Page(ctx, who.UserID, isRead, p)
	return Inbox{Of: found, Counters: counters}, err
}

// Read marks one of the actor's notifications as read. Again changes nothing.
func (s *Service) Read(ctx context.Context, who actor.Actor, id int64) (Notification, error) {
	n, err := s.Store.Get(ctx, who.UserID, id)
	if err != nil || n.IsRead {
		return n, err
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		n, err = s.Store.Read(ctx, who.UserID, id, s.Clock.Now())
		return err
	})
	return n, err
}

// ReadAll marks all notifications as read that the actor has at this moment,
// and answers how many were not. What comes later stays unread.
func (s *Service) ReadAll(ctx context.Context, who actor.Actor) (int64, error) {
	var n int64
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		n, err = s.Store.ReadAll(ctx, who.UserID, s.Clock.Now())
		return err
	})
	return n, err
}
