package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Grant implements users.Permissions.
func (s *Service) Grant(ctx context.Context, by actor.Actor, resource actor.Resource, id int64, ids []int64, role actor.Role) ([]users.Permission, error) {
	ids = unique(ids)
	var out []users.Permission
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		found, err := s.Store.Users(ctx, by.OrganizationID, ids)
		if err != nil {
			return err
		}
		if len(found) != len(ids) {
			return ErrUnknownUsers
		}
		rows := make([]users.Permission, len(ids))
		for i, user := range ids {
			rows[i] = users.Permission{
				OrganizationID: by.OrganizationID, UserID: user, ResourceType: resource, ResourceID: id,
				Role: role.String(), Audit: audit.New(by.Name(), s.Clock.Now()),
			}
		}
		s.identities.changing(ctx, ids...)
		added, err := s.Store.AddPermissions(ctx, rows)
		if err != nil {
			return err
		}
		tell(tx, added)
		for _, p := range added {
			tx.Publish(roleChanged(p, "", by))
		}
		out, err = s.Store.Permissions(ctx, by.OrganizationID, resource, []int64{id}, ids)
		return err
	})
	return out, err
}

// Revoke implements users.Permissions.
func (s *Service) Revoke(ctx context.Context, by actor.Actor, resource actor.Resource, id int64, ids []int64) ([]users.Permission, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var gone []users.Permission
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		gone, err = s.remove(ctx, by.OrganizationID, resource, []int64{id}, unique(ids))
		for _, p := range gone {
			previous := p.Role
			p.Role = ""
			tx.Publish(roleChanged(p, previous, by))
		}
		return err
	})
	return gone, err
}

// roleChanged tells of a role as it is now, "" when it was taken away.
func roleChanged(p users.Permission, previous string, by actor.Actor) users.RoleChanged {
	return users.RoleChanged{
		UserID: p.UserID, OrganizationID: p.OrganizationID, ResourceType: string(p.ResourceType), ResourceID: p.ResourceID,
		Role: p.Role, PreviousRole: previous, ChangedBy: by.UserID,
	}
}

// remove takes roles away, within the unit of ctx or its own.
func (s *Service) remove(ctx context.Context, organizationID int64, resource actor.Resource, ids, only []int64) ([]users.Permission, error) {
	var gone []users.Permission
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		if gone, err = s.Store.DeletePermissions(ctx, organizationID, resource, ids, only); err != nil {
			return err
		}
		s.identities.changing(ctx, userIDs(gone)...)
		tell(tx, gone)
		return nil
	})
	return gone, err
}

// tell publishes that the users of the rows have another access.
func tell(tx uow.Tx, rows []users.Permission) {
	told := map[int64]bool{}
	for _, p := range rows {
		if !told[p.UserID] {
			told[p.UserID] = true
			tx.Publish(users.AccessChanged{UserID: p.UserID, OrganizationID: p.OrganizationID, What: "permission"})
		}
	}
}

// OrganizationChanged lets go of what is kept of an organization.
func (s *Service) OrganizationChanged(id int64) { s.identities.organizations.Drop(id) }

// Drop implements users.Permissions.
func (s *Service) Drop(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.remove(ctx, organizationID, resource, ids, nil)
	return err
}
