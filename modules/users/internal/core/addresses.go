package core

import "context"

// Claim implements users.Addresses.
func (s *Service) Claim(ctx context.Context, address, holder string) error {
	return s.Store.Claim(ctx, normalEmail(address), holder)
}

// Release implements users.Addresses.
func (s *Service) Release(ctx context.Context, holders []string) error {
	return s.Store.Release(ctx, holders)
}
