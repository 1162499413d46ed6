package core

import (
	"context"
	"errors"
	"fmt"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Assign gives a user a role on a resource that the caller administers.
func (s *Service) Assign(ctx context.Context, who actor.Actor, userID int64, resource actor.Resource, id int64, role string) (users.Permission, error) {
	switch {
	case !roleOf(resource, role):
		return users.Permission{}, ErrRole.WithField("role", "is not a role on "+string(resource))
	case resource == actor.Organization && id == 0:
		id = who.OrganizationID
	case id == 0:
		return users.Permission{}, ErrNeedsID.WithField("resource_id", "is missing")
	}
	if _, err := s.Store.User(ctx, who.OrganizationID, userID); err != nil {
		return users.Permission{}, err
	}
	// Asked here, so that a refusal locks nothing, and again below.
	if err := s.mayGrant(ctx, who, resource, id); err != nil {
		return users.Permission{}, err
	}
	var out users.Permission
	err := s.changing(ctx, []int64{userID}, func(ctx context.Context, tx uow.Tx) error {
		who, found, err := s.locked(ctx, who, userID)
		if err != nil {
			return err
		}
		u, there := found[userID]
		if !there {
			return ErrNotFound
		}
		if err := s.mayGrant(ctx, who, resource, id); err != nil {
			return err
		}
		if err := s.mayGive(ctx, who, u, resource, role); err != nil {
			return err
		}
		added, err := s.Store.AddPermissions(ctx, []users.Permission{{
			OrganizationID: who.OrganizationID, UserID: userID, ResourceType: resource, ResourceID: id, Role: role, Audit: audit.New(who.Name(), s.Clock.Now()),
		}})
		if err != nil {
			return err
		}
		if len(added) == 0 {
			return s.roleTaken(ctx, who, userID, resource, id)
		}
		out = added[0]
		return s.given(ctx, tx, who, u, out, "")
	})
	return out, err
}

// roleTaken is the refusal of a second role on a resource, with where the first
// one is.
func (s *Service) roleTaken(ctx context.Context, who actor.Actor, userID int64, resource actor.Resource, id int64) error {
	rows, err := s.Store.Permissions(ctx, who.OrganizationID, resource, []int64{id}, []int64{userID})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return ErrHasRole // it was taken away this moment
	}
	return ErrHasRole.At(fmt.Sprintf("/api/user/permission/%d", rows[0].ID))
}

// Permission answers one role: a user's own, or one on what the caller
// administers. It reports whether the caller does.
func (s *Service) Permission(ctx context.Context, who actor.Actor, id int64) (p users.Permission, admin bool, err error) {
	if p, err = s.Store.Permission(ctx, who.OrganizationID, id); err != nil {
		return p, false, err
	}
	admin, err = s.administers(ctx, who, p.ResourceType, p.ResourceID)
	if err != nil && !errors.Is(err, ErrNoResource) {
		return p, false, err
	}
	if !admin && p.UserID != who.UserID {
		return users.Permission{}, false, ErrNoPermission
	}
	return p, admin, nil
}

// EditPermission gives the user another role on the same resource. The role
// that stands changes nothing.
func (s *Service) EditPermission(ctx context.Context, who actor.Actor, id int64, role string) (users.Permission, error) {
	return s.alter(ctx, who, id, role, func(ctx context.Context) (users.Permission, error) {
		return s.Store.UpdatePermission(ctx, who.OrganizationID, id, func(p *users.Permission) error {
			p.Role = role
			p.Touch(who.Name(), s.Clock.Now())
			return nil
		})
	})
}

// DeletePermission takes a role away and answers it as it was. Without one on
// the organization its user is an ordinary user.
func (s *Service) DeletePermission(ctx context.Context, who actor.Actor, id int64) (users.Permission, error) {
	return s.alter(ctx, who, id, "", func(ctx context.Context) (users.Permission, error) {
		return s.Store.DeletePermission(ctx, who.OrganizationID, id)
	})
}

// alter changes an existing role to another one, or with "" to none.
func (s *Service) alter(
	ctx context.Context, who actor.Actor, id int64, role string, store func(context.Context) (users.Permission, error),
) (users.Permission, error) {
	p, err := s.alterable(ctx, who, id, role)
	if err != nil {
		return p, err
	}
	err = s.changing(ctx, []int64{p.UserID}, func(ctx context.Context, tx uow.Tx) error {
		who, found, err := s.locked(ctx, who, p.UserID)
		if err != nil {
			return err
		}
		u, there := found[p.UserID]
		if !there {
			return ErrNoPermission
		}
		if p, err = s.alterable(ctx, who, id, role); err != nil {
			return err
		}
		if err := s.mayGive(ctx, who, u, p.ResourceType, role); err != nil {
			return err
		}
		if p.Role == role {
			return nil
		}
		previous := p.Role
		if p, err = store(ctx); err != nil {
			return err
		}
		after := p
		after.Role = role
		return s.given(ctx, tx, who, u, after, previous)
	})
	return p, err
}

// alterable answers a role that the caller may change to another one.
func (s *Service) alterable(ctx context.Context, who actor.Actor, id int64, role string) (users.Permission, error) {
	p, admin, err := s.Permission(ctx, who, id)
	switch {
	case err != nil:
		return p, err
	case !admin:
		return p, ErrMayNot
	case role != "" && !roleOf(p.ResourceType, role):
		return p, ErrRole.WithField("role", "is not a role on "+string(p.ResourceType))
	}
	return p, nil
}

// mayGive holds roles on the organization to the rules of the flags. On other
// resources an admin gives what admins have.
func (s *Service) mayGive(ctx context.Context, who actor.Actor, u users.User, resource actor.Resource, role string) error {
	if resource != actor.Organization {
		return nil
	}
	after := withRole(u, role)
	if u.ID != who.UserID {
		if err := change(who, u, after.Level()); err != nil {
			return err
		}
		return s.adminStays(ctx, u, after)
	}
	// The last admin gets this error first: there is no other admin to ask.
	if err := s.adminStays(ctx, u, after); err != nil {
		return err
	}
	if after.Level() != u.Level() {
		return ErrOwnFlags
	}
	return nil
}

// given makes the flags follow a role on the organization, and tells. p is the
// role as it is from now on.
func (s *Service) given(ctx context.Context, tx uow.Tx, who actor.Actor, u users.User, p users.Permission, previous string) error {
	after := u
	if p.ResourceType == actor.Organization {
		after = withRole(u, p.Role)
	}
	if after.Level() == u.Level() {
		tx.Publish(users.AccessChanged{UserID: u.ID, OrganizationID: u.OrganizationID, What: "permission"})
		if p.ResourceType != actor.Organization { // there a role without another level is nothing new
			tx.Publish(roleChanged(p, previous, who))
		}
		return nil
	}
	after, err := s.Store.UpdateUser(ctx, u.OrganizationID, u.ID, func(u *users.User) error { *u = after; return nil })
	if err != nil {
		return err
	}
	tx.Publish(userChanged(after))
	return s.ranked(ctx, tx, who, u, after)
}

// withRole is a user as the flags mirror a role on the organization; without
// one, "", they are an ordinary user.
func withRole(u users.User, role string) users.User {
	l, _ := actor.ParseLevel(role)
	u.IsStaff, u.IsSuperuser = l >= actor.ApplicationAdmin, l == actor.GlobalAdmin
	return u
}

func userChanged(u users.User) users.UserChanged {
	return users.UserChanged{
		UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, FirstName: text(u.FirstName), LastName: text(u.LastName),
		IsStaff: u.IsStaff, IsSuperuser: u.IsSuperuser, IsActive: u.IsActive,
	}
}

// roleOf reports whether there is such a role on that kind of resource.
func roleOf(resource actor.Resource, role string) bool {
	if resource == actor.Organization {
		_, ok := actor.ParseLevel(role)
		return ok
	}
	_, ok := actor.ParseRole(role)
	return ok
}
