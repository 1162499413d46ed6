// Package sqlstore keeps teams and projects in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "projects", Files: files} }

type teamRow struct {
	bun.BaseModel `bun:"table:projects_teams,alias:t"`
	projects.Team
}

type projectRow struct {
	bun.BaseModel `bun:"table:projects_projects,alias:p"`
	projects.Project
}

// Store implements core.Store.
type Store struct {
	db       *sqldb.DB
	teams    sqldb.Table[projects.Team, teamRow]
	projects sqldb.Table[projects.Project, projectRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db: db,
		teams: sqldb.NewTable(db,
			func(t projects.Team) teamRow { return teamRow{Team: t} },
			func(r teamRow) projects.Team { return r.Team }, core.ErrTeamNotFound, nil),
		projects: sqldb.NewTable(db,
			func(p projects.Project) projectRow { return projectRow{Project: p} },
			func(r projectRow) projects.Project { return r.Project }, core.ErrNotFound, nil),
	}
}

func visibleTeams(v core.Visible) []sqldb.Where {
	where := []sqldb.Where{sqldb.Eq("organization_id", v.OrganizationID), sqldb.Eq("is_deleted", false)}
	if !v.All {
		where = append(where, sqldb.In("id", v.Teams))
	}
	return where
}

func visibleProjects(v core.Visible) []sqldb.Where {
	where := []sqldb.Where{sqldb.Eq("organization_id", v.OrganizationID), sqldb.Eq("is_deleted", false)}
	if !v.All {
		where = append(where, sqldb.Any(sqldb.In("id", v.Projects), sqldb.In("team_id", v.Teams)))
	}
	return where
}

func teamOrder() sqldb.Order[projects.Team] {
	return sqldb.Order[projects.Team]{Key: func(t projects.Team) page.Key { return page.Key{ID: t.ID} }}
}

func projectOrder() sqldb.Order[projects.Project] {
	return sqldb.Order[projects.Project]{Key: func(p projects.Project) page.Key { return page.Key{ID: p.ID} }}
}

// AddTeam implements core.Store.
func (s *Store) AddTeam(ctx context.Context, t projects.Team) (projects.Team, error) {
	return s.teams.Add(ctx, t)
}

// Team implements core.Store.
func (s *Store) Team(ctx context.Context, v core.Visible, id int64) (projects.Team, error) {
	return s.teams.Get(ctx, append(visibleTeams(v), sqldb.Eq("id", id))...)
}

// TeamsPage implements core.Store.
func (s *Store) TeamsPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[projects.Team], error) {
	return s.teams.Page(ctx, p, teamOrder(), visibleTeams(v)...)
}

// AddProject implements core.Store.
func (s *Store) AddProject(ctx context.Context, p projects.Project) (projects.Project, error) {
	return s.projects.Add(ctx, p)
}

// Project implements core.Store.
func (s *Store) Project(ctx context.Context, v core.Visible, id int64) (projects.Project, error) {
	return s.projects.Get(ctx, append(visibleProjects(v), sqldb.Eq("id", id))...)
}

// ProjectsPage implements core.Store.
func (s *Store) ProjectsPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[projects.Project], error) {
	return s.projects.Page(ctx, p, projectOrder(), visibleProjects(v)...)
}

// Projects implements core.Store.
func (s *Store) Projects(ctx context.Context, v core.Visible, limit int) ([]projects.Project, error) {
	return s.projects.List(ctx, limit, "id", visibleProjects(v)...)
}

// CountAgents implements core.Store.
func (s *Store) CountAgents(ctx context.Context, org, project, more int64) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("projects_projects").Set("agent_count = agent_count + ?", more).
		Where("id = ? AND organization_id = ?", project, org).Exec(ctx)
	if err != nil {
		return fmt.Errorf("counting the agents of project %d: %w", project, err)
	}
	return nil
}

// ProjectTeams implements core.Store.
func (s *Store) ProjectTeams(ctx context.Context, org int64, ids []int64) (map[int64]int64, error) {
	var rows []struct{ ID, TeamID int64 }
	err := s.db.On(ctx).NewSelect().TableExpr("projects_projects").Column("id", "team_id").
		Where("organization_id = ? AND id IN (?) AND team_id IS NOT NULL", org, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading the teams of projects: %w", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.TeamID
	}
	return out, nil
}
