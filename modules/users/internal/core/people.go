package core

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// User answers one user of the caller's organization.
func (s *Service) User(ctx context.Context, who actor.Actor, id int64) (users.User, error) {
	return s.Store.User(ctx, who.OrganizationID, id)
}

// List answers the people of the caller's organization, ordered by id.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter, p page.Request) (page.Of[users.User], error) {
	return s.Store.UsersPage(ctx, who.OrganizationID, f, p)
}
