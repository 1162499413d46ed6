// Package token makes and reads the signed tokens of a sign-in.
package token

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/modules/users/internal/core"
)

const issuer = "parley"

// Tokens implements core.Tokens with HS256, the one algorithm it accepts. The
// audience separates the two kinds of token, and the key id says with which
// of several keys one was signed.
type Tokens struct {
	signs string // the id of the key that signs
	keys  map[string][]byte
	order [][]byte
	all   jwt.VerificationKeySet
}

// New returns tokens signed with the first key and read with any; each has 32
// bytes or more. Keys are changed by putting a new one in front, and the old
// one is left out once no token of it can be valid any more.
func New(keys ...[]byte) (*Tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no secret key")
	}
	t := &Tokens{signs: keyID(keys[0]), keys: map[string][]byte{}}
	for _, key := range keys {
		if len(key) < 32 {
			return nil, errors.New("a secret key is shorter than 32 bytes")
		}
		t.keys[keyID(key)] = key
		t.order = append(t.order, key)
		t.all.Keys = append(t.all.Keys, key)
	}
	return t, nil
}

// Split is the keys in a text that separates them by commas.
func Split(keys []byte) [][]byte {
	out := bytes.Split(keys, []byte(","))
	for i, k := range out {
		out[i] = bytes.TrimSpace(k)
	}
	return out
}

// keyID tells keys apart and nothing about them.
func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("parley key id\n"), key...))
	return hex.EncodeToString(sum[:6])
}

type claims struct {
	jwt.RegisteredClaims
	Epoch int64 `json:"epoch"`
}

func audience(p core.Purpose) string { return issuer + "/" + string(p) }

// Issue implements core.Tokens.
func (t *Tokens) Issue(p core.Purpose, s core.Session) (string, error) {
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{Epoch: s.Epoch, RegisteredClaims: jwt.RegisteredClaims{
		ID: s.ID, Issuer: issuer, Subject: strconv.FormatInt(s.UserID, 10),
		Audience: jwt.ClaimStrings{audience(p)}, ExpiresAt: jwt.NewNumericDate(s.ExpiresOn),
	}})
	unsigned.Header["kid"] = t.signs
	signed, err := unsigned.SignedString(t.keys[t.signs])
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return signed, nil
}

// key finds the key a token names. One that names none is from before keys
// had ids, and is tried with all.
func (t *Tokens) key(token *jwt.Token) (any, error) {
	id, named := token.Header["kid"]
	if !named {
		return t.all, nil
	}
	name, ok := id.(string)
	if key := t.keys[name]; ok && key != nil {
		return key, nil
	}
	return nil, errors.New("the token was signed with a key that is not known")
}

// Read implements core.Tokens.
func (t *Tokens) Read(p core.Purpose, token string, now time.Time) (core.Session, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, t.key,
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience(p)),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return core.Session{}, core.ErrCredentials
	}
	id, err := strconv.ParseInt(c.Subject, 10, 64)
	if err != nil {
		return core.Session{}, core.ErrCredentials
	}
	return core.Session{ID: c.ID, UserID: id, Epoch: c.Epoch, ExpiresOn: c.ExpiresAt.Time}, nil
}

// Derive implements core.Tokens: HMAC-SHA256, apart from all else that is
// signed with the keys.
func (t *Tokens) Derive(seed string) []string {
	out := make([]string, len(t.order))
	for i, key := range t.order {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("parley mail token\n" + seed))
		out[i] = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	return out
}
