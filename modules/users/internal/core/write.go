package core

import (
	"context"
	"errors"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// mostAsked bounds how many resources are looked at to find one by which an
// admin may write to a user.
const mostAsked = 200

// mayWrite answers nil when the caller may send a user a notification: an admin
// of the organization, or of a team, project or agent that the user belongs to
// by a role there or above it.
func (s *Service) mayWrite(ctx context.Context, who actor.Actor, u users.User) error {
	if who.Level >= actor.ApplicationAdmin {
		return nil
	}
	to, err := s.Actor(ctx, who.OrganizationID, u.ID)
	if errors.Is(err, users.ErrSuspended) {
		return ErrNotAdmin // a suspended user belongs to nothing
	}
	if err != nil {
		return err
	}
	asked := 0
	may := func(by actor.Actor, resource actor.Resource, id int64, do access.Action) (bool, error) {
		if asked++; !s.deciders.Know(resource) || asked > mostAsked {
			return false, nil
		}
		err := s.deciders.Ask(ctx, resource, by, id, do)
		if kind := apperr.KindOf(err); err != nil && kind != apperr.NotFound && kind != apperr.Forbidden {
			return false, err
		}
		return err == nil, nil
	}
	direct := func(g actor.Grant) bool { return who.Holds(g.Resource, g.ID) == actor.Admin }
	for _, g := range to.Grants {
		if !direct(g) {
			continue
		}
		if ok, err := may(who, g.Resource, g.ID, access.Manage); ok || err != nil {
			return err
		}
	}
	for _, g := range to.Grants { // roles of the caller hold for what is below them
		if g.Resource == actor.Team || direct(g) {
			continue
		}
		if ok, err := may(who, g.Resource, g.ID, access.Manage); ok || err != nil {
			return err
		}
	}
	if to.Level == actor.GlobalAdmin { // who sees every project and is in none by that
		return ErrNotAdmin
	}
	for _, project := range who.Granted(actor.Project, actor.Admin) { // and so do the user's
		if ok, err := may(to, actor.Project, project, access.View); ok || err != nil {
			return err
		}
	}
	return ErrNotAdmin
}
