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
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
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
		if err := s.Store.AddPermissions(ctx, rows); err != nil {
			return err
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
	return s.Store.DeletePermissions(ctx, by.OrganizationID, resource, []int64{id}, unique(ids))
}

// On implements users.Permissions.
func (s *Service) On(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) ([]users.Permission, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Store.Permissions(ctx, organizationID, resource, ids, nil)
}

// Drop implements users.Permissions.
func (s *Service) Drop(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.Store.DeletePermissions(ctx, organizationID, resource, ids, nil)
	return err
}
