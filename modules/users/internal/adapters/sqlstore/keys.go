package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type keyRow struct {
	bun.BaseModel  `bun:"table:users_api_keys,alias:k"`
	ID             int64
	OrganizationID int64
	UserID         int64
	Name           string
	Hash           string
	Hint           string
	ScopeKind      string
	ScopeGroups    string // JSON
	ExpiresOn      *time.Time
	LastUsedOn     *time.Time
	audit.Audit
}

func toKeyRow(k core.APIKey) keyRow {
	groups := "{}"
	if raw, err := json.Marshal(k.Scope.Groups); err == nil && len(k.Scope.Groups) > 0 {
		groups = string(raw)
	}
	return keyRow{
		ID: k.ID, OrganizationID: k.OrganizationID, UserID: k.UserID, Name: k.Name, Hash: k.Hash, Hint: k.Hint,
		ScopeKind: string(k.Scope.Kind), ScopeGroups: groups, ExpiresOn: k.ExpiresOn, LastUsedOn: k.LastUsedOn, Audit: k.Audit,
	}
}

func (r keyRow) key() core.APIKey {
	k := core.APIKey{
		ID: r.ID, OrganizationID: r.OrganizationID, UserID: r.UserID, Name: r.Name, Hash: r.Hash, Hint: r.Hint,
		Scope: actor.Scope{Kind: actor.ScopeKind(r.ScopeKind)}, ExpiresOn: r.ExpiresOn, LastUsedOn: r.LastUsedOn, Audit: r.Audit,
	}
	// What can't be read allows nothing.
	if err := json.Unmarshal([]byte(r.ScopeGroups), &k.Scope.Groups); err != nil || len(k.Scope.Groups) == 0 {
		k.Scope.Groups = nil
	}
	return k
}

// AddKey implements core.KeyStore.
func (s *Store) AddKey(ctx context.Context, k core.APIKey) (core.APIKey, error) {
	return s.keys.Add(ctx, k)
}

// Key implements core.KeyStore.
func (s *Store) Key(ctx context.Context, org, id int64) (core.APIKey, error) {
	return s.keys.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
}

// KeysPage implements core.KeyStore.
func (s *Store) KeysPage(ctx context.Context, org, userID int64, p page.Request) (page.Of[core.APIKey], error) {
	return s.keys.Page(ctx, p, sqldb.Order[core.APIKey]{Key: core.KeyByID}, sqldb.Eq("organization_id", org), sqldb.Eq("user_id", userID))
}

// KeyOwner implements core.KeyStore.
func (s *Store) KeyOwner(ctx context.Context, hash string) (int64, error) {
	k, err := s.keys.Get(ctx, sqldb.Eq("hash", hash))
	return k.UserID, err
}

// DeleteKey implements core.KeyStore.
func (s *Store) DeleteKey(ctx context.Context, org, id int64) error {
	_, err := s.keys.Delete(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
	return err
}

// DeleteKeys implements core.KeyStore.
func (s *Store) DeleteKeys(ctx context.Context, org, userID int64) (int, error) {
	gone, err := s.keys.Delete(ctx, sqldb.Eq("user_id", userID), sqldb.Eq("organization_id", org))
	return len(gone), err
}

// KeysUsed implements core.KeyStore.
func (s *Store) KeysUsed(ctx context.Context, ids []int64, at time.Time) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("users_api_keys").Set("last_used_on = ?", at).
		Where("id IN (?)", bun.List(ids)).Where("last_used_on IS NULL OR last_used_on < ?", at).Exec(ctx)
	if err != nil {
		return fmt.Errorf("noting the use of keys: %w", err)
	}
	return nil
}
