// Package core has the rules and use cases of users, and the ports they need.
package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Service is the use cases. It implements users.Actors, users.Directory,
// users.Permissions, users.Roles and users.Addresses.
type Service struct {
	Deps
	identities  *identities
	limiter     *loginLimiter
	writeBehind *writeBehind
	refusals    *refusals
	deciders    access.Deciders // about what roles are held on
}

// Deps is what a Service needs.
type Deps struct {
	Unit    uow.Unit
	Store   Store
	Hasher  Hasher
	Tokens  Tokens
	History History
	Clock   clock.Clock
	// SignedIn is told how each attempt to sign in ended; nil: nobody is. It
	// answers at once.
	SignedIn func(SignInOutcome)
	// Mail sends mails about accounts, as jobs of Queue; nil and one that is
	// off send none.
	Mail  mail.Sender
	Queue work.Queue
	// SignUpDomains are the domains of organizations whose people may sign up.
	SignUpDomains []string
}

// New returns the use cases over their dependencies.
func New(d Deps) *Service {
	return &Service{
		Deps: d, identities: newIdentities(d.Store, d.Tokens, d.Clock), limiter: newLoginLimiter(d.Clock),
		writeBehind: newWriteBehind(), refusals: newRefusals(),
	}
}

// Decided says who decides about teams, projects and agents; roles on what
// nobody decides about can't be given. It is called once, before the first
// request: those modules are made of this one.
func (s *Service) Decided(by access.Deciders) { s.deciders = by }

// changing runs a unit that changes what is kept of users.
func (s *Service) changing(ctx context.Context, userIDs []int64, fn func(ctx context.Context, tx uow.Tx) error) error {
	return s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		s.identities.changing(ctx, userIDs...)
		return fn(ctx, tx)
	})
}

// Users implements users.Directory.
func (s *Service) Users(ctx context.Context, organizationID int64, ids []int64) ([]users.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Store.Users(ctx, organizationID, ids)
}

// Organization implements users.Directory. It may be a minute old when
// another process changed it and the event did not come through.
func (s *Service) Organization(ctx context.Context, id int64) (users.Organization, error) {
	return s.identities.organizations.Get(ctx, id)
}

// maxAdmins bounds how many admins get a notification.
const maxAdmins = 100

// GlobalAdmins implements users.Directory.
func (s *Service) GlobalAdmins(ctx context.Context, organizationID int64) ([]users.User, error) {
	return s.Store.GlobalAdmins(ctx, organizationID, maxAdmins)
}
