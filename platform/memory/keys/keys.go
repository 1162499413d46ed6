// Package keys remembers requests with an Idempotency-Key in memory, for tests.
// No process dies here, so that no claim is ever outdated.
package keys

import (
	"context"
	"errors"
	"strconv"

	"parley/platform/kernel/idempotency"
	"parley/platform/memory"
)

// Store implements web.Idempotency.
type Store struct{ claims *memory.Table[claim] }

type claim struct {
	ID      int64
	Request idempotency.Claim
	State   idempotency.State
	Answer  *idempotency.Answer // of one that is done, unless it is too large
}

var errTaken = errors.New("keys: there is such a claim")

// New returns a store whose marks are part of the units of work of db.
func New(db *memory.DB) *Store {
	return &Store{memory.NewTable(db, memory.Spec[claim]{
		ID: func(c *claim) *int64 { return &c.ID }, Missing: idempotency.ErrInProgress, Taken: errTaken,
		Unique: []func(claim) string{func(c claim) string { return strconv.FormatInt(c.Request.UserID, 10) + " " + c.Request.Key }},
	})}
}

// of matches the claim of a request, in one of the states.
func of(r idempotency.Claim, states ...idempotency.State) func(claim) bool {
	return func(c claim) bool {
		for _, s := range states {
			if c.State == s && c.Request == r {
				return true
			}
		}
		return false
	}
}

// Begin implements web.Idempotency.
func (s *Store) Begin(ctx context.Context, r idempotency.Claim) (*idempotency.Answer, error) {
	if _, err := s.claims.Add(ctx, claim{Request: r}); !errors.Is(err, errTaken) {
		return nil, err
	}
	c, err := s.claims.Get(ctx, func(c claim) bool { return c.Request.UserID == r.UserID && c.Request.Key == r.Key })
	if err != nil {
		return nil, err
	}
	return idempotency.Earlier{Fingerprint: c.Request.Fingerprint, State: c.State, Answer: c.Answer}.To(r)
}

// Mark implements web.Idempotency.
func (s *Store) Mark(ctx context.Context, r idempotency.Claim) error {
	_, err := s.claims.Update(ctx, func(c *claim) error {
		c.State = idempotency.Committed
		return nil
	}, of(r, idempotency.Running, idempotency.Committed))
	return err
}

// Finish implements web.Idempotency.
func (s *Store) Finish(ctx context.Context, r idempotency.Claim, a idempotency.Answer) error {
	_, err := s.claims.Update(ctx, func(c *claim) error {
		c.State = idempotency.Done
		if len(a.Body) <= idempotency.MaxAnswer {
			c.Answer = &a
		}
		return nil
	}, of(r, idempotency.Running, idempotency.Committed))
	return err
}

// Forget implements web.Idempotency.
func (s *Store) Forget(ctx context.Context, r idempotency.Claim) error {
	if _, err := s.claims.Delete(ctx, of(r, idempotency.Running)); err != nil {
		return err
	}
	_, err := s.claims.Update(ctx, func(c *claim) error {
		c.State = idempotency.Lost
		return nil
	}, of(r, idempotency.Committed))
	if errors.Is(err, idempotency.ErrInProgress) { // there is none
		return nil
	}
	return err
}
