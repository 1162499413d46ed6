package core

import (
	"context"
	"fmt"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/audit"
)

// UserDeleted empties the inbox of a deleted user and tells the active global
// admins, but for the one who did it. It joins the unit of ctx; cause is the
// id of the event.
func (s *Service) UserDeleted(ctx context.Context, cause string, e users.UserDeleted) error {
	if err := s.Store.DeleteOf(ctx, e.UserID); err != nil {
		return err
	}
	admins, err := s.Users.GlobalAdmins(ctx, e.OrganizationID)
	if err != nil {
		return fmt.Errorf("finding the admins to tell: %w", err)
	}
	by, err := s.whoDeleted(ctx, e)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	var ns []Notification
	for _, admin := range admins {
		if admin.ID == e.DeletedBy {
			continue
		}
		ns = append(ns, Notification{
			OrganizationID: e.OrganizationID, UserID: admin.ID, Kind: KindUserDeleted, Cause: cause, CreatedBy: audit.System, CreatedOn: now,
			Title: "A user was deleted", Message: fmt.Sprintf("User %d was deleted by %s.", e.UserID, by),
		})
	}
	return s.Store.Add(ctx, ns)
}

func (s *Service) whoDeleted(ctx context.Context, e users.UserDeleted) (string, error) {
	if e.DeletedBy == 0 {
		return "the server", nil
	}
	found, err := s.Users.Users(ctx, e.OrganizationID, []int64{e.DeletedBy})
	if err != nil {
		return "", fmt.Errorf("finding who deleted user %d: %w", e.UserID, err)
	}
	if len(found) == 0 {
		return fmt.Sprintf("user %d, who is no longer there", e.DeletedBy), nil
	}
	if name := nameOf(found[0]); name != "" {
		return fmt.Sprintf("%s (user %d)", name, e.DeletedBy), nil
	}
	return fmt.Sprintf("user %d", e.DeletedBy), nil
}

// nameOf is what a user is called; "" for a service user without a name.
func nameOf(u users.User) string {
	var parts []string
	for _, p := range []*string{u.FirstName, u.LastName} {
		if p != nil && strings.TrimSpace(*p) != "" {
			parts = append(parts, strings.TrimSpace(*p))
		}
	}
	if len(parts) == 0 {
		return u.Email
	}
	return strings.Join(parts, " ")
}
