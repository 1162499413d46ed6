package core

import (
	"errors"
	"strings"
)

// What refused credentials are answered with says which of them failed, and
// when they are of another kind, where they belong. It does not say whose they
// were.
var (
	errToken         = ErrCredentials.WithMessage("The access token is invalid or has expired; sign in again.")
	errRefreshes     = ErrCredentials.WithMessage("This token only refreshes; send ejento_access_token, which came with it.")
	errOpens         = ErrCredentials.WithMessage("This token opens the platform and does not refresh; send access_token, which came with it.")
	errKeyAsToken    = ErrCredentials.WithMessage("The bearer token is an API key; send it in the header Ocp-Apim-Subscription-Key.")
	errTokenAsKey    = ErrCredentials.WithMessage("The API key is an access token; send it as \"Authorization: Bearer …\".")
	errKey           = ErrCredentials.WithMessage("The API key is unknown, was revoked, or has expired.")
	errKeyNotTheRest = ErrCredentials.WithMessage(
		"The access token is good, but the API key is unknown, was revoked, or has expired; leave it out or send another.")
)

// whyToken explains a bearer token that was refused.
func (s *Service) whyToken(err error, token string) error {
	if !errors.Is(err, ErrCredentials) {
		return err
	}
	if strings.HasPrefix(token, keyPrefix) {
		return errKeyAsToken
	}
	if _, err := s.Tokens.Read(Refresh, token, s.Clock.Now()); err == nil {
		return errRefreshes
	}
	return errToken
}

// whyRefresh explains a token that does not refresh.
func (s *Service) whyRefresh(err error, token string) error {
	if !errors.Is(err, ErrCredentials) {
		return err
	}
	if _, err := s.Tokens.Read(Access, token, s.Clock.Now()); err == nil {
		return errOpens
	}
	return errToken
}

// whyKey explains an API key that was refused; token is what was good beside
// it, or "".
func whyKey(err error, token, key string) error {
	switch {
	case !errors.Is(err, ErrCredentials):
		return err
	case strings.Count(key, ".") == 2:
		return errTokenAsKey
	case token != "":
		return errKeyNotTheRest
	}
	return errKey
}
