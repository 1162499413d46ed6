package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/sqldb"
)

type permissionRow struct {
	bun.BaseModel `bun:"table:users_permissions,alias:p"`
	users.Permission
}

// credentialRow is a user with how they prove it.
type credentialRow struct {
	bun.BaseModel `bun:"table:users_users,alias:u"`
	users.User
	PasswordHash string
	SessionEpoch int64
}

// SetPassword implements core.Credentials.
func (s *Store) SetPassword(ctx context.Context, userID int64, hash string) error {
	_, err := s.db.On(ctx).NewRaw("INSERT INTO users_credentials (user_id, password_hash, session_epoch) VALUES (?, ?, 1) ON CONFLICT (user_id) DO UPDATE SET password_hash = EXCLUDED.password_hash", userID, hash).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing the password of user %d: %w", userID, err)
	}
	return nil
}

func (s *Store) credential(ctx context.Context, where string, arg any) (core.Credential, error) {
	var row credentialRow
	err := s.db.On(ctx).NewSelect().Model(&row).ColumnExpr("u.*, c.password_hash, c.session_epoch").
		Join("JOIN users_credentials AS c ON c.user_id = u.id").Where(where, arg).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.Credential{}, core.ErrNotFound
	}
	if err != nil {
		return core.Credential{}, fmt.Errorf("reading credentials: %w", err)
	}
	return core.Credential{User: row.User, PasswordHash: row.PasswordHash, Epoch: row.SessionEpoch}, nil
}

// CredentialByEmail implements core.Credentials.
func (s *Store) CredentialByEmail(ctx context.Context, email string) (core.Credential, error) {
	if email == "" {
		return core.Credential{}, core.ErrNotFound
	}
	return s.credential(ctx, "lower(u.email) = lower(?)", email)
}

// Identity implements core.Credentials.
func (s *Store) Identity(ctx context.Context, userID int64) (core.Credential, []users.Permission, error) {
	c, err := s.credential(ctx, "u.id = ?", userID)
	if err != nil {
		return core.Credential{}, nil, err
	}
	ps, err := s.permissions.List(ctx, maxPermissions, "id", sqldb.Eq("user_id", userID))
	return c, ps, err
}

// maxPermissions bounds what one user can be granted directly.
const maxPermissions = 10_000

// AddPermissions implements core.PermissionStore.
func (s *Store) AddPermissions(ctx context.Context, ps []users.Permission) error {
	if len(ps) == 0 {
		return nil
	}
	rows := make([]permissionRow, len(ps))
	for i, p := range ps {
		rows[i] = permissionRow{Permission: p}
	}
	_, err := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (user_id, resource_type, resource_id) DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("adding permissions: %w", err)
	}
	return nil
}

// Permissions implements core.PermissionStore.
func (s *Store) Permissions(ctx context.Context, org int64, r actor.Resource, ids, only []int64) ([]users.Permission, error) {
	return s.permissions.List(ctx, maxPermissions, "resource_id, user_id", onResource(org, r, ids, only)...)
}

// DeletePermissions implements core.PermissionStore.
func (s *Store) DeletePermissions(ctx context.Context, org int64, r actor.Resource, ids, only []int64) ([]users.Permission, error) {
	return s.permissions.Delete(ctx, onResource(org, r, ids, only)...)
}

func onResource(org int64, r actor.Resource, ids, only []int64) []sqldb.Where {
	where := []sqldb.Where{sqldb.Eq("organization_id", org), sqldb.Eq("resource_type", string(r)), sqldb.In("resource_id", ids)}
	if only != nil {
		where = append(where, sqldb.In("user_id", only))
	}
	return where
}
