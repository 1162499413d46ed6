package core

import (
	"context"
	"fmt"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// UserDeleted empties the inbox of a deleted user and tells the active global
// admins, but for the one who did it. It joins the unit of tx; cause is the
// id of the event.
func (s *Service) UserDeleted(ctx context.Context, tx uow.Tx, cause string, e users.UserDeleted) error {
	if err := s.Store.DeleteOf(ctx, e.OrganizationID, e.UserID); err != nil {
		return err
	}
	by, err := s.whoDid(ctx, e.OrganizationID, e.DeletedBy)
	if err != nil {
		return err
	}
	return s.tellAdmins(ctx, tx, e.OrganizationID, e.DeletedBy, Notification{
		Kind: KindUserDeleted, Cause: cause, Title: "A user was deleted", Message: fmt.Sprintf("User %d was deleted by %s.", e.UserID, by),
	})
}

// tellAdmins tells the active global admins of an organization, but for one.
func (s *Service) tellAdmins(ctx context.Context, tx uow.Tx, organizationID, but int64, n Notification) error {
	admins, err := s.Users.GlobalAdmins(ctx, organizationID)
	if err != nil {
		return fmt.Errorf("finding the admins to tell: %w", err)
	}
	n.OrganizationID, n.CreatedBy, n.CreatedOn = organizationID, audit.System, s.Clock.Now()
	var ns []Notification
	for _, admin := range admins {
		if admin.ID != but {
			n.UserID = admin.ID
			ns = append(ns, n)
		}
	}
	_, err = s.tell(ctx, tx, ns...)
	return err
}

// whoDid is what a sentence calls who did something.
func (s *Service) whoDid(ctx context.Context, organizationID, userID int64) (string, error) {
	if userID == 0 {
		return "the server", nil
	}
	found, err := s.Users.Users(ctx, organizationID, []int64{userID})
	if err != nil {
		return "", fmt.Errorf("finding user %d: %w", userID, err)
	}
	if len(found) == 0 {
		return fmt.Sprintf("user %d, who is no longer there", userID), nil
	}
	if name := nameOf(found[0]); name != "" {
		return fmt.Sprintf("%s (user %d)", name, userID), nil
	}
	return fmt.Sprintf("user %d", userID), nil
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
