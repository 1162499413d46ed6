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
	recents  sqldb.Table[core.Recent, recentRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db: db, recents: newRecents(db),
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

// UpdateTeam implements core.Store.
func (s *Store) UpdateTeam(ctx context.Context, org, id int64, change func(*projects.Team) error) (projects.Team, error) {
	return s.teams.Update(ctx, change, byID(org, id)...)
}

func byID(org, id int64) []sqldb.Where {
	return []sqldb.Where{sqldb.Eq("id", id), sqldb.Eq("organization_id", org), sqldb.Eq("is_deleted", false)}
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
func (s *Store) ProjectsPage(ctx context.Context, v core.Visible, only core.ProjectFilter, p page.Request) (page.Of[projects.Project], error) {
	where := visibleProjects(v)
	if only.Team != 0 {
		where = append(where, sqldb.Eq("team_id", only.Team))
	}
	return s.projects.Page(ctx, p, projectOrder(), where...)
}

// Projects implements core.Store.
func (s *Store) Projects(ctx context.Context, v core.Visible, ids []int64) ([]projects.Project, error) {
	if len(ids) == 0 {
		return []projects.Project{}, nil
	}
	return s.projects.List(ctx, len(ids), "id", append(visibleProjects(v), sqldb.In("id", ids))...)
}

// UpdateProject implements core.Store.
func (s *Store) UpdateProject(ctx context.Context, org, id int64, change func(*projects.Project) error) (projects.Project, error) {
	return s.projects.Update(ctx, change, byID(org, id)...)
}

// CountProjects implements core.Store.
func (s *Store) CountProjects(ctx context.Context, org, team int64) (int64, error) {
	return s.projects.Count(ctx, sqldb.Eq("team_id", team), sqldb.Eq("organization_id", org), sqldb.Eq("is_deleted", false))
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
	return s.teamsWhere(ctx, org, "id IN (?) AND team_id IS NOT NULL", ids)
}

// TeamProjects implements core.Store.
func (s *Store) TeamProjects(ctx context.Context, org int64, teams []int64) (map[int64]int64, error) {
	return s.teamsWhere(ctx, org, "team_id IN (?)", teams)
}

func (s *Store) teamsWhere(ctx context.Context, org int64, where string, ids []int64) (map[int64]int64, error) {
	var rows []struct{ ID, TeamID int64 }
	err := s.db.On(ctx).NewSelect().TableExpr("projects_projects").Column("id", "team_id").
		Where(where, bun.List(ids)).Where("organization_id = ?", org).Where("is_deleted = ?", false).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading the teams of projects: %w", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.TeamID
	}
	return out, nil
}
