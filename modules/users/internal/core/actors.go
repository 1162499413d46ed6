package core

import (
	"context"
	"fmt"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/actor"
)

// Actor implements users.Actors.
func (s *Service) Actor(ctx context.Context, organizationID, userID int64) (actor.Actor, error) {
	k, err := s.identities.users.Get(ctx, userID)
	switch {
	case err != nil:
		return actor.Actor{}, err
	case k.User.OrganizationID != organizationID:
		return actor.Actor{}, users.ErrNotFound
	case !k.User.IsActive:
		return actor.Actor{}, users.ErrSuspended
	}
	return k.actor, nil
}

// Level implements users.Actors.
func (s *Service) Level(ctx context.Context, organizationID, userID int64) (actor.Level, error) {
	k, err := s.identities.users.Get(ctx, userID)
	switch {
	case err != nil:
		return actor.User, err
	case k.User.OrganizationID != organizationID:
		return actor.User, users.ErrNotFound
	}
	return k.User.Level(), nil
}

// maxGlobalAdmins bounds how many of an organization are read at once.
const maxGlobalAdmins = 10_000

// GlobalAdminIDs implements users.Actors.
func (s *Service) GlobalAdminIDs(ctx context.Context, organizationID int64) ([]int64, error) {
	ids, err := s.Store.GlobalAdminIDs(ctx, organizationID, maxGlobalAdmins+1)
	if err == nil && len(ids) > maxGlobalAdmins {
		err = fmt.Errorf("organization %d has more than %d global admins", organizationID, maxGlobalAdmins)
	}
	return ids, err
}

// ActorsOn implements users.Actors.
func (s *Service) ActorsOn(ctx context.Context, organizationID int64, ids []int64, on ...users.On) (map[int64]actor.Actor, error) {
	found, err := s.Users(ctx, organizationID, ids)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	roles, err := s.Store.RolesOf(ctx, organizationID, ids, on)
	if err != nil {
		return nil, err
	}
	held := map[int64][]users.Permission{}
	for _, r := range roles {
		held[r.UserID] = append(held[r.UserID], r)
	}
	out := make(map[int64]actor.Actor, len(found))
	for _, u := range found {
		if u.IsActive {
			out[u.ID] = actorOf(u, held[u.ID])
		}
	}
	return out, nil
}

// Forget implements users.Actors.
func (s *Service) Forget(userIDs ...int64) { s.identities.forget(userIDs...) }

// actorOf is who a stored user is: the one place where that is decided.
func actorOf(u users.User, permissions []users.Permission) actor.Actor {
	a := actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, FullName: fullName(u), Level: u.Level()}
	for _, p := range permissions {
		if role, ok := actor.ParseRole(p.Role); ok {
			a.Grants = append(a.Grants, actor.Grant{Resource: p.ResourceType, ID: p.ResourceID, Role: role})
		}
	}
	return a
}

func fullName(u users.User) string {
	return strings.TrimSpace(text(u.FirstName) + " " + text(u.LastName))
}
