package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"parley/platform/kernel/seal"
)

func sealer(t *testing.T, purpose string, keys ...string) *seal.Sealer {
	t.Helper()
	var all [][]byte
	for _, k := range keys {
		all = append(all, bytes.Repeat([]byte(k), 32))
	}
	s, err := seal.New(purpose, all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedOpensWithItsKeyAndPurposeAlone(t *testing.T) {
	sealed, err := sealer(t, "webhooks", "a").Seal([]byte("secret"))
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	again, err := sealer(t, "webhooks", "a").Seal([]byte("secret"))
	if err != nil || bytes.Equal(sealed, again) {
		t.Errorf("the same secret is sealed the same: %v", err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]struct {
		by     *seal.Sealer
		sealed []byte
		opens  bool
	}{
		"the key":                          {sealer(t, "webhooks", "a"), sealed, true},
		"a new key in front of it":         {sealer(t, "webhooks", "b", "a"), sealed, true},
		"another key":                      {sealer(t, "webhooks", "b"), sealed, false},
		"another purpose":                  {sealer(t, "mail", "a"), sealed, false},
		"something changed":                {sealer(t, "webhooks", "a"), changed, false},
		"something too short to be sealed": {sealer(t, "webhooks", "a"), []byte("x"), false},
	} {
		plain, err := c.by.Open(c.sealed)
		if (string(plain) == "secret") != c.opens || errors.Is(err, seal.ErrUnreadable) == c.opens {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
}

func TestKeysAreLongAndThere(t *testing.T) {
	for name, keys := range map[string][][]byte{"none": nil, "a short one": {bytes.Repeat([]byte("a"), 32), []byte("short")}} {
		if _, err := seal.New("webhooks", keys...); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if got := seal.Split([]byte("a, b")); len(got) != 2 || string(got[1]) != "b" {
		t.Errorf("split into %q", got)
	}
}
