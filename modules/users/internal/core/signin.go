package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/address"
	"parley/platform/kernel/id"
)

// sessionLife is how long a sign-in lasts without being refreshed.
const sessionLife = 7 * 24 * time.Hour

// Pair is the two tokens of a sign-in.
type Pair struct {
	Access    string
	Refresh   string
	ExpiresOn time.Time
}

// SignInOutcome is how an attempt to sign in ended.
type SignInOutcome string

// How attempts end.
const (
	SignInRight   SignInOutcome = "right"
	SignInWrong   SignInOutcome = "wrong"   // no such account, a suspended one, or another password
	SignInLimited SignInOutcome = "limited" // after too many wrong ones
	SignInError   SignInOutcome = "error"   // of the server
)

func outcomeOf(err error) SignInOutcome {
	switch {
	case err == nil:
		return SignInRight
	case errors.Is(err, ErrSignIn):
		return SignInWrong
	case errors.Is(err, ErrTooMany):
		return SignInLimited
	}
	return SignInError
}

// SignIn exchanges an address and a password for tokens. Whether the account
// is unknown, suspended or the password wrong, the answer and the time it
// takes are the same, and after ten of them it is ErrTooMany for any.
func (s *Service) SignIn(ctx context.Context, email, password string, from Attempt) (Pair, error) {
	pair, err := s.signIn(ctx, email, password, from)
	if s.SignedIn != nil {
		s.SignedIn(outcomeOf(err))
	}
	return pair, err
}

func (s *Service) signIn(ctx context.Context, email, password string, from Attempt) (Pair, error) {
	email = normalEmail(email)
	guess, err := s.limiter.begin(email, from)
	if err != nil {
		return Pair{}, err
	}
	c, err := s.Store.CredentialByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		guess.void()
		return Pair{}, err
	}
	err = s.prove(ctx, guess, c.PasswordHash, password)
	if err == nil && !c.User.IsActive {
		err = ErrSignIn
	}
	if err != nil {
		if errors.Is(err, ErrSignIn) && c.User.ID != 0 {
			// Later, because writing takes time that nobody spends on an
			// unknown account.
			s.writeBehind.refused(s.entry(signingIn, c.User, from, ErrSignIn.Code))
		}
		return Pair{}, err
	}
	// Only now: what a right password does for a suspended account must not
	// differ from what a wrong one does.
	guess.right()
	session := Session{ID: id.New(), UserID: c.User.ID, Epoch: c.Epoch}
	pair, err := s.pair(session)
	if err != nil {
		return Pair{}, err
	}
	return pair, s.Store.AddAudit(ctx, s.entry(signingIn, c.User, from, ""))
}

// prove checks a password; a wrong one is ErrSignIn. Whether the guess was
// right is the caller's to say, once all else is.
func (s *Service) prove(ctx context.Context, guess *guess, hash, password string) error {
	ok, err := s.Hasher.Matches(ctx, hash, password)
	switch {
	case err != nil:
		guess.void()
		return fmt.Errorf("checking a password: %w", err)
	case !ok:
		return ErrSignIn
	}
	return nil
}

// Refresh exchanges a refresh token for new tokens of the same session.
func (s *Service) Refresh(ctx context.Context, token string, from Attempt) (Pair, error) {
	claimed, k, err := s.session(ctx, Refresh, token)
	if err != nil {
		if k != nil && errors.Is(err, ErrCredentials) {
			if lost := s.refuse(ctx, s.entry(refreshing, k.User, from, ErrCredentials.Code)); lost != nil {
				return Pair{}, fmt.Errorf("noting a refused refresh: %w", lost)
			}
		}
		return Pair{}, s.whyRefresh(err, token)
	}
	s.limiter.saw(k.User.Email, from)
	claimed.Epoch = k.Epoch
	if claimed.ID == "" { // from before sessions had one
		claimed.ID = id.New()
	}
	pair, err := s.pair(claimed)
	if err != nil {
		return Pair{}, err
	}
	return pair, s.Store.AddAudit(ctx, s.entry(refreshing, k.User, from, ""))
}

// session reads a token and what its user is now, so that suspending or
// deleting takes effect on the next request. Beside ErrCredentials stands
// whose token it was, if that is known.
func (s *Service) session(ctx context.Context, p Purpose, token string) (Session, *known, error) {
	claimed, err := s.claimed(ctx, p, token)
	if err != nil {
		return Session{}, nil, err
	}
	k, err := s.identities.users.Get(ctx, claimed.UserID)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, nil, ErrCredentials
	case err != nil:
		return Session{}, nil, err
	case !k.User.IsActive:
		return Session{}, k, ErrCredentials
	case k.Epoch != claimed.Epoch && (k.Kept == "" || k.Kept != claimed.ID):
		return Session{}, k, ErrCredentials
	}
	return claimed, k, nil
}

// claimed is what a token of ours says that has not expired. Access tokens
// come with every request and are verified once a minute.
func (s *Service) claimed(ctx context.Context, p Purpose, token string) (Session, error) {
	if p != Access {
		return s.Tokens.Read(p, token, s.Clock.Now())
	}
	claimed, err := s.identities.sessions.Get(ctx, token)
	if err == nil && !claimed.ExpiresOn.After(s.Clock.Now()) {
		return Session{}, ErrCredentials
	}
	return claimed, err
}

// Authenticate answers the caller for an access token, an API key or both. With
// both the token says who acts, and the key only narrows what they may do. Of
// credentials that are void the actor says whose they were, when that is known.
func (s *Service) Authenticate(ctx context.Context, token, key string) (actor.Actor, error) {
	var who actor.Actor
	if token != "" {
		session, k, err := s.session(ctx, Access, token)
		if k != nil {
			who = k.actor
		}
		if err != nil {
			return who, s.whyToken(err, token)
		}
		who.Session = session.ID
	}
	switch {
	case key == "" && token == "":
		return who, ErrCredentials
	case key == "":
		return who, nil
	}
	found, owner, err := s.byKey(ctx, key)
	if token == "" && owner != nil {
		who = owner.actor
	}
	switch {
	case err != nil:
		return who, whyKey(err, token, key)
	case owner.User.OrganizationID != who.OrganizationID:
		return who, ErrTwoOrgs
	}
	who.KeyID, who.Scope = found.ID, found.Scope
	s.writeBehind.used(found, s.Clock.Now())
	return who, nil
}

func (s *Service) pair(session Session) (Pair, error) {
	session.ExpiresOn = s.Clock.Now().Add(sessionLife)
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

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// normalName trims a name; an empty name becomes nil.
func normalName(name *string) *string {
	trimmed := strings.TrimSpace(text(name))
	if trimmed == "" {
		return nil
	}
	return &trimmed
}

// normalEmail is the one spelling of an address. What can't be one stays
// nearly as it is: nobody has it.
func normalEmail(email string) string {
	if normal, ok := address.Normal(email); ok {
		return normal
	}
	return address.Fallback(email)
}
