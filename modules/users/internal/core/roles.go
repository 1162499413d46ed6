package core

import (
	"context"
	"fmt"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// RolesPage implements users.Roles.
func (s *Service) RolesPage(ctx context.Context, organizationID int64, resource actor.Resource, id int64, p page.Request) (page.Of[users.Permission], error) {
	return s.Store.RolesPage(ctx, organizationID, resource, id, p)
}

// PeoplePage implements users.Roles.
func (s *Service) PeoplePage(ctx context.Context, organizationID int64, of users.UserFilter, p page.Request) (page.Of[users.User], error) {
	if len(of.Grants) == 0 && len(of.Users) == 0 && !of.GlobalAdmins {
		return page.Cut([]users.User{}, p, false, ByID)
	}
	return s.Store.PeoplePage(ctx, organizationID, of, p)
}

// RoleCounts implements users.Roles.
func (s *Service) RoleCounts(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) (map[int64]int64, error) {
	if len(ids) == 0 {
		return map[int64]int64{}, nil
	}
	return s.Store.RoleCounts(ctx, organizationID, resource, ids)
}

// maxFirst is on how many resources the first roles are answered at once:
// SQLite joins no more lists.
const maxFirst = 500

// FirstRoles implements users.Roles.
func (s *Service) FirstRoles(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64, perResource int) ([]users.Permission, error) {
	if len(ids) == 0 || perResource < 1 {
		return nil, nil
	}
	if len(ids) > maxFirst {
		return nil, fmt.Errorf("listing the first roles on %d of kind %s: more than %d at once", len(ids), resource, maxFirst)
	}
	return s.Store.FirstRoles(ctx, organizationID, resource, ids, perResource)
}
