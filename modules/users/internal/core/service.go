// Package core has the rules and use cases of users, and the ports they need.
package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
)

// Service is the use cases. It implements users.Directory and
// users.Permissions.
type Service struct {
	Parts
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
func New(p Parts) *Service { return &Service{Parts: p} }

// Users implements users.Directory.
func (s *Service) Users(ctx context.Context, organizationID int64, ids []int64) ([]users.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Store.Users(ctx, organizationID, ids)
}

// Organization implements users.Directory.
func (s *Service) Organization(ctx context.Context, id int64) (users.Organization, error) {
	return s.Store.Organization(ctx, id)
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
