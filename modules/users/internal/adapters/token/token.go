// Package token makes and reads the signed tokens of a sign-in.
package token

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/modules/users/internal/core"
)

const issuer = "parley"

// Tokens implements core.Tokens with HS256, the one algorithm it accepts. The
// audience separates the two kinds of token.
type Tokens struct{ key []byte }

// New returns tokens signed with key, which must have 32 bytes or more.
func New(key []byte) (*Tokens, error) {
	if len(key) < 32 {
		return nil, errors.New("the secret key is shorter than 32 bytes")
	}
	return &Tokens{key: key}, nil
}

type claims struct {
	jwt.RegisteredClaims
	Epoch int64 `json:"epoch"`
}

func audience(p core.Purpose) string { return issuer + "/" + string(p) }

// Issue implements core.Tokens.
func (t *Tokens) Issue(p core.Purpose, s core.Session) (string, error) {
	c := claims{Epoch: s.Epoch, RegisteredClaims: jwt.RegisteredClaims{
		Issuer: issuer, Subject: strconv.FormatInt(s.UserID, 10),
		Audience: jwt.ClaimStrings{audience(p)}, ExpiresAt: jwt.NewNumericDate(s.ExpiresOn),
	}}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return signed, nil
}

// Read implements core.Tokens.
func (t *Tokens) Read(p core.Purpose, token string, now time.Time) (core.Session, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience(p)),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return core.Session{}, core.ErrCredentials
	}
	id, err := strconv.ParseInt(c.Subject, 10, 64)
	if err != nil {
		return core.Session{}, core.ErrCredentials
	}
	return core.Session{UserID: id, Epoch: c.Epoch, ExpiresOn: c.ExpiresAt.Time}, nil
}
