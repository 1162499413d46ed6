// Package sqlstore keeps users in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
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
	permissions   sqldb.Table[users.Permission, permissionRow]
	keys          sqldb.Table[core.APIKey, keyRow]
	audit         sqldb.Table[core.AuditEntry, auditRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db: db,
		organizations: sqldb.NewTable(db,
			func(o users.Organization) organizationRow { return organizationRow{Organization: o} },
			func(r organizationRow) users.Organization { return r.Organization }, core.ErrNoOrg, core.ErrDomainTaken),
		users: sqldb.NewTable(db,
			func(u users.User) userRow { return userRow{User: u} },
			func(r userRow) users.User { return r.User }, core.ErrNotFound, core.ErrEmailTaken),
		permissions: sqldb.NewTable(db,
			func(p users.Permission) permissionRow { return permissionRow{Permission: p} },
			func(r permissionRow) users.Permission { return r.Permission }, core.ErrNoPermission, core.ErrHasRole),
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
		if u, err = s.users.Add(ctx, u); err != nil || u.Email == "" {
			return err
		}
		return s.take(ctx, u.Email, users.Key(u.ID))
	})
	return u, err
}

// User implements core.Store.
func (s *Store) User(ctx context.Context, org, id int64) (users.User, error) {
	return s.users.Get(ctx, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
}

// UpdateUser implements core.Store.
func (s *Store) UpdateUser(ctx context.Context, org, id int64, change func(*users.User) error) (users.User, error) {
	var after users.User
	err := s.db.Within(ctx, func(ctx context.Context) (err error) {
		var was string
		after, err = s.users.Update(ctx, func(u *users.User) error { was = u.Email; return change(u) }, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
		switch {
		case err != nil || after.Email == was:
			return err
		case after.Email == "":
			return s.Release(ctx, []string{users.Key(id)})
		}
		return s.Claim(ctx, after.Email, users.Key(id))
	})
	return after, err
}

// Users implements core.Store.
func (s *Store) Users(ctx context.Context, org int64, ids []int64) ([]users.User, error) {
	return s.users.List(ctx, len(ids), "id", sqldb.Eq("organization_id", org), sqldb.In("id", ids))
}

// pageRow is a user of a list, with the length of the whole list.
type pageRow struct {
	bun.BaseModel `bun:"table:users_users,alias:u"`
	users.User
	Total int64 `bun:",scanonly"`
}

// UsersPage implements core.Store in one statement, also where it counts.
func (s *Store) UsersPage(ctx context.Context, org int64, f core.Filter, p page.Request) (page.Of[users.User], error) {
	out := page.Of[users.User]{Count: -1, Request: p, Items: []users.User{}}
	where := filter(org, f)
	var rows []pageRow
	q := s.db.On(ctx).NewSelect().Model(&rows).ColumnExpr("u.*")
	if p.Keyset() {
		q = q.ColumnExpr("-1 AS total")
	} else {
		count := narrowed(s.db.On(ctx).NewSelect().TableExpr("users_users AS u").ColumnExpr("count(*)"), where)
		q = q.ColumnExpr("(?) AS total", count)
	}
	q = narrowed(q, where)
	if p.Cursor != "" {
		var after page.Key
		if err := page.DecodeCursor(p.Cursor, &after); err != nil {
			return out, err
		}
		q = q.Where("u.id > ?", after.ID)
	}
	// One more than asked tells whether anything follows.
	err := q.OrderExpr("u.id").Limit(int64(p.Limit()) + 1).Offset(int64(p.Offset())).Scan(ctx)
	if err != nil {
		return out, fmt.Errorf("listing users: %w", err)
	}
	for _, r := range rows[:min(len(rows), p.Limit())] {
		out.Items = append(out.Items, r.User)
		out.Count = r.Total
	}
	if len(rows) > p.Limit() {
		out.NextCursor = page.EncodeCursor(core.ByID(out.Items[len(out.Items)-1]))
	}
	if len(rows) == 0 && !p.Keyset() { // nothing, or a page behind the last
		out.Count, err = s.users.Count(ctx, where...)
	}
	return out, err
}

func narrowed(q *bun.SelectQuery, where []sqldb.Where) *bun.SelectQuery {
	for _, w := range where {
		q = q.ApplyQueryBuilder(w)
	}
	return q
}

func filter(org int64, f core.Filter) []sqldb.Where {
	where := []sqldb.Where{sqldb.Eq("u.organization_id", org)}
	if f.IsActive != nil {
		where = append(where, sqldb.Eq("u.is_active", *f.IsActive))
	}
	if f.Text != "" {
		text := strings.ToLower(f.Text)
		where = append(where, sqldb.Any(sqldb.Contains("email", text), sqldb.Contains("first_name", text), sqldb.Contains("last_name", text)))
	}
	if f.TeamID != 0 {
		where = append(where, sqldb.Cond("u.id IN (SELECT user_id FROM users_permissions WHERE resource_type = ? AND resource_id = ? AND organization_id = ?)", string(actor.Team), f.TeamID, org))
	}
	return where
}

// GlobalAdmins implements core.Store.
func (s *Store) GlobalAdmins(ctx context.Context, org int64, limit int) ([]users.User, error) {
	return s.users.List(ctx, limit, "id", sqldb.Eq("organization_id", org), sqldb.Eq("is_superuser", true), sqldb.Eq("is_active", true))
}

// DeleteUsers implements core.Store.
func (s *Store) DeleteUsers(ctx context.Context, org int64, ids []int64) error {
	gone, err := s.users.Delete(ctx, sqldb.Eq("organization_id", org), sqldb.In("id", ids))
	if err != nil {
		return err
	}
	was, holders := make([]int64, len(gone)), make([]string, len(gone))
	for i, u := range gone {
		was[i], holders[i] = u.ID, users.Key(u.ID)
	}
	for _, table := range []string{"users_credentials", "users_permissions", "users_api_keys"} {
		if _, err := s.db.On(ctx).NewDelete().TableExpr(table).Where("user_id IN (?)", bun.List(was)).Exec(ctx); err != nil {
			return fmt.Errorf("deleting from %s: %w", table, err)
		}
	}
	return s.Release(ctx, holders)
}
