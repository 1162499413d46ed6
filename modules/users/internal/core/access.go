package core

import (
	"context"
	"errors"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// manage answers nil when who may create, change or delete a user of that
// level: global admins everybody, application admins all but them. Everybody
// in the organization may view everybody.
func manage(who actor.Actor, level actor.Level) error {
	switch {
	case who.Level < actor.ApplicationAdmin:
		return ErrNotAdmin
	case who.Level < level:
		return ErrOutranked
	}
	return nil
}

// decideOrganization is the decision about one; another one is not there.
func decideOrganization(who actor.Actor, id int64) (access.Decision, error) {
	d := access.Decide(who, access.Thing{Resource: actor.Organization, ID: id, OrganizationID: id})
	return d, d.Check(access.View, ErrNoOrg, nil)
}

// administers reports whether the caller manages the roles on a resource, or
// answers ErrNoResource when they may not even see it.
func (s *Service) administers(ctx context.Context, who actor.Actor, resource actor.Resource, id int64) (bool, error) {
	if resource == actor.Organization {
		d, err := decideOrganization(who, id)
		if err != nil {
			return false, ErrNoResource
		}
		return d.Allowed.Manage, nil
	}
	decider, known := s.deciders[resource]
	if !known {
		return false, ErrNoResource
	}
	err := decider.May(ctx, who, id, access.Manage)
	switch {
	case err == nil:
		return true, nil
	case apperr.KindOf(err) == apperr.NotFound:
		return false, ErrNoResource
	case apperr.KindOf(err) == apperr.Forbidden:
		return false, nil
	}
	return false, err
}

// Deciders decide about organizations and users. The organization 0 is the
// caller's own.
func (s *Service) Deciders() []access.Decider {
	return []access.Decider{
		access.Deciding(actor.Organization, ErrNotAdmin, func(_ context.Context, who actor.Actor, id int64) (access.Decision, error) {
			if id == 0 {
				id = who.OrganizationID
			}
			return decideOrganization(who, id)
		}),
		{Resource: "user", May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			u, err := s.Store.User(ctx, who.OrganizationID, id)
			if err != nil || do == access.View {
				return err
			}
			return manage(who, u.Level())
		}},
	}
}

// mayView answers whether who may view a team, for lists that are narrowed to
// its people.
func (s *Service) mayView(ctx context.Context, who actor.Actor, team int64) (bool, error) {
	_, err := s.administers(ctx, who, actor.Team, team)
	if errors.Is(err, ErrNoResource) {
		return false, nil
	}
	return err == nil, err
}
