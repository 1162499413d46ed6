package sqlstore_test

import (
	"context"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// TestMoreThanTenThousandRolesAreAllThere has a team of 12,000 people, of whom
// every tenth is suspended, and 600 projects with 20 members each.
func TestMoreThanTenThousandRolesAreAllThere(t *testing.T) {
	const people, projects, each = 12_000, 600, 20
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		crowd(t, db, 1, people)
		at := "'2026-05-01 12:00:00+00:00'"
		if db.Postgres() {
			at += "::timestamptz"
		}
		for _, statement := range []string{
			"UPDATE users_permissions SET resource_id = 7000, role = CASE WHEN user_id % 3 = 0 THEN 'admin' ELSE 'member' END",
			"INSERT INTO users_permissions (organization_id, user_id, resource_type, resource_id, role, created_by, created_on, modified_by, modified_on)" +
				" SELECT 1, id, 'project', 1 + id % 600, 'member', '', " + at + ", '', " + at + " FROM users_users",
			"ANALYZE",
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		store, ctx := sqlstore.New(db), t.Context()
		ids := make([]int64, projects)
		for i := range ids {
			ids[i] = int64(i + 1)
		}
		counts, err := store.RoleCounts(ctx, 1, actor.Project, ids)
		if err != nil || len(counts) != projects {
			t.Fatalf("%d projects are counted, %v", len(counts), err)
		}
		first, err := store.FirstRoles(ctx, 1, actor.Project, ids[:500], each-1)
		if err != nil || len(first) != 500*(each-1) {
			t.Errorf("the first roles are %d, %v", len(first), err)
		}
		for id, n := range counts {
			if n != each {
				t.Errorf("project %d has %d", id, n)
			}
		}
		walk(t, people, func(p page.Request) (page.Of[users.Permission], error) {
			return store.RolesPage(ctx, 1, actor.Team, 7000, p)
		}, func(p users.Permission) int64 { return p.UserID })
		team := func(role actor.Role) users.UserFilter {
			return users.UserFilter{Grants: []actor.Grant{{Resource: actor.Team, ID: 7000, Role: role}, {Resource: actor.Project, ID: 1, Role: actor.Member}}}
		}
		walk(t, people*9/10, func(p page.Request) (page.Of[users.User], error) {
			return store.PeoplePage(ctx, 1, team(actor.Member), p)
		}, func(u users.User) int64 { return u.ID })
		// The project's members have ids that 600 divides, and so all suspended.
		walk(t, people/3*9/10, func(p page.Request) (page.Of[users.User], error) {
			return store.PeoplePage(ctx, 1, team(actor.Admin), p)
		}, func(u users.User) int64 { return u.ID })
		if some, err := store.Permissions(ctx, 1, actor.Team, []int64{7000}, nil); err == nil {
			t.Errorf("%d are answered for all", len(some))
		}
	})
}

// walk holds a list by cursor and its last page by number to its length.
func walk[T any](t *testing.T, want int, list func(page.Request) (page.Of[T], error), id func(T) int64) {
	t.Helper()
	met, last := 0, int64(0)
	for p := (page.Request{Size: page.MaxSize, ByCursor: true}); ; {
		part, err := list(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range part.Items {
			if met++; id(v) <= last {
				t.Fatalf("%d comes after %d", id(v), last)
			}
			last = id(v)
		}
		if p.Cursor = part.NextCursor; p.Cursor == "" {
			break
		}
	}
	end, err := list(page.Request{Size: 100, Number: (want + 99) / 100})
	if err != nil || met != want || end.Count != int64(want) || len(end.Items) == 0 || id(end.Items[len(end.Items)-1]) != last || end.NextCursor != "" {
		t.Errorf("%d are met and %d counted, not %d: %v", met, end.Count, want, err)
	}
}

func TestWhoHoldsRolesIsOneStatementAndOneMoreToCount(t *testing.T) {
	db := dbtest.SQLite(t, sqlstore.Migrations())
	crowd(t, db, 1, 3000)
	store := sqlstore.New(db)
	few, many := []int64{1}, []int64{}
	for id := range int64(500) {
		many = append(many, id+1)
	}
	for _, ids := range [][]int64{few, many} {
		of := users.UserFilter{Users: ids, GlobalAdmins: true}
		for _, id := range ids[:min(3, len(ids))] {
			of.Grants = append(of.Grants, actor.Grant{Resource: actor.Team, ID: id, Role: actor.Member})
		}
		for name, c := range map[string]struct {
			want int64
			call func(ctx context.Context) error
		}{
			"a page of roles": {2, func(ctx context.Context) error { return listed(store.RolesPage(ctx, 1, actor.Team, 1, page.Request{})) }},
			"a part of roles": {1, func(ctx context.Context) error {
				return listed(store.RolesPage(ctx, 1, actor.Team, 1, page.Request{ByCursor: true}))
			}},
			"a page of people": {2, func(ctx context.Context) error { return listed(store.PeoplePage(ctx, 1, of, page.Request{})) }},
			"a part of people": {1, func(ctx context.Context) error {
				return listed(store.PeoplePage(ctx, 1, of, page.Request{ByCursor: true}))
			}},
			"counts":          {1, func(ctx context.Context) error { _, err := store.RoleCounts(ctx, 1, actor.Team, ids); return err }},
			"the first roles": {1, func(ctx context.Context) error { _, err := store.FirstRoles(ctx, 1, actor.Team, ids, 2); return err }},
		} {
			ctx, n := sqldb.CountQueries(t.Context())
			if err := c.call(ctx); err != nil || n.Load() != c.want {
				t.Errorf("%s of %d: %d statements, want %d, %v", name, len(ids), n.Load(), c.want, err)
			}
		}
	}
}
