package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// ByEmail answers the user with the address, in whatever organization, or
// ErrNotFound. Only the command line calls it.
func (s *Service) ByEmail(ctx context.Context, email string) (users.User, error) {
	c, err := s.Store.CredentialByEmail(ctx, normalEmail(email))
	return c.User, err
}

// ResetPassword gives the user with the address another password, of 8 to 256
// characters, and ends all their sessions. API keys stay. Only the command
// line calls it: it asks for no old password. It answers ErrNotFound or
// ErrPassword.
func (s *Service) ResetPassword(ctx context.Context, email, fresh string) (users.User, error) {
	if err := checkPassword("password", fresh); err != nil {
		return users.User{}, err
	}
	u, err := s.ByEmail(ctx, email)
	if err != nil {
		return users.User{}, err
	}
	hash, err := s.hash(ctx, fresh)
	if err != nil {
		return users.User{}, err
	}
	return u, s.changing(ctx, []int64{u.ID}, func(ctx context.Context, tx uow.Tx) error {
		if _, found, err := s.locked(ctx, actor.System(u.OrganizationID), u.ID); err != nil {
			return err
		} else if _, there := found[u.ID]; !there {
			return ErrNotFound
		}
		if err := s.Store.SetPassword(ctx, u.ID, hash); err != nil {
			return err
		}
		tx.Publish(users.AccessChanged{UserID: u.ID, OrganizationID: u.OrganizationID, What: "session"})
		return s.Store.EndSessions(ctx, u.ID, "")
	})
}

// Demote lowers the user with the address to a level; one who is not above it
// stays as they are. The last global admin of an organization stays one. Only
// the command line calls it. It answers ErrNotFound or ErrLastAdmin.
func (s *Service) Demote(ctx context.Context, email string, to actor.Level) (before, after users.User, err error) {
	before, err = s.ByEmail(ctx, email)
	if err != nil || before.Level() <= to {
		return before, before, err
	}
	staff, super := to >= actor.ApplicationAdmin, false
	after, err = s.EditUser(ctx, actor.System(before.OrganizationID), before.ID, UserChange{IsStaff: &staff, IsSuperuser: &super})
	return before, after, err
}
