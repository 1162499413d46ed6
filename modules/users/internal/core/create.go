package core

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/address"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// NewUser is what a new user starts with. No password means that they can't
// sign in with one.
type NewUser struct {
	Email     string
	Password  string
	FirstName *string
	LastName  *string
	// IsStaff follows IsSuperuser when it is nil.
	IsStaff     *bool
	IsSuperuser bool
}

// CreateUser adds a user to the caller's organization. Nobody makes a user of
// a higher level than they may manage.
func (s *Service) CreateUser(ctx context.Context, who actor.Actor, n NewUser) (users.User, error) {
	u := users.User{
		OrganizationID: who.OrganizationID, Email: normalEmail(n.Email), FirstName: normalName(n.FirstName), LastName: normalName(n.LastName),
		IsStaff: n.IsSuperuser, IsSuperuser: n.IsSuperuser, IsActive: true, DateJoined: s.Clock.Now(),
	}
	if n.IsStaff != nil {
		u.IsStaff = *n.IsStaff
	}
	if u.IsSuperuser && !u.IsStaff {
		return users.User{}, ErrNotStaff
	}
	if err := checkSignIn(u.Email, n.Password); err != nil {
		return users.User{}, err
	}
	if err := manage(who, u.Level()); err != nil {
		return users.User{}, err
	}
	hash, err := s.hash(ctx, n.Password)
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
	if err := checkSignIn(email, password); err != nil {
		return users.Organization{}, users.User{}, err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return users.Organization{}, users.User{}, err
	}
	if strings.TrimSpace(name) == "" {
		return users.Organization{}, users.User{}, ErrNoOrg.WithMessage("An organization needs a name.")
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

// checkSignIn answers nil when the address and the password are valid, or both
// are empty.
func checkSignIn(email, password string) error {
	switch {
	case email != "" && !isAddress(email):
		return ErrEmail
	case password == "":
		return nil
	case email == "":
		return ErrService.WithField("password", "is not for a user without an e-mail address")
	}
	return checkPassword("password", password)
}

// checkPassword answers nil when the value of that field can be a password.
func checkPassword(field, password string) error {
	if n := utf8.RuneCountInString(password); n < 8 || n > 256 {
		return ErrPassword.WithField(field, "must have 8 to 256 characters")
	}
	return nil
}

// hash answers "" for no password. It is called outside of any transaction,
// because hashing takes long on purpose.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
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
	normal, ok := address.Normal(email)
	return err == nil && parsed.Address == email && len(email) <= 254 && ok && normal == email
}

func userCreated(u users.User) users.UserCreated {
	return users.UserCreated{
		UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, FirstName: text(u.FirstName), LastName: text(u.LastName),
		IsStaff: u.IsStaff, IsSuperuser: u.IsSuperuser,
	}
}
