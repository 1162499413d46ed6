package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

// pageRow is a user of a list, with the length of the whole list.
type pageRow struct {
	bun.BaseModel `bun:"table:users_users,alias:u"`
	users.User
	Total int64 `bun:",scanonly"`
}

// pageOfAll is a counted page of all users of an organization: the list that is
// asked for most, so it is prepared.
const pageOfAll = `SELECT u.id, u.organization_id, u.email, u.is_staff, u.is_superuser, u.is_active, u.date_joined, u.first_name, u.last_name,
	(SELECT CAST(coalesce(sum(n.users), 0) AS BIGINT) FROM users_counts AS n WHERE n.organization_id = $1)
	FROM users_users AS u WHERE u.organization_id BETWEEN $1 AND $1 ORDER BY u.organization_id, u.id LIMIT $2 OFFSET $3`

// UsersPage implements core.Store in one statement, also where it counts.
func (s *Store) UsersPage(ctx context.Context, org int64, f core.Filter, p page.Request) (page.Of[users.User], error) {
	out := page.Of[users.User]{Count: -1, Request: p, Items: []users.User{}}
	where := filter(org, f)
	rows, err := s.rowsOf(ctx, org, f, where, p)
	if err != nil {
		return out, fmt.Errorf("listing users: %w", err)
	}
	out = page.Trim(values(rows, func(r pageRow) users.User { return r.User }), p, core.ByID)
	if len(rows) > 0 {
		out.Count = rows[0].Total
	} else if !p.Keyset() { // nothing, or a page behind the last
		if err := s.total(ctx, org, f, where).Scan(ctx, &out.Count); err != nil {
			return out, fmt.Errorf("counting users: %w", err)
		}
	}
	return out, nil
}

// rowsOf reads what a page shows, and one more when there is one.
func (s *Store) rowsOf(ctx context.Context, org int64, f core.Filter, where []sqldb.Where, p page.Request) ([]pageRow, error) {
	if f == (core.Filter{}) && !p.Keyset() {
		return s.rowsOfAll(ctx, org, p)
	}
	var rows []pageRow
	q := s.db.On(ctx).NewSelect().Model(&rows).ColumnExpr("u.*")
	if p.Keyset() {
		q = q.ColumnExpr("-1 AS total")
	} else {
		q = q.ColumnExpr("(?) AS total", s.total(ctx, org, f, where))
	}
	q = sqldb.Apply(q, where...)
	if p.Cursor != "" {
		after, err := startsAfter(p)
		if err != nil {
			return nil, err
		}
		q = q.Where("u.id > ?", after)
	}
	err := q.OrderExpr(order(f)).Limit(int64(p.Fetch())).Offset(int64(p.Offset())).Scan(ctx)
	return rows, err
}

func (s *Store) rowsOfAll(ctx context.Context, org int64, p page.Request) ([]pageRow, error) {
	rows := make([]pageRow, 0, p.Fetch())
	err := s.pageOfAll.Rows(ctx, func(row *sql.Rows) error {
		var r pageRow
		if err := row.Scan(
			&r.ID,
			&r.OrganizationID,
			&r.Email,
			&r.IsStaff,
			&r.IsSuperuser,
			&r.IsActive,
			&r.DateJoined,
			&r.FirstName,
			&r.LastName,
			&r.Total,
		); err != nil {
			return err
		}
		r.DateJoined = r.DateJoined.UTC()
		rows = append(rows, r)
		return nil
	}, org, p.Fetch(), p.Offset())
	return rows, err
}

// total is how many users match: from the kept counts where they tell.
func (s *Store) total(ctx context.Context, org int64, f core.Filter, where []sqldb.Where) *bun.SelectQuery {
	if f.Text != "" || f.TeamID != 0 {
		return sqldb.Apply(s.db.On(ctx).NewSelect().TableExpr("users_users AS u").ColumnExpr("count(*)"), where...)
	}
	q := s.db.On(ctx).NewSelect().TableExpr("users_counts AS n").ColumnExpr("CAST(coalesce(sum(n.users), 0) AS BIGINT)").Where("n.organization_id = ?", org)
	if f.IsActive != nil {
		q = q.Where("n.is_active = ?", *f.IsActive)
	}
	return q
}

// countRow is how many users an organization has, suspended ones apart. It is
// kept with every change, so that a million of them need not be counted.
type countRow struct {
	bun.BaseModel  `bun:"table:users_counts,alias:n"`
	OrganizationID int64 `bun:"organization_id"`
	IsActive       bool  `bun:"is_active"`
	Users          int64 `bun:"users"`
}

// count notes that there are more users, or fewer. It is the last thing that a
// store does to a user: a unit that waits for a count has all its other locks
// already, so units never wait for each other in a cycle.
func (s *Store) count(ctx context.Context, org int64, more map[bool]int64) error {
	var rows []countRow
	for _, active := range []bool{false, true} {
		if n := more[active]; n != 0 {
			rows = append(rows, countRow{OrganizationID: org, IsActive: active, Users: n})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := s.db.On(ctx).NewInsert().Model(&rows).On("CONFLICT (organization_id, is_active) DO UPDATE").Set("users = n.users + EXCLUDED.users").Exec(ctx)
	if err != nil {
		return fmt.Errorf("counting the users of organization %d: %w", org, err)
	}
	return nil
}

// order is by id within the organization.
func order(f core.Filter) string {
	if f.IsActive != nil {
		return "u.id" // as the index on organization and is_active has them
	}
	return "u.organization_id, u.id"
}

func filter(org int64, f core.Filter) []sqldb.Where {
	// A range of one, by which only the index on organization and id is in
	// order: of an organization that has most of the table the databases would
	// rather walk the whole of it.
	where := []sqldb.Where{sqldb.Cond("u.organization_id BETWEEN ? AND ?", org, org)}
	if f.IsActive != nil {
		where = []sqldb.Where{sqldb.Eq("u.organization_id", org), sqldb.Eq("u.is_active", *f.IsActive)}
	}
	if f.Text != "" {
		text := strings.ToLower(f.Text)
		where = append(where, sqldb.Any(sqldb.Contains("email", text), sqldb.Contains("first_name", text), sqldb.Contains("last_name", text)))
	}
	if f.TeamID != 0 {
		where = append(where, sqldb.Cond("u.id IN (SELECT user_id FROM users_permissions WHERE resource_type = ? AND resource_id = ? AND organization_id = ?)",
			string(actor.Team), f.TeamID, org))
	}
	return where
}
