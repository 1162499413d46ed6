package coretest

import (
	"context"
	"errors"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// SuspendedID is a suspended user of organization 1 in every Directory.
const SuspendedID = 15

// Directory is users as far as corpora ask for them: its actors, and a
// suspended one.
type Directory struct {
	users.Directory
	users.Actors

	Of []actor.Actor
}

// Users implements users.Directory.
func (d Directory) Users(ctx context.Context, org int64, ids []int64) (found []users.User, err error) {
	for _, id := range ids {
		if _, err := d.Actor(ctx, org, id); !errors.Is(err, users.ErrNotFound) {
			found = append(found, users.User{ID: id, OrganizationID: org})
		}
	}
	return found, nil
}

// Actor implements users.Actors.
func (d Directory) Actor(_ context.Context, org, id int64) (actor.Actor, error) {
	for _, a := range d.Of {
		if a.UserID == id && a.OrganizationID == org {
			return a, nil
		}
	}
	if id == SuspendedID && org == 1 {
		return actor.Actor{}, users.ErrSuspended
	}
	return actor.Actor{}, users.ErrNotFound
}

// Teams are those of organization 1, each visible to its members and to global
// admins.
type Teams struct {
	projects.Catalog

	Hidden error // answers everybody else
}

// TeamAccess implements projects.Catalog.
func (t Teams) TeamAccess(_ context.Context, who actor.Actor, id int64) (projects.TeamAccess, error) {
	d := access.Decide(who, access.Resource{Kind: actor.Team, ID: id, OrganizationID: 1})
	return projects.TeamAccess{Decision: d}, d.Check(access.View, t.Hidden, t.Hidden)
}
