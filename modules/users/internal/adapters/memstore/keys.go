package memstore

import (
	"context"
	"slices"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/page"
)

// AddKey implements core.KeyStore.
func (s *Store) AddKey(ctx context.Context, k core.APIKey) (core.APIKey, error) {
	return s.keys.Add(ctx, k)
}

// Key implements core.KeyStore.
func (s *Store) Key(ctx context.Context, org, id int64) (core.APIKey, error) {
	return s.keys.Get(ctx, func(k core.APIKey) bool { return k.ID == id && k.OrganizationID == org })
}

// KeysPage implements core.KeyStore.
func (s *Store) KeysPage(ctx context.Context, org, userID int64, p page.Request) (page.Of[core.APIKey], error) {
	return s.keys.Page(ctx, p, false, core.KeyByID, func(k core.APIKey) bool { return k.OrganizationID == org && k.UserID == userID })
}

// KeyOwner implements core.KeyStore.
func (s *Store) KeyOwner(ctx context.Context, hash string) (int64, error) {
	k, err := s.keys.Get(ctx, func(k core.APIKey) bool { return k.Hash == hash })
	return k.UserID, err
}

// DeleteKey implements core.KeyStore.
func (s *Store) DeleteKey(ctx context.Context, org, id int64) error {
	_, err := s.keys.Delete(ctx, func(k core.APIKey) bool { return k.ID == id && k.OrganizationID == org })
	return err
}

// DeleteKeys implements core.KeyStore.
func (s *Store) DeleteKeys(ctx context.Context, org, userID int64) (int, error) {
	gone, err := s.keys.Delete(ctx, func(k core.APIKey) bool { return k.UserID == userID && k.OrganizationID == org })
	return len(gone), err
}

// KeysUsed implements core.KeyStore.
func (s *Store) KeysUsed(ctx context.Context, ids []int64, at time.Time) error {
	for _, id := range ids {
		mine := func(k core.APIKey) bool {
			return k.ID == id && (k.LastUsedOn == nil || k.LastUsedOn.Before(at))
		}
		if n, err := s.keys.Count(ctx, mine); err != nil || n == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := s.keys.Update(ctx, func(k *core.APIKey) error { k.LastUsedOn = &at; return nil }, mine); err != nil {
			return err
		}
	}
	return nil
}

// AddAudit implements core.AuditStore.
func (s *Store) AddAudit(ctx context.Context, entries ...core.AuditEntry) error {
	_, err := s.audit.AddAll(ctx, slices.Clone(entries))
	return err
}

// AuditPage implements core.AuditStore.
func (s *Store) AuditPage(ctx context.Context, org int64, f core.AuditFilter, p page.Request) (page.Of[core.AuditEntry], error) {
	return s.audit.Page(ctx, p, true, core.AuditKey, func(e core.AuditEntry) bool {
		return e.OrganizationID == org && (f.UserID == 0 || e.UserID == f.UserID) && (f.Action == "" || e.Action == f.Action) &&
			(f.From == nil || !e.At.Before(*f.From)) && (f.To == nil || e.At.Before(*f.To))
	})
}
