package core

import (
	"context"
	"errors"
	"slices"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// manage answers nil when the actor may create or delete a user of that level:
// global admins everybody, application admins all but them. Everybody in the
// organization may view everybody.
func manage(who actor.Actor, level actor.Level) error {
	switch {
	case who.Level < actor.ApplicationAdmin:
		return ErrNotAdmin
	case who.Level < level:
		return ErrOutranked
	}
	return nil
}

// change answers nil when the actor may change another user to the level to.
// Admins may change the users they manage, except that global admins may not
// change each other.
func change(who actor.Actor, u users.User, to actor.Level) error {
	if err := manage(who, max(u.Level(), to)); err != nil {
		return err
	}
	return apart(who, u)
}

// apart keeps global admins out of each other's accounts. The server itself is
// nobody's peer.
func apart(who actor.Actor, u users.User) error {
	if u.Level() == actor.GlobalAdmin && u.ID != who.UserID && who.UserID != 0 {
		return ErrPeer
	}
	return nil
}

// locked keeps others from deciding who is an admin of the caller's
// organization until the unit of ctx ends, and answers, in one statement, the
// caller and the users of ids as they are then, those that exist. Who was
// suspended or deleted since the request began is told what their next request
// is told, ErrCredentials; who was demoted goes on as what they are. The server
// itself is nobody's user and stays what it is.
func (s *Service) locked(ctx context.Context, who actor.Actor, ids ...int64) (actor.Actor, map[int64]users.User, error) {
	if err := s.Store.LockOrganization(ctx, who.OrganizationID); err != nil {
		return who, nil, err
	}
	read := ids
	if who.UserID != 0 {
		read = unique(append([]int64{who.UserID}, ids...))
	}
	found, err := s.Users(ctx, who.OrganizationID, read)
	if err != nil {
		return who, nil, err
	}
	byID := make(map[int64]users.User, len(found))
	for _, u := range found {
		byID[u.ID] = u
	}
	if who.UserID == 0 {
		return who, byID, nil
	}
	caller, there := byID[who.UserID]
	if !there || !caller.IsActive {
		return who, nil, ErrCredentials
	}
	who.Level = caller.Level()
	return who, byID, nil
}

// adminStays refuses to take all active global admins from an organization,
// whose row is locked: those who are among lost are about to be it no more.
func (s *Service) adminStays(ctx context.Context, lost ...users.User) error {
	i := slices.IndexFunc(lost, func(u users.User) bool { return u.IsSuperuser })
	if i < 0 {
		return nil
	}
	// One more than may go tells whether one stays.
	admins, err := s.Store.GlobalAdmins(ctx, lost[i].OrganizationID, len(lost)+1)
	if err != nil {
		return err
	}
	stays := func(a users.User) bool {
		return !slices.ContainsFunc(lost, func(u users.User) bool { return u.ID == a.ID })
	}
	if !slices.ContainsFunc(admins, stays) {
		return ErrLastAdmin
	}
	return nil
}

// decideOrganization is the decision about one; another one is not there.
func decideOrganization(who actor.Actor, id int64) (access.Decision, error) {
	d := access.Decide(who, access.Resource{Kind: actor.Organization, ID: id, OrganizationID: id})
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
	if !s.deciders.Know(resource) {
		return false, ErrNoResource
	}
	err := s.deciders.Ask(ctx, resource, who, id, access.Manage)
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

// mayGrant answers nil when the caller manages the roles on a resource.
func (s *Service) mayGrant(ctx context.Context, who actor.Actor, resource actor.Resource, id int64) error {
	admin, err := s.administers(ctx, who, resource, id)
	if err != nil {
		return err
	}
	if !admin {
		return ErrMayNot
	}
	return nil
}

// Deciders decide about organizations, users, their roles and their API keys.
// The organization 0 is the caller's own.
func (s *Service) Deciders() access.Deciders {
	return access.Deciders{
		access.Deciding(actor.Organization, ErrNotAdmin, func(_ context.Context, who actor.Actor, id int64) (access.Decision, error) {
			if id == 0 {
				id = who.OrganizationID
			}
			return decideOrganization(who, id)
		}),
		{Resource: actor.Account, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			u, err := s.Store.User(ctx, who.OrganizationID, id)
			switch {
			case err != nil || do == access.View:
				return err
			case do == access.Edit:
				return change(who, u, u.Level())
			case do == access.Manage:
				return manageKeys(who, u)
			case do == access.Run:
				return s.mayWrite(ctx, who, u)
			}
			return manage(who, u.Level())
		}},
		{Resource: actor.Permission, May: s.mayAlter},
		{Resource: actor.APIKey, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
			key, err := s.Store.Key(ctx, who.OrganizationID, id)
			if err != nil {
				return err
			}
			u, err := s.Store.User(ctx, who.OrganizationID, key.UserID)
			if err != nil || keeps(who, u) != nil {
				return ErrNoKey // other people's keys are not there
			}
			return nil
		}},
	}
}

// mayAlter answers nil when the actor may view a role, or change it or take it
// away.
func (s *Service) mayAlter(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
	p, admin, err := s.Permission(ctx, who, id)
	switch {
	case err != nil || do == access.View:
		return err
	case !admin:
		return ErrMayNot
	case p.ResourceType != actor.Organization:
		return nil
	case p.UserID == who.UserID:
		return ErrOwnFlags
	}
	u, err := s.Store.User(ctx, who.OrganizationID, p.UserID)
	if err != nil {
		return err
	}
	return change(who, u, u.Level())
}

// mayView checks that the actor may view a team, for lists that are narrowed to
// its people.
func (s *Service) mayView(ctx context.Context, who actor.Actor, team int64) (bool, error) {
	_, err := s.administers(ctx, who, actor.Team, team)
	if errors.Is(err, ErrNoResource) {
		return false, nil
	}
	return err == nil, err
}
