package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

// Who holds what is read in the order of the index users_permissions_holders,
// which also has all that is asked of a row that is not answered. So a part
// costs what it has, and a count what it counts, whatever else is in the
// table. The id of the resource is its first column because there are only a
// few kinds: where nearly all rows are of one, SQLite would skip over the kind
// and lose the order.

// RolesOf implements core.RoleStore.
func (s *Store) RolesOf(ctx context.Context, org int64, of []int64, on []users.On) ([]users.Permission, error) {
	if len(of) == 0 || len(on) == 0 {
		return nil, nil
	}
	each := make([]sqldb.Where, len(on))
	for i, o := range on {
		each[i] = sqldb.Cond("resource_type = ? AND resource_id = ?", string(o.Resource), o.ID)
	}
	found, err := s.permissions.List(ctx, maxPermissions+1, "user_id, id", sqldb.Eq("organization_id", org), sqldb.In("user_id", of), sqldb.Any(each...))
	if len(found) > maxPermissions {
		return nil, fmt.Errorf("listing the roles of %d users: more than %d", len(of), maxPermissions)
	}
	return found, err
}

// RolesPage implements core.RoleStore.
func (s *Store) RolesPage(ctx context.Context, org int64, r actor.Resource, id int64, p page.Request) (page.Of[users.Permission], error) {
	return s.permissions.Page(ctx, p, sqldb.Order[users.Permission]{ID: "user_id", Key: core.ByUser}, onResource(org, r, []int64{id}, nil)...)
}

// values are what rows keep.
func values[R, V any](rows []R, value func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = value(r)
	}
	return out
}

// startsAfter is the id after which a part begins; 0 without a cursor.
func startsAfter(p page.Request) (int64, error) {
	var after page.Key
	if p.Cursor == "" {
		return 0, nil
	}
	err := page.DecodeCursor(p.Cursor, &after)
	return after.ID, err
}

// PeoplePage implements core.RoleStore. Each part of the filter gives no more
// ids than the page can need, in order, so that a way that a hundred thousand
// people took costs what one costs that ten took.
func (s *Store) PeoplePage(ctx context.Context, org int64, of users.UserFilter, p page.Request) (page.Of[users.User], error) {
	out := page.Of[users.User]{Count: -1, Request: p, Items: []users.User{}}
	after, err := startsAfter(p)
	if err != nil {
		return out, err
	}
	part := func(q *bun.SelectQuery, key string) *bun.SelectQuery {
		if p.Cursor != "" {
			q = q.Where("? > ?", bun.Ident(key), after)
			// PostgreSQL may read users from the first on when it isn't said of
			// them, too; said twice of them, SQLite takes a worse index.
			if key != "u.id" {
				q = q.Where("u.id > ?", after)
			}
		}
		return q.OrderExpr("?", bun.Ident(key)).Limit(int64(p.Offset() + p.Fetch()))
	}
	var rows []userRow
	ids := s.db.NewSelect().TableExpr("(?) AS filtered", s.filtered(org, of, part)).OrderExpr("id").Limit(int64(p.Fetch())).Offset(int64(p.Offset()))
	err = s.db.On(ctx).NewSelect().Model(&rows).ColumnExpr("u.*").Join("JOIN (?) AS found ON found.id = u.id", ids).OrderExpr("u.id").Scan(ctx)
	if err != nil {
		return out, fmt.Errorf("listing people with roles: %w", err)
	}
	out = page.Trim(values(rows, func(r userRow) users.User { return r.User }), p, core.ByID)
	if !p.Keyset() {
		all := s.filtered(org, of, func(q *bun.SelectQuery, _ string) *bun.SelectQuery { return q })
		if err := s.db.On(ctx).NewSelect().TableExpr("(?) AS filtered", all).ColumnExpr("count(*)").Scan(ctx, &out.Count); err != nil {
			return out, fmt.Errorf("counting people with roles: %w", err)
		}
	}
	return out, nil
}

// filtered is the ids of the active users of a filter, each once. part narrows
// each way into it, which gives users by the column it is told. There is one
// way at least.
func (s *Store) filtered(org int64, of users.UserFilter, part func(q *bun.SelectQuery, key string) *bun.SelectQuery) *bun.SelectQuery {
	var all *bun.SelectQuery
	way := func(q *bun.SelectQuery, key string) {
		q = part(q.ColumnExpr("u.id").Where("u.organization_id = ? AND u.is_active", org), key)
		// The databases take an order and a limit within a union only like this.
		q = s.db.NewSelect().TableExpr("(?) AS way", q).ColumnExpr("way.id")
		if all == nil {
			all = q
			return
		}
		all = all.Union(q)
	}
	for _, g := range of.Grants {
		// SQLite reads the tables of a CROSS JOIN in this order, and so the roles
		// by their index; to PostgreSQL it is a join like any other.
		q := s.db.NewSelect().TableExpr("users_permissions AS p CROSS JOIN users_users AS u").
			Where("u.id = p.user_id AND p.resource_type = ? AND p.resource_id = ? AND p.organization_id = ?", string(g.Resource), g.ID, org)
		if g.Role == actor.Admin {
			q = q.Where("p.role = ?", g.Role.String())
		}
		way(q, "p.user_id")
	}
	if len(of.Users) > 0 {
		way(s.db.NewSelect().TableExpr("users_users AS u").Where("u.id IN (?)", bun.List(of.Users)), "u.id")
	}
	if of.GlobalAdmins {
		way(s.db.NewSelect().TableExpr("users_users AS u").Where("u.is_superuser"), "u.id")
	}
	return all
}

// RoleCounts implements core.RoleStore.
func (s *Store) RoleCounts(ctx context.Context, org int64, r actor.Resource, ids []int64) (map[int64]int64, error) {
	var rows []struct{ ResourceID, Users int64 }
	q := sqldb.Apply(s.db.On(ctx).NewSelect().TableExpr("users_permissions"), onResource(org, r, ids, nil)...)
	if err := q.Column("resource_id").ColumnExpr("count(*) AS users").Group("resource_id").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("counting roles: %w", err)
	}
	counts := make(map[int64]int64, len(rows))
	for _, row := range rows {
		counts[row.ResourceID] = row.Users
	}
	return counts, nil
}

// FirstRoles implements core.RoleStore. It asks for the first of each resource
// apart, by its id: to rank the roles would be to read all of them, and joined
// with a list of ids SQLite would rather make an index of its own.
func (s *Store) FirstRoles(ctx context.Context, org int64, r actor.Resource, ids []int64, perResource int) ([]users.Permission, error) {
	var all *bun.SelectQuery
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		first := sqldb.Apply(s.db.On(ctx).NewSelect().Model((*permissionRow)(nil)), onResource(org, r, []int64{id}, nil)...).
			OrderExpr("user_id").
			Limit(int64(perResource))
		q := s.db.On(ctx).NewSelect().TableExpr("(?) AS first", first).ColumnExpr("first.*")
		if all == nil {
			all = q
			continue
		}
		all = all.UnionAll(q)
	}
	var rows []permissionRow
	if err := all.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("listing the first roles on %d of kind %s: %w", len(ids), r, err)
	}
	out := make([]users.Permission, len(rows))
	for i, row := range rows {
		out[i] = row.Permission
	}
	slices.SortFunc(out, func(a, b users.Permission) int {
		return cmp.Or(cmp.Compare(a.ResourceID, b.ResourceID), cmp.Compare(a.UserID, b.UserID))
	})
	return out, nil
}
