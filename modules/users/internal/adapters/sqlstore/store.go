// Package sqlstore keeps users in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "users", Files: files} }

type organizationRow struct {
	bun.BaseModel `bun:"table:users_organizations,alias:o"`
	users.Organization
}

type userRow struct {
	bun.BaseModel `bun:"table:users_users,alias:u"`
	users.User
}

// Store implements core.Store.
type Store struct {
	db            *sqldb.DB
	organizations sqldb.Table[users.Organization, organizationRow]
	users         sqldb.Table[users.User, userRow]
	byID          *sqldb.Stmt // a user
	pageOfAll     *sqldb.Stmt
	permissions   sqldb.Table[users.Permission, permissionRow]
	keys          sqldb.Table[core.APIKey, keyRow]
	mails         sqldb.Table[core.Mail, mailRow]
	audit         sqldb.Table[core.AuditEntry, auditRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db:        db,
		pageOfAll: db.Stmt(pageOfAll),
		organizations: sqldb.NewTable(db,
			func(o users.Organization) organizationRow { return organizationRow{Organization: o} },
			func(r organizationRow) users.Organization { return r.Organization }, core.ErrNoOrg, core.ErrDomainTaken),
		users: sqldb.NewTable(db,
			func(u users.User) userRow { return userRow{User: u} },
			func(r userRow) users.User { return r.User }, core.ErrNotFound, core.ErrEmailTaken),
		byID: db.Stmt(`SELECT id, organization_id, email, is_staff, is_superuser, is_active, date_joined, first_name, last_name
			FROM users_users WHERE id = $1 AND organization_id = $2`),
		permissions: sqldb.NewTable(db,
			func(p users.Permission) permissionRow { return permissionRow{Permission: p} },
			func(r permissionRow) users.Permission { return r.Permission }, core.ErrNoPermission, core.ErrHasRole),
		mails: sqldb.NewTable(db,
			func(m core.Mail) mailRow { return mailRow{Mail: m} },
			func(r mailRow) core.Mail { return r.Mail }, core.ErrToken, nil),
		keys:  sqldb.NewTable(db, toKeyRow, keyRow.key, core.ErrNoKey, nil),
		audit: sqldb.NewTable(db, toAuditRow, auditRow.entry, core.ErrNotFound, nil),
	}
}

// AddOrganization implements core.Store.
func (s *Store) AddOrganization(ctx context.Context, o users.Organization) (users.Organization, error) {
	return s.organizations.Add(ctx, o)
}

// Organization implements core.Store.
func (s *Store) Organization(ctx context.Context, id int64) (users.Organization, error) {
	return s.organizations.Get(ctx, sqldb.Eq("id", id))
}

// OrganizationByDomain implements core.Store.
func (s *Store) OrganizationByDomain(ctx context.Context, domain string) (users.Organization, error) {
	return s.organizations.Get(ctx, sqldb.Fold("domain", strings.ToLower(domain)))
}

// UpdateOrganization implements core.Store.
func (s *Store) UpdateOrganization(ctx context.Context, id int64, change func(*users.Organization) error) (users.Organization, error) {
	return s.organizations.Update(ctx, change, sqldb.Eq("id", id))
}

// HasOrganizations implements core.Store.
func (s *Store) HasOrganizations(ctx context.Context) (bool, error) {
	n, err := s.organizations.Count(ctx)
	return n > 0, err
}

// LockOrganization implements core.Store. SQLite has one writer, which is
// lock enough.
func (s *Store) LockOrganization(ctx context.Context, id int64) error {
	if !s.db.Postgres() {
		return nil
	}
	var locked int64
	if err := s.db.On(ctx).NewRaw("SELECT id FROM users_organizations WHERE id = ? FOR UPDATE", id).Scan(ctx, &locked); err != nil {
		return fmt.Errorf("locking organization %d: %w", id, err)
	}
	return nil
}

// AddUser implements core.Store.
func (s *Store) AddUser(ctx context.Context, u users.User) (users.User, error) {
	err := s.db.Within(ctx, func(ctx context.Context) (err error) {
		if u, err = s.users.Add(ctx, u); err != nil {
			return err
		}
		if u.Email != "" {
			if err := s.take(ctx, u.Email, users.Key(u.ID)); err != nil {
				return err
			}
		}
		return s.count(ctx, u.OrganizationID, map[bool]int64{u.IsActive: 1})
	})
	return u, err
}

// User implements core.Store.
func (s *Store) User(ctx context.Context, org, id int64) (users.User, error) {
	var u users.User
	to := []any{&u.ID, &u.OrganizationID, &u.Email, &u.IsStaff, &u.IsSuperuser, &u.IsActive, &u.DateJoined, &u.FirstName, &u.LastName}
	switch err := s.byID.Row(ctx, to, id, org); {
	case errors.Is(err, sql.ErrNoRows):
		return users.User{}, core.ErrNotFound
	case err != nil:
		return users.User{}, fmt.Errorf("reading user %d: %w", id, err)
	}
	u.DateJoined = u.DateJoined.UTC()
	return u, nil
}

// UpdateUser implements core.Store.
func (s *Store) UpdateUser(ctx context.Context, org, id int64, change func(*users.User) error) (users.User, error) {
	var after users.User
	err := s.db.Within(ctx, func(ctx context.Context) (err error) {
		var was users.User
		after, err = s.users.Update(ctx, func(u *users.User) error { was = *u; return change(u) }, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
		switch {
		case err != nil || after.Email == was.Email:
		case after.Email == "":
			err = s.Release(ctx, []string{users.Key(id)})
		default:
			err = s.Claim(ctx, after.Email, users.Key(id))
		}
		if err != nil || after.IsActive == was.IsActive {
			return err
		}
		return s.count(ctx, org, map[bool]int64{was.IsActive: -1, after.IsActive: 1})
	})
	return after, err
}

// Users implements core.Store.
func (s *Store) Users(ctx context.Context, org int64, ids []int64) ([]users.User, error) {
	return s.users.List(ctx, len(ids), "id", sqldb.Eq("organization_id", org), sqldb.In("id", ids))
}

// GlobalAdmins implements core.Store.
func (s *Store) GlobalAdmins(ctx context.Context, org int64, limit int) ([]users.User, error) {
	return s.users.List(ctx, limit, "id", sqldb.Eq("organization_id", org), sqldb.Eq("is_superuser", true), sqldb.Eq("is_active", true))
}

// GlobalAdminIDs implements core.Store.
func (s *Store) GlobalAdminIDs(ctx context.Context, org int64, limit int) ([]int64, error) {
	ids := []int64{}
	err := s.db.On(ctx).NewSelect().TableExpr("users_users").Column("id").
		Where("organization_id = ? AND is_superuser = ?", org, true).OrderExpr("id").Limit(int64(limit)).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("listing the global admins of organization %d: %w", org, err)
	}
	return ids, nil
}

// DeleteUsers implements core.Store.
func (s *Store) DeleteUsers(ctx context.Context, org int64, ids []int64) error {
	gone, err := s.users.Delete(ctx, sqldb.Eq("organization_id", org), sqldb.In("id", ids))
	if err != nil {
		return err
	}
	was, holders := make([]int64, len(gone)), make([]string, len(gone))
	fewer := map[bool]int64{}
	for i, u := range gone {
		was[i], holders[i] = u.ID, users.Key(u.ID)
		fewer[u.IsActive]--
	}
	for _, table := range []string{"users_credentials", "users_permissions", "users_api_keys", "users_mails"} {
		if _, err := s.db.On(ctx).NewDelete().TableExpr(table).Where("user_id IN (?)", bun.List(was)).Exec(ctx); err != nil {
			return fmt.Errorf("deleting from %s: %w", table, err)
		}
	}
	if err := s.Release(ctx, holders); err != nil {
		return err
	}
	return s.count(ctx, org, fewer)
}
