package core

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// NewUser is what a new user starts with. No password means that they can't
// sign in with one.
type NewUser struct {
	Email       string
	Password    string
	FirstName   *string
	LastName    *string
	IsStaff     bool
	IsSuperuser bool
}

// CreateUser adds a user to the caller's organization. Nobody makes a user of
// a higher level than they may manage.
func (s *Service) CreateUser(ctx context.Context, who actor.Actor, n NewUser) (users.User, error) {
	u := users.User{
		OrganizationID: who.OrganizationID, Email: normalEmail(n.Email), FirstName: n.FirstName, LastName: n.LastName,
		IsStaff: n.IsStaff || n.IsSuperuser, IsSuperuser: n.IsSuperuser, IsActive: true, DateJoined: s.Clock.Now(),
	}
	if err := manage(who, u.Level()); err != nil {
		return users.User{}, err
	}
	hash, err := s.newPassword(ctx, u.Email, n.Password)
	if err != nil {
		return users.User{}, err
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		// Hashing took its time, in which the caller may have been demoted.
		who, _, err := s.locked(ctx, who)
		if err != nil {
			return err
		}
		if err := manage(who, u.Level()); err != nil {
			return err
		}
		if u, err = s.Store.AddUser(ctx, u); err != nil {
			return err
		}
		if err := s.Store.SetPassword(ctx, u.ID, hash); err != nil {
			return err
		}
		if u.Level() > actor.User {
			if err := s.mirror(ctx, who, u); err != nil {
				return err
			}
		}
		tx.Publish(userCreated(u))
		return nil
	})
	return u, err
}

// CreateOrganization makes a tenant with its first global admin. Only the
// command line and the first start call it.
func (s *Service) CreateOrganization(ctx context.Context, name, adminEmail, password string) (users.Organization, users.User, error) {
	email := normalEmail(adminEmail)
	if email == "" {
		return users.Organization{}, users.User{}, ErrEmail
	}
	hash, err := s.newPassword(ctx, email, password)
	if err != nil {
		return users.Organization{}, users.User{}, err
	}
	if strings.TrimSpace(name) == "" {
		return users.Organization{}, users.User{}, ErrNoOrg.Saying("An organization needs a name.")
	}
	now := s.Clock.Now()
	org := users.Organization{OrgName: strings.TrimSpace(name), Domain: email[strings.LastIndex(email, "@")+1:], Audit: audit.New(audit.System, now)}
	admin := users.User{Email: email, IsStaff: true, IsSuperuser: true, IsActive: true, DateJoined: now}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if org, err = s.Store.AddOrganization(ctx, org); err != nil {
			return err
		}
		admin.OrganizationID = org.ID
		if admin, err = s.Store.AddUser(ctx, admin); err != nil {
			return err
		}
		if err := s.Store.SetPassword(ctx, admin.ID, hash); err != nil {
			return err
		}
		if err := s.mirror(ctx, actor.System(org.ID), admin); err != nil {
			return err
		}
		tx.Publish(users.OrganizationCreated{OrganizationID: org.ID}, userCreated(admin))
		return nil
	})
	return org, admin, err
}

// HasOrganizations reports whether the installation was set up already.
func (s *Service) HasOrganizations(ctx context.Context) (bool, error) {
	return s.Store.HasOrganizations(ctx)
}

// newPassword checks address and password and answers the hash, which is ""
// for a user without a password. It is called outside of any transaction,
// because hashing takes long on purpose.
func (s *Service) newPassword(ctx context.Context, email, password string) (string, error) {
	if email != "" && !isAddress(email) {
		return "", ErrEmail
	}
	if password == "" {
		return "", nil
	}
	if email == "" {
		return "", ErrService
	}
	if n := utf8.RuneCountInString(password); n < 8 || n > 256 {
		return "", ErrPassword
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// isAddress reports whether mail can be sent to it. net/mail also reads
// display names and comments, which are no addresses.
func isAddress(email string) bool {
	parsed, err := mail.ParseAddress(email)
	return err == nil && parsed.Address == email && len(email) <= 254
}

func userCreated(u users.User) users.UserCreated {
	return users.UserCreated{
		UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, FirstName: text(u.FirstName), LastName: text(u.LastName),
		IsStaff: u.IsStaff, IsSuperuser: u.IsSuperuser,
	}
}
