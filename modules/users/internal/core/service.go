// Package core has the rules and use cases of users, and the ports they need.
package core

import (
	"context"
	"fmt"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
)

// Service is the use cases. It implements users.Directory, users.Permissions
// and users.Addresses.
type Service struct {
	Parts
	identities *identities
	guard      *guard
	later      *later
	owners     map[actor.Resource]users.ResourceOwner
}

// Parts is what a Service is made of.
type Parts struct {
	Unit    uow.Unit
	Store   Store
	Hasher  Hasher
	Tokens  Tokens
	History History
	Clock   clock.Clock
}

// New returns the use cases over their parts.
func New(p Parts) *Service {
	return &Service{Parts: p, identities: newIdentities(p.Store, p.Clock), guard: newGuard(p.Clock), later: newLater()}
}

// Own says who decides about the roles on teams, projects and agents. It is
// called once, before the first request: those modules are made with this one.
func (s *Service) Own(owners []users.ResourceOwner) error {
	s.owners = map[actor.Resource]users.ResourceOwner{}
	for _, o := range owners {
		if s.owners[o.Resource()] != nil {
			return fmt.Errorf("two modules own the resource %s", o.Resource())
		}
		s.owners[o.Resource()] = o
	}
	return nil
}

// changing runs a unit that changes what is kept of users, and lets go of it
// right after. It must not be called within a unit.
func (s *Service) changing(ctx context.Context, userIDs []int64, fn func(ctx context.Context, tx uow.Tx) error) error {
	// Also after an error: a commit whose answer got lost has happened.
	defer s.identities.drop(userIDs...)
	return s.Unit.Do(ctx, fn)
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
	return s.identities.organization(ctx, id)
}

// maxAdmins bounds how many admins are told of anything.
const maxAdmins = 100

// GlobalAdmins implements users.Directory.
func (s *Service) GlobalAdmins(ctx context.Context, organizationID int64) ([]users.User, error) {
	return s.Store.GlobalAdmins(ctx, organizationID, maxAdmins)
}

// manages reports whether the actor may create, change or delete a user of
// that level: global admins everybody, application admins all but them.
func manages(who actor.Actor, level actor.Level) bool {
	return who.Level == actor.GlobalAdmin || (who.Level == actor.ApplicationAdmin && level < actor.GlobalAdmin)
}
