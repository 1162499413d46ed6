package core

import (
	"context"
	"slices"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// Deleted is the outcome of deleting users: those that were there, as they
// were and in the order asked, and the ids that were not.
type Deleted struct {
	Users    []users.User
	NotFound []int64
}

// DeleteUsers deletes users by their ids, all or none, with a constant number
// of statements. Repeated ids collapse. The caller's own account or the last
// global admin among them is a conflict, none found ErrNotFound.
func (s *Service) DeleteUsers(ctx context.Context, who actor.Actor, ids []int64) (Deleted, error) {
	ids = unique(ids)
	var out Deleted
	err := s.changing(ctx, ids, func(ctx context.Context, tx uow.Tx) error {
		// Two admins deleting each other at once must not both succeed.
		who, found, err := s.locked(ctx, who, ids...)
		if err != nil {
			return err
		}
		if out = inOrder(ids, found); len(out.Users) == 0 {
			return ErrNotFound
		}
		if err := s.mayDelete(ctx, who, out.Users); err != nil {
			return err
		}
		keys := make([]string, len(out.Users))
		for i, u := range out.Users {
			keys[i] = users.Key(u.ID)
			tx.Publish(users.UserDeleted{UserID: u.ID, OrganizationID: u.OrganizationID, DeletedBy: who.UserID})
		}
		if err := s.History.BlankPersonal(ctx, keys); err != nil {
			return err
		}
		return s.Store.DeleteUsers(ctx, who.OrganizationID, ids)
	})
	if err != nil {
		return Deleted{}, err
	}
	return out, nil
}

func (s *Service) mayDelete(ctx context.Context, who actor.Actor, found []users.User) error {
	for _, u := range found {
		if err := manage(who, u.Level()); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(found, func(u users.User) bool { return u.ID == who.UserID }) {
		return ErrOwnAccount
	}
	return s.adminStays(ctx, found...)
}

func inOrder(ids []int64, found map[int64]users.User) Deleted {
	var out Deleted
	for _, id := range ids {
		if u, ok := found[id]; ok {
			out.Users = append(out.Users, u)
		} else {
			out.NotFound = append(out.NotFound, id)
		}
	}
	return out
}

// unique keeps the first of equal ids, in order.
func unique(ids []int64) []int64 {
	seen := make(map[int64]bool, len(ids))
	out := make([]int64, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
