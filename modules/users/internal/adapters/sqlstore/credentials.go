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
	KeptSession  string
}

// SetPassword implements core.Credentials.
func (s *Store) SetPassword(ctx context.Context, userID int64, hash string) error {
	_, err := s.db.On(ctx).NewRaw(`INSERT INTO users_credentials (user_id, password_hash, session_epoch) VALUES (?, ?, 1)
		ON CONFLICT (user_id) DO UPDATE SET password_hash = EXCLUDED.password_hash`, userID, hash).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing the password of user %d: %w", userID, err)
	}
	return nil
}

func (s *Store) credential(ctx context.Context, where string, arg any) (core.Credential, error) {
	var row credentialRow
	err := s.db.On(ctx).NewSelect().Model(&row).ColumnExpr("u.*, c.password_hash, c.session_epoch, c.kept_session").
		Join("JOIN users_credentials AS c ON c.user_id = u.id").Where(where, arg).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.Credential{}, core.ErrNotFound
	}
	if err != nil {
		return core.Credential{}, fmt.Errorf("reading credentials: %w", err)
	}
	return core.Credential{User: row.User, PasswordHash: row.PasswordHash, Epoch: row.SessionEpoch, Kept: row.KeptSession}, nil
}

// CredentialByEmail implements core.Credentials.
func (s *Store) CredentialByEmail(ctx context.Context, email string) (core.Credential, error) {
	if email == "" {
		return core.Credential{}, core.ErrNotFound
	}
	// The second half says what the index of addresses is limited to.
	return s.credential(ctx, "lower(u.email) = lower(?) AND u.email <> ''", email)
}

// CredentialByID implements core.Credentials.
func (s *Store) CredentialByID(ctx context.Context, userID int64) (core.Credential, error) {
	return s.credential(ctx, "u.id = ?", userID)
}

// EndSessions implements core.Credentials.
func (s *Store) EndSessions(ctx context.Context, userID int64, kept string) error {
	_, err := s.db.On(ctx).NewRaw("UPDATE users_credentials SET session_epoch = session_epoch + 1, kept_session = ? WHERE user_id = ?", kept, userID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("ending the sessions of user %d: %w", userID, err)
	}
	return nil
}

// Identity implements core.Credentials.
func (s *Store) Identity(ctx context.Context, userID int64) (core.Identity, error) {
	c, err := s.CredentialByID(ctx, userID)
	if err != nil {
		return core.Identity{}, err
	}
	ps, err := s.permissions.List(ctx, maxPermissions, "id", sqldb.Eq("user_id", userID))
	if err != nil {
		return core.Identity{}, err
	}
	keys, err := s.keys.List(ctx, maxKeys, "id", sqldb.Eq("user_id", userID))
	return core.Identity{Credential: c, Permissions: ps, Keys: keys}, err
}

// maxKeys is more than the core lets a user have.
const maxKeys = 1000

// maxPermissions bounds what one user can be granted directly, and how many
// roles are answered at once.
const maxPermissions = 10_000

// AddPermissions implements core.PermissionStore.
func (s *Store) AddPermissions(ctx context.Context, ps []users.Permission) ([]users.Permission, error) {
	if len(ps) == 0 {
		return nil, nil
	}
	rows := make([]permissionRow, len(ps))
	for i, p := range ps {
		rows[i] = permissionRow{Permission: p}
	}
	var added []permissionRow
	err := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT ("+oneRole+") DO NOTHING").Returning("*").Scan(ctx, &added)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("adding permissions: %w", err)
	}
	out := make([]users.Permission, len(added))
	for i, r := range added {
		out[i] = r.Permission
	}
	return out, nil
}

// oneRole are the columns of which there is one row.
const oneRole = "user_id, resource_type, resource_id"

// PutPermission implements core.PermissionStore.
func (s *Store) PutPermission(ctx context.Context, p users.Permission) (users.Permission, error) {
	return s.permissions.Upsert(ctx, p, oneRole, "role = EXCLUDED.role", "modified_by = EXCLUDED.created_by", "modified_on = EXCLUDED.modified_on")
}

// Permission implements core.PermissionStore.
func (s *Store) Permission(ctx context.Context, org, id int64) (users.Permission, error) {
	return s.permissions.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
}

// UpdatePermission implements core.PermissionStore.
func (s *Store) UpdatePermission(ctx context.Context, org, id int64, change func(*users.Permission) error) (users.Permission, error) {
	return s.permissions.Update(ctx, change, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
}

// DeletePermission implements core.PermissionStore.
func (s *Store) DeletePermission(ctx context.Context, org, id int64) (users.Permission, error) {
	gone, err := s.permissions.Delete(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
	if err == nil && len(gone) == 0 {
		err = core.ErrNoPermission
	}
	if err != nil {
		return users.Permission{}, err
	}
	return gone[0], nil
}

// Permissions implements core.PermissionStore.
func (s *Store) Permissions(ctx context.Context, org int64, r actor.Resource, ids, only []int64) ([]users.Permission, error) {
	found, err := s.permissions.List(ctx, maxPermissions+1, "resource_id, user_id", onResource(org, r, ids, only)...)
	if len(found) > maxPermissions {
		// A part of them would be taken for all.
		return nil, fmt.Errorf("listing roles on %d of kind %s: more than %d", len(ids), r, maxPermissions)
	}
	return found, err
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
