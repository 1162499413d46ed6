package sqlstore_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/uptrace/bun"

	"parley/modules/projects/internal/adapters/sqlstore"
	"parley/modules/projects/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// statements keeps the text of what was run.
type statements struct{ list []string }

// BeforeQuery implements bun.QueryHook.
func (s *statements) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if strings.HasPrefix(e.Query, "SELECT") {
		s.list = append(s.list, e.Query)
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (*statements) AfterQuery(context.Context, *bun.QueryEvent) {}

// wholly reports whether a step reads a table from end to end.
func wholly(step string) bool {
	return strings.Contains(step, "Seq Scan on projects_") || strings.HasPrefix(step, "SCAN t") || strings.HasPrefix(step, "SCAN p")
}

const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) `

func TestNoListAndNoGetReadsATableFromEndToEnd(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		for _, fill := range []string{
			`INSERT INTO projects_teams (organization_id, name, description, is_deleted, created_by, created_on, modified_by, modified_on)
				` + many + `SELECT 1 + i % 40, 'Team', '', false, '', '2026-01-01', '', '2026-01-01' FROM n`,
			`INSERT INTO projects_projects (organization_id, team_id, name, description, is_deleted, agent_count, created_by, created_on, modified_by, modified_on)
				` + many + `SELECT 1 + i % 40, i, 'Project', '', false, 0, '', '2026-01-01', '', '2026-01-01' FROM n`,
			`INSERT INTO projects_recents (organization_id, user_id, project_id, created_on)
				` + many + `SELECT 1 + i % 40, i / 10, i, '2026-01-01' FROM n`,
			`ANALYZE`,
		} {
			if _, err := db.ExecContext(ctx, fill); err != nil {
				t.Fatal(err)
			}
		}
		store := sqlstore.New(db)
		ran := &statements{}
		db.AddQueryHook(ran)
		member := access.Visible{OrganizationID: 2, Teams: []int64{1, 41, 81}, Projects: []int64{121, 161}}
		whole := access.Visible{OrganizationID: 2, All: true}
		first, part := page.Request{Size: 50}, page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: 4000})}
		do := func(_ any, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range []access.Visible{member, whole} {
			for _, p := range []page.Request{first, part} {
				do(store.TeamsPage(ctx, v, p))
				do(store.ProjectsPage(ctx, v, core.ProjectFilter{}, p))
				do(store.ProjectsPage(ctx, v, core.ProjectFilter{Team: 41}, p))
			}
			do(store.RecentsPage(ctx, v, 12, first))
			do(store.Team(ctx, v, 41))
			do(store.Project(ctx, v, 41))
			do(store.Projects(ctx, v, []int64{41, 81}))
		}
		do(store.ProjectTeams(ctx, 2, []int64{41, 81}))
		do(store.TeamProjects(ctx, 2, []int64{41, 81}))
		do(store.CountProjects(ctx, 2, 41))
		if len(ran.list) < 20 {
			t.Fatalf("only %d statements were seen", len(ran.list))
		}
		if !slices.ContainsFunc(dbtest.Plan(t, db.Reader(), db.Postgres(), "SELECT p.id FROM projects_projects AS p WHERE p.name = 'Project 7'"), wholly) {
			t.Error("a table that is read from end to end is not seen")
		}
		for _, statement := range ran.list {
			if steps := dbtest.Plan(t, db.Reader(), db.Postgres(), statement); slices.ContainsFunc(steps, wholly) {
				t.Errorf("%s\n%s", statement, strings.Join(steps, "\n"))
			}
		}
	})
}

// directory counts how often it is asked.
type directory struct {
	users.Directory
	times atomic.Int64
}

// Users implements users.Directory.
func (d *directory) Users(context.Context, int64, []int64) ([]users.User, error) {
	d.times.Add(1)
	return nil, nil
}

// roles counts how often it is asked.
type roles struct {
	users.Roles
	times atomic.Int64
}

// RolesPage implements users.Roles.
func (r *roles) RolesPage(context.Context, int64, actor.Resource, int64, page.Request) (page.Of[users.Permission], error) {
	r.times.Add(1)
	return page.Of[users.Permission]{Items: make([]users.Permission, 100)}, nil
}

// RoleCounts implements users.Roles.
func (r *roles) RoleCounts(context.Context, int64, actor.Resource, []int64) (map[int64]int64, error) {
	r.times.Add(1)
	return nil, nil
}

// FirstRoles implements users.Roles.
func (r *roles) FirstRoles(context.Context, int64, actor.Resource, []int64, int) ([]users.Permission, error) {
	r.times.Add(1)
	return nil, nil
}

func TestAListCostsTheSameHoweverLongItIs(t *testing.T) {
	db := dbtest.SQLite(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	asked, held := &directory{}, &roles{}
	service := core.New(core.Deps{Store: store, Directory: asked, Roles: held})
	who := actor.Actor{UserID: 1, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 1, Role: actor.Member}}}
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, `INSERT INTO projects_teams (organization_id, name, description, is_deleted, created_by, created_on, modified_by, modified_on) VALUES (1, '', '', false, '', '2026-01-01', '', '2026-01-01')`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO projects_projects (organization_id, team_id, name, description, is_deleted, agent_count, created_by, created_on, modified_by, modified_on)
		`+many+`SELECT 1, 1, '', '', false, 0, '', '2026-01-01', '', '2026-01-01' FROM n WHERE i <= 50`); err != nil {
		t.Fatal(err)
	}
	for id := range int64(20) {
		if _, err := store.AddRecent(ctx, core.Recent{OrganizationID: 1, UserID: 1, ProjectID: id + 1}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		want int64
		call func(ctx context.Context) error
	}{
		"a page": {2, func(ctx context.Context) error { _, err := service.ProjectsPage(ctx, who, page.Request{}); return err }},
		"a part": {1, func(ctx context.Context) error {
			_, err := service.ProjectsPage(ctx, who, page.Request{ByCursor: true})
			return err
		}},
		"one project":              {1, func(ctx context.Context) error { _, err := service.ProjectAccess(ctx, who, 7); return err }},
		"the projects of teams":    {1, func(ctx context.Context) error { _, err := service.ProjectsOfTeams(ctx, 1, []int64{1}); return err }},
		"the projects of no teams": {0, func(ctx context.Context) error { _, err := service.ProjectsOfTeams(ctx, 1, nil); return err }},
		"the teams of projects":    {1, func(ctx context.Context) error { _, err := service.Teams(ctx, 1, []int64{1, 2, 3}); return err }},
		"details of projects": {1, func(ctx context.Context) error {
			found, err := service.Details(ctx, who, []int64{1, 2, 3, 4, 5, 6, 7})
			if len(found) != 7 {
				t.Errorf("details of %d", len(found))
			}
			return err
		}},
		"members of a team": {1, func(ctx context.Context) error {
			_, err := service.TeamMembers(ctx, who, 1, page.Request{})
			return err
		}},
		"recent projects": {3, func(ctx context.Context) error { _, err := service.Recents(ctx, who, page.Request{}); return err }},
	} {
		ctx, n := sqldb.CountQueries(ctx)
		if err := c.call(ctx); err != nil || n.Load() != c.want {
			t.Errorf("%s: %d statements, want %d, %v", name, n.Load(), c.want, err)
		}
	}
	// The members of a team are asked for once, and who the caller of a list of
	// recent projects is.
	if n := asked.times.Load(); n != 2 {
		t.Errorf("who somebody is is asked %d times", n)
	}
	if n := held.times.Load(); n != 3 { // counts and first rows for details, a part for a team
		t.Errorf("who holds a role is asked %d times", n)
	}
}
