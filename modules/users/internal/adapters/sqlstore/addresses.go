package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"parley/modules/users/internal/core"
)

// take gives the holder the address unless another one has it. The statement
// then changes nothing rather than fail, so that the transaction lives on.
func (s *Store) take(ctx context.Context, address, holder string) error {
	res, err := s.db.On(ctx).NewRaw(`INSERT INTO users_addresses (address, holder) VALUES (?, ?)
		ON CONFLICT (address) DO UPDATE SET holder = EXCLUDED.holder WHERE users_addresses.holder = EXCLUDED.holder`,
		strings.ToLower(address), holder).Exec(ctx)
	if err != nil {
		return fmt.Errorf("claiming an address for %s: %w", holder, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("claiming an address for %s: %w", holder, err)
	}
	if n == 0 {
		return core.ErrEmailTaken
	}
	return nil
}

// Claim implements core.AddressStore. The new address comes before the old one
// goes, so that two who swap theirs are refused and don't wait for each other.
func (s *Store) Claim(ctx context.Context, address, holder string) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		if err := s.take(ctx, address, holder); err != nil {
			return err
		}
		_, err := s.db.On(ctx).NewDelete().TableExpr("users_addresses").Where("holder = ? AND address <> ?", holder, strings.ToLower(address)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("freeing the earlier address of %s: %w", holder, err)
		}
		return nil
	})
}

// Release implements core.AddressStore.
func (s *Store) Release(ctx context.Context, holders []string) error {
	if len(holders) == 0 {
		return nil
	}
	if _, err := s.db.On(ctx).NewDelete().TableExpr("users_addresses").Where("holder IN (?)", bun.List(holders)).Exec(ctx); err != nil {
		return fmt.Errorf("freeing addresses: %w", err)
	}
	return nil
}
