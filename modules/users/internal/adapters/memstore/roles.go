package memstore

import (
	"context"
	"slices"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// RolesPage implements core.RoleStore.
func (s *Store) RolesPage(ctx context.Context, org int64, r actor.Resource, id int64, p page.Request) (page.Of[users.Permission], error) {
	return s.permissions.Page(ctx, p, false, core.ByUser, onResource(org, r, []int64{id}, nil))
}

// PeoplePage implements core.RoleStore.
func (s *Store) PeoplePage(ctx context.Context, org int64, of users.UserFilter, p page.Request) (page.Of[users.User], error) {
	held, err := s.permissions.List(ctx, func(p users.Permission) bool {
		return p.OrganizationID == org && slices.ContainsFunc(of.Grants, func(g actor.Grant) bool {
			return p.ResourceType == g.Resource && p.ResourceID == g.ID && (g.Role < actor.Admin || p.Role == actor.Admin.String())
		})
	})
	if err != nil {
		return page.Of[users.User]{}, err
	}
	holds := make(map[int64]bool, len(held))
	for _, p := range held {
		holds[p.UserID] = true
	}
	return s.users.Page(ctx, p, false, core.ByID, func(u users.User) bool {
		return u.OrganizationID == org && u.IsActive && (holds[u.ID] || slices.Contains(of.Users, u.ID) || (of.GlobalAdmins && u.IsSuperuser))
	})
}

// RoleCounts implements core.RoleStore.
func (s *Store) RoleCounts(ctx context.Context, org int64, r actor.Resource, ids []int64) (map[int64]int64, error) {
	ps, err := s.permissions.List(ctx, onResource(org, r, ids, nil))
	counts := map[int64]int64{}
	for _, p := range ps {
		counts[p.ResourceID]++
	}
	return counts, err
}

// FirstRoles implements core.RoleStore.
func (s *Store) FirstRoles(ctx context.Context, org int64, r actor.Resource, ids []int64, perResource int) ([]users.Permission, error) {
	ps, err := s.Permissions(ctx, org, r, ids, nil)
	met := map[int64]int{}
	return slices.DeleteFunc(ps, func(p users.Permission) bool {
		met[p.ResourceID]++
		return met[p.ResourceID] > perResource
	}), err
}
