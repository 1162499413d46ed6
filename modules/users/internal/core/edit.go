package core

import (
	"context"
	"errors"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
)

// Name is a name that is left alone unless it was sent; nil takes it away.
type Name struct {
	Sent  bool
	Value *string
}

// UserChange is what of a user is to change; nil and unsent stay as they are.
type UserChange struct {
	FirstName, LastName            Name
	Email                          *string
	IsActive, IsStaff, IsSuperuser *bool
}

// EditUser changes a user. Of oneself only the names change; the rest takes an
// admin who manages both what the user is and what they become, and nobody
// changes another global admin. Suspending a user and changing their address
// end their sessions. Raising a service user revokes its keys.
func (s *Service) EditUser(ctx context.Context, who actor.Actor, id int64, c UserChange) (users.User, error) {
	if err := c.check(); err != nil {
		return users.User{}, err
	}
	var after users.User
	err := s.changing(ctx, []int64{id}, func(ctx context.Context, tx uow.Tx) error {
		// Two admins demoting each other at once must not both succeed.
		who, found, err := s.locked(ctx, who, id)
		if err != nil {
			return err
		}
		before, there := found[id]
		if !there {
			return ErrNotFound
		}
		after, err = s.edited(ctx, who, before, c)
		if err != nil || userChanged(after) == userChanged(before) {
			return err
		}
		return s.apply(ctx, tx, who, before, after)
	})
	return after, err
}

// check refuses values that no user can have.
func (c UserChange) check() error {
	if c.Email != nil && normalEmail(*c.Email) != "" && !mail.IsAddress(normalEmail(*c.Email)) {
		return ErrEmail
	}
	if c.IsSuperuser != nil && *c.IsSuperuser && c.IsStaff != nil && !*c.IsStaff {
		return ErrNotStaff
	}
	return nil
}

// edited answers what the user becomes, or why the caller may not have it so.
func (s *Service) edited(ctx context.Context, who actor.Actor, before users.User, c UserChange) (users.User, error) {
	after := before
	for _, n := range []struct {
		name Name
		at   **string
	}{{c.FirstName, &after.FirstName}, {c.LastName, &after.LastName}} {
		if n.name.Sent {
			*n.at = normalName(n.name.Value)
		}
	}
	if c.Email != nil {
		after.Email = normalEmail(*c.Email)
	}
	for _, f := range []struct{ sent, at *bool }{{c.IsActive, &after.IsActive}, {c.IsStaff, &after.IsStaff}, {c.IsSuperuser, &after.IsSuperuser}} {
		if f.sent != nil {
			*f.at = *f.sent
		}
	}
	if c.IsSuperuser != nil && *c.IsSuperuser && c.IsStaff == nil {
		after.IsStaff = true
	}
	more := after.Email != before.Email || after.IsActive != before.IsActive || after.Level() != before.Level() || after.IsStaff != before.IsStaff
	if before.ID == who.UserID {
		if more {
			return after, ErrOwnFlags
		}
	} else if err := change(who, before, after.Level()); err != nil {
		return after, err
	}
	if (after.Email == "") != (before.Email == "") {
		return after, ErrStays
	}
	if after.IsSuperuser && !after.IsStaff {
		return after, ErrNotStaff
	}
	if before.IsSuperuser && (!after.IsSuperuser || !after.IsActive) {
		return after, s.adminStays(ctx, before)
	}
	return after, nil
}

// apply stores the change with all that follows from it, and tells of it.
func (s *Service) apply(ctx context.Context, tx uow.Tx, who actor.Actor, before, after users.User) error {
	_, err := s.Store.UpdateUser(ctx, before.OrganizationID, before.ID, func(u *users.User) error { *u = after; return nil })
	if err != nil {
		return err
	}
	access := func(what string) {
		tx.Publish(users.AccessChanged{UserID: after.ID, OrganizationID: after.OrganizationID, What: what})
	}
	tx.Publish(userChanged(after))
	if after.Level() != before.Level() {
		if err := s.mirror(ctx, who, after); err != nil {
			return err
		}
		if err := s.ranked(ctx, tx, who, before, after); err != nil {
			return err
		}
	}
	if after.IsActive != before.IsActive {
		access("suspension")
	}
	if after.Email != before.Email {
		tx.Publish(users.EmailChanged{UserID: after.ID, OrganizationID: after.OrganizationID, Email: after.Email, OldEmail: before.Email, ChangedBy: who.UserID})
	}
	if after.Email == before.Email && (!before.IsActive || after.IsActive) {
		return nil
	}
	access("session")
	if err := s.Store.EndSessions(ctx, after.ID, ""); err != nil {
		return err
	}
	if err := s.Store.DeleteMailsOf(ctx, after.ID); err != nil {
		return err
	}
	if after.Email != before.Email {
		return s.tell(ctx, MailAddressChanged, after, before.Email)
	}
	return nil
}

// ranked tells of another level. A service user who rises loses the keys: an
// admin who may make none of that level may have made them, and keep them.
func (s *Service) ranked(ctx context.Context, tx uow.Tx, who actor.Actor, before, after users.User) error {
	tx.Publish(users.AccessChanged{UserID: after.ID, OrganizationID: after.OrganizationID, What: "flags"})
	tx.Publish(users.RoleChanged{
		UserID: after.ID, OrganizationID: after.OrganizationID, ResourceType: string(actor.Organization), ResourceID: after.OrganizationID,
		Role: after.Level().String(), PreviousRole: before.Level().String(), ChangedBy: who.UserID,
	})
	if after.Email != "" || after.Level() < before.Level() {
		return nil
	}
	gone, err := s.Store.DeleteKeys(ctx, after.OrganizationID, after.ID)
	if gone > 0 {
		tx.Publish(users.AccessChanged{UserID: after.ID, OrganizationID: after.OrganizationID, What: "api_key"})
	}
	return err
}

// mirror makes the user's role on the organization follow the flags. A user
// who never was an admin needs no row.
func (s *Service) mirror(ctx context.Context, who actor.Actor, u users.User) error {
	_, err := s.Store.PutPermission(ctx, users.Permission{
		OrganizationID: u.OrganizationID, UserID: u.ID, ResourceType: actor.Organization, ResourceID: u.OrganizationID,
		Role: u.Level().String(), Audit: audit.New(who.Name(), s.Clock.Now()),
	})
	return err
}

// ChangePassword gives the caller another password and ends their other
// sessions; the one in which it is called goes on. It answers the caller.
func (s *Service) ChangePassword(ctx context.Context, who actor.Actor, old, fresh string, from Attempt) (users.User, error) {
	if err := checkPassword("new_password", fresh); err != nil {
		return users.User{}, err
	}
	c, err := s.Store.CredentialByID(ctx, who.UserID)
	if err != nil {
		return users.User{}, err
	}
	if c.User.Email == "" {
		return users.User{}, ErrService.WithField("new_password", "is not for a user without an e-mail address")
	}
	guess, err := s.limiter.begin(c.User.Email, from)
	if err != nil {
		return users.User{}, err
	}
	switch err := s.prove(ctx, guess, c.PasswordHash, old); {
	case errors.Is(err, ErrSignIn):
		e := s.entry(changingPassword, c.User, from, ErrWrongOld.Code)
		e.KeyID = who.KeyID
		s.writeBehind.refused(e)
		return users.User{}, ErrWrongOld
	case err != nil:
		return users.User{}, err
	}
	guess.right()
	hash, err := s.hash(ctx, fresh)
	if err != nil {
		return users.User{}, err
	}
	return c.User, s.changing(ctx, []int64{who.UserID}, func(ctx context.Context, tx uow.Tx) error {
		if err := s.stillSigned(ctx, who, c); err != nil {
			return err
		}
		if err := s.Store.SetPassword(ctx, who.UserID, hash); err != nil {
			return err
		}
		tx.Publish(users.AccessChanged{UserID: who.UserID, OrganizationID: who.OrganizationID, What: "session"})
		if err := s.Store.EndSessions(ctx, who.UserID, who.Session); err != nil {
			return err
		}
		return s.passwordChanged(ctx, c.User)
	})
}

// stillSigned answers nil when the password that was just checked is still the
// caller's. While the check ran, another request may have changed it, suspended
// or deleted the user, or ended the sessions.
func (s *Service) stillSigned(ctx context.Context, who actor.Actor, proven Credential) error {
	if err := s.Store.LockOrganization(ctx, who.OrganizationID); err != nil {
		return err
	}
	c, err := s.Store.CredentialByID(ctx, who.UserID)
	switch {
	case errors.Is(err, ErrNotFound):
		return ErrCredentials
	case err != nil:
		return err
	case !c.User.IsActive, c.Epoch != proven.Epoch && (c.Kept == "" || c.Kept != who.Session):
		return ErrCredentials
	case c.PasswordHash != proven.PasswordHash:
		return ErrWrongOld
	}
	return nil
}
