// Package password hashes passwords with argon2id.
package password

import (
	"fmt"

	"github.com/alexedwards/argon2id"
)

// parameters are OWASP's first choice: 19 MiB, two passes, one lane.
var parameters = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is the hash of a password that nobody has, so that refusing an
// unknown account takes as long as refusing a wrong password.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Hasher implements core.Hasher. At most two hashes are computed at a time,
// which bounds memory when many sign in at once.
type Hasher struct{ slots chan struct{} }

// New returns a hasher.
func New() *Hasher { return &Hasher{slots: make(chan struct{}, 2)} }

// Hash implements core.Hasher.
func (h *Hasher) Hash(password string) (string, error) {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	hash, err := argon2id.CreateHash(password, &parameters)
	if err != nil {
		return "", fmt.Errorf("computing argon2id: %w", err)
	}
	return hash, nil
}

// Matches implements core.Hasher.
func (h *Hasher) Matches(hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = nobody
	}
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("computing argon2id: %w", err)
	}
	return ok && known, nil
}
