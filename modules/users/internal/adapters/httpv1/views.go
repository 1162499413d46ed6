package httpv1

import (
	"context"

	"parley/modules/users"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
)

// view returns how the caller sees users: admins and oneself with all fields.
func (a *API) view(ctx context.Context, who actor.Actor) (func(users.User) userswire.User, error) {
	whole, err := userswire.Whole(ctx, a.service, who.OrganizationID)
	if err != nil {
		return nil, err
	}
	return func(u users.User) userswire.User {
		if who.Level == actor.User && u.ID != who.UserID {
			return userswire.ShowShort(u)
		}
		return whole(u)
	}, nil
}
