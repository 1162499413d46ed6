package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
)

// sessionLife is how long a sign-in lasts without being refreshed.
const sessionLife = 7 * 24 * time.Hour

// Pair is the two tokens of a sign-in.
type Pair struct {
	Access    string
	Refresh   string
	ExpiresOn time.Time
}

// SignIn exchanges an address and a password for tokens. Whether the account
// is unknown, suspended or the password wrong, the answer and the time it
// takes are the same.
func (s *Service) SignIn(ctx context.Context, email, password string) (Pair, error) {
	c, err := s.Store.CredentialByEmail(ctx, normalEmail(email))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Pair{}, err
	}
	ok, err := s.Hasher.Matches(c.PasswordHash, password)
	if err != nil {
		return Pair{}, fmt.Errorf("checking a password: %w", err)
	}
	if !ok || !c.User.IsActive {
		return Pair{}, ErrSignIn
	}
	return s.pair(c)
}

// Refresh exchanges a refresh token for new tokens.
func (s *Service) Refresh(ctx context.Context, token string) (Pair, error) {
	c, _, err := s.session(ctx, Refresh, token)
	if err != nil {
		return Pair{}, err
	}
	return s.pair(c)
}

// ByToken answers who acts with an access token, with what they hold.
func (s *Service) ByToken(ctx context.Context, token string) (actor.Actor, error) {
	c, permissions, err := s.session(ctx, Access, token)
	if err != nil {
		return actor.Actor{}, err
	}
	return actorOf(c.User, permissions), nil
}

// session reads a token and the state of its user now, so that suspending or
// deleting takes effect on the next request.
func (s *Service) session(ctx context.Context, p Purpose, token string) (Credential, []users.Permission, error) {
	claimed, err := s.Tokens.Read(p, token, s.Clock.Now())
	if err != nil {
		return Credential{}, nil, err
	}
	c, permissions, err := s.Store.Identity(ctx, claimed.UserID)
	switch {
	case errors.Is(err, ErrNotFound):
		return Credential{}, nil, ErrCredentials
	case err != nil:
		return Credential{}, nil, err
	case !c.User.IsActive || c.Epoch != claimed.Epoch:
		return Credential{}, nil, ErrCredentials
	}
	return c, permissions, nil
}

func (s *Service) pair(c Credential) (Pair, error) {
	session := Session{UserID: c.User.ID, Epoch: c.Epoch, ExpiresOn: s.Clock.Now().Add(sessionLife)}
	access, err := s.Tokens.Issue(Access, session)
	if err != nil {
		return Pair{}, fmt.Errorf("issuing a token: %w", err)
	}
	refresh, err := s.Tokens.Issue(Refresh, session)
	if err != nil {
		return Pair{}, fmt.Errorf("issuing a token: %w", err)
	}
	return Pair{Access: access, Refresh: refresh, ExpiresOn: session.ExpiresOn}, nil
}

func actorOf(u users.User, permissions []users.Permission) actor.Actor {
	a := actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, FullName: fullName(u), Level: u.Level()}
	for _, p := range permissions {
		if role, ok := actor.ParseRole(p.Role); ok {
			a.Grants = append(a.Grants, actor.Grant{Resource: p.ResourceType, ID: p.ResourceID, Role: role})
		}
	}
	return a
}

func fullName(u users.User) string {
	var parts []string
	for _, p := range []*string{u.FirstName, u.LastName} {
		if p != nil && *p != "" {
			parts = append(parts, *p)
		}
	}
	return strings.Join(parts, " ")
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
