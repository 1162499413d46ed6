package memstore

import (
	"context"
	"slices"
	"strings"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

type address struct {
	ID              int64
	Address, Holder string
}

func newAddresses(db *memory.DB) *memory.Table[address] {
	return memory.NewTable(db, memory.Spec[address]{
		ID:     func(a *address) *int64 { return &a.ID },
		Unique: []func(address) string{func(a address) string { return a.Address }},
		Taken:  core.ErrEmailTaken,
	})
}

// Claim implements core.AddressStore.
func (s *Store) Claim(ctx context.Context, claimed, holder string) error {
	claimed = strings.ToLower(claimed)
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		has, err := s.addresses.Count(ctx, func(a address) bool { return a.Address == claimed && a.Holder == holder })
		if err == nil && has == 0 {
			_, err = s.addresses.Add(ctx, address{Address: claimed, Holder: holder})
		}
		if err != nil {
			return err
		}
		_, err = s.addresses.Delete(ctx, func(a address) bool { return a.Holder == holder && a.Address != claimed })
		return err
	})
}

// Release implements core.AddressStore.
func (s *Store) Release(ctx context.Context, holders []string) error {
	_, err := s.addresses.Delete(ctx, func(a address) bool { return slices.Contains(holders, a.Holder) })
	return err
}
