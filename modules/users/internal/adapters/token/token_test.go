package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
)

var (
	now    = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	first  = []byte(strings.Repeat("a", 32))
	second = []byte(strings.Repeat("b", 32))
)

func tokens(t testing.TB, keys ...[]byte) *token.Tokens {
	t.Helper()
	made, err := token.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func session() core.Session {
	return core.Session{ID: "s", UserID: 7, Epoch: 3, ExpiresOn: now.Add(time.Hour)}
}

func issue(t testing.TB, by *token.Tokens) string {
	t.Helper()
	text, err := by.Issue(core.Access, session())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestKeysAreChangedWithoutEndingSessions(t *testing.T) {
	old := issue(t, tokens(t, first))
	both := tokens(t, token.Split([]byte(string(second)+", "+string(first)))...)
	got, err := both.Read(core.Access, old, now)
	if err != nil || got.UserID != 7 || got.Epoch != 3 || got.ID != "s" {
		t.Errorf("the old token is %+v, %v", got, err)
	}
	fresh := issue(t, both)
	if _, err := tokens(t, second).Read(core.Access, fresh, now); err != nil {
		t.Errorf("the new key does not sign: %v", err)
	}
	for name, by := range map[string]*token.Tokens{"the old key alone": tokens(t, first), "the new key alone": tokens(t, second)} {
		text := map[string]string{"the old key alone": fresh, "the new key alone": old}[name]
		if _, err := by.Read(core.Access, text, now); !errors.Is(err, core.ErrCredentials) {
			t.Errorf("%s reads the other's token: %v", name, err)
		}
	}
}

func TestShortKeysAreRefused(t *testing.T) {
	for _, keys := range [][][]byte{nil, {[]byte("short")}, {first, []byte("short")}, token.Split([]byte(string(first) + ","))} {
		if _, err := token.New(keys...); err == nil {
			t.Errorf("%q is accepted", keys)
		}
	}
}

// forged signs what nobody issued.
func forged(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, change func(jwt.MapClaims)) string {
	t.Helper()
	c := jwt.MapClaims{"iss": "parley", "sub": "7", "aud": "parley/access", "exp": now.Add(time.Hour).Unix(), "epoch": 3}
	if change != nil {
		change(c)
	}
	made := jwt.NewWithClaims(method, c)
	for k, v := range header {
		made.Header[k] = v
	}
	text, err := made.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOnlyOurOwnTokensAreRead(t *testing.T) {
	by := tokens(t, second, first)
	none := jwt.UnsafeAllowNoneSignatureType
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"from before keys had ids": {forged(t, jwt.SigningMethodHS256, first, nil, nil), true},
		"of another key":           {forged(t, jwt.SigningMethodHS256, []byte(strings.Repeat("c", 32)), nil, nil), false},
		"of another algorithm":     {forged(t, jwt.SigningMethodHS512, first, nil, nil), false},
		"of no algorithm":          {forged(t, jwt.SigningMethodNone, none, nil, nil), false},
		"with an unknown key id":   {forged(t, jwt.SigningMethodHS256, first, map[string]any{"kid": "x"}, nil), false},
		"with a key id of a type":  {forged(t, jwt.SigningMethodHS256, first, map[string]any{"kid": 7}, nil), false},
		"without an end":           {forged(t, jwt.SigningMethodHS256, first, nil, func(c jwt.MapClaims) { delete(c, "exp") }), false},
		"that has ended":           {forged(t, jwt.SigningMethodHS256, first, nil, func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Second).Unix() }), false},
		"of another issuer":        {forged(t, jwt.SigningMethodHS256, first, nil, func(c jwt.MapClaims) { c["iss"] = "x" }), false},
		"of another purpose":       {forged(t, jwt.SigningMethodHS256, first, nil, func(c jwt.MapClaims) { c["aud"] = "parley/refresh" }), false},
		"of nobody":                {forged(t, jwt.SigningMethodHS256, first, nil, func(c jwt.MapClaims) { c["sub"] = "x" }), false},
	} {
		if _, err := by.Read(core.Access, c.text, now); (err == nil) != c.ok || (err != nil && !errors.Is(err, core.ErrCredentials)) {
			t.Errorf("a token %s: %v", name, err)
		}
	}
}

func FuzzReadingATokenNeverOpensAnything(f *testing.F) {
	by := tokens(f, first)
	f.Add(issue(f, tokens(f, second)))
	f.Add("a.b.c")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := by.Read(core.Access, text, now); err == nil {
			t.Errorf("%q is read as %+v", text, s)
		}
	})
}
