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

// List answers the users of the caller's organization, ordered by id. For a
// team that the caller may not view the list is empty. Only admins may filter
// by suspension, and only they see it.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter, p page.Request) (page.Of[users.User], error) {
	if f.IsActive != nil && who.Level < actor.ApplicationAdmin {
		return page.Of[users.User]{}, ErrNotAdmin.WithMessage("Only admins can filter by is_active; leave it out.")
	}
	if f.TeamID != 0 {
		shown, err := s.mayView(ctx, who, f.TeamID)
		if err != nil || !shown {
			return page.Of[users.User]{Items: []users.User{}, Request: p}, err
		}
	}
	return s.Store.UsersPage(ctx, who.OrganizationID, f, p)
}
