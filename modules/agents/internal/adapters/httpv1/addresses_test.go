package httpv1_test

import (
	"context"
	"slices"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// addresses stands in for the namespace that users keeps: what people have is
// theirs, and what is claimed lies in the same database as the agents.
type addresses struct {
	db     *memory.DB
	people *people
	claims *memory.Table[claimed]
}

type claimed struct {
	ID              int64
	Address, Holder string
}

var errTaken = apperr.New(apperr.Conflict, "users.email_taken", "This address is in use.")

func newAddresses(db *memory.DB, p *people) *addresses {
	return &addresses{db: db, people: p, claims: memory.NewTable(db, memory.Spec[claimed]{
		ID: func(c *claimed) *int64 { return &c.ID }, Unique: []func(claimed) string{func(c claimed) string { return c.Address }}, Taken: errTaken,
	})}
}

// Claim implements users.Addresses.
func (a *addresses) Claim(ctx context.Context, address, holder string) error {
	if len(a.people.where(func(u users.User) bool { return strings.EqualFold(u.Email, address) })) > 0 {
		return errTaken
	}
	address = strings.ToLower(address)
	return a.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		has, err := a.claims.Count(ctx, func(c claimed) bool { return c.Address == address && c.Holder == holder })
		if err == nil && has == 0 {
			_, err = a.claims.Add(ctx, claimed{Address: address, Holder: holder})
		}
		if err != nil {
			return err
		}
		_, err = a.claims.Delete(ctx, func(c claimed) bool { return c.Address != address && c.Holder == holder })
		return err
	})
}

// Release implements users.Addresses.
func (a *addresses) Release(ctx context.Context, holders []string) error {
	_, err := a.claims.Delete(ctx, func(c claimed) bool { return slices.Contains(holders, c.Holder) })
	return err
}

// held are all addresses that are claimed, by their holders.
func (h house) held() map[string]string {
	h.t.Helper()
	all, err := h.addresses.claims.List(h.t.Context(), func(claimed) bool { return true })
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range all {
		out[c.Holder] = c.Address
	}
	return out
}
