// Package password hashes passwords with argon2id.
package password

import (
	"context"
	"fmt"

	"github.com/alexedwards/argon2id"

	"parley/modules/users/internal/core"
)

// parameters are OWASP's first choice: 19 MiB, two passes, one lane.
var parameters = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is the hash of a password that nobody has, so that refusing an
// unknown account takes as long as refusing a wrong password.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// maxWaiting is how many wait for one of the two slots: a few seconds' worth.
const maxWaiting = 100

// Hasher implements core.Hasher. At most two hashes are computed at a time,
// which bounds memory when many sign in at once.
type Hasher struct{ slots, waiting chan struct{} }

// New returns a hasher, of which a process has one: its slots are the bound.
func New() *Hasher {
	return &Hasher{slots: make(chan struct{}, 2), waiting: make(chan struct{}, maxWaiting)}
}

// enter waits for a slot; leave must be called when there is no error.
func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return core.ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) leave() { <-h.slots }

// Hash implements core.Hasher.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, &parameters)
	if err != nil {
		return "", fmt.Errorf("computing argon2id: %w", err)
	}
	return hash, nil
}

// Matches implements core.Hasher.
func (h *Hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = nobody
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("computing argon2id: %w", err)
	}
	return ok && known, nil
}
