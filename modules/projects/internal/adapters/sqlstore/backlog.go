package sqlstore

import (
	"context"

	"parley/modules/projects"
	"parley/platform/sqldb"
)

const untold = "projects_untold"

// OldTeams implements core.Backlog.
func (s *Store) OldTeams(ctx context.Context, limit int) ([]projects.Team, bool, error) {
	b := sqldb.Backlog[projects.Team, teamRow]{Of: s.teams, Notes: untold, Name: "team", ID: func(t projects.Team) int64 { return t.ID }}
	return b.Next(ctx, limit)
}

// OldProjects implements core.Backlog.
func (s *Store) OldProjects(ctx context.Context, limit int) ([]projects.Project, bool, error) {
	b := sqldb.Backlog[projects.Project, projectRow]{Of: s.projects, Notes: untold, Name: "project", ID: func(p projects.Project) int64 { return p.ID }}
	return b.Next(ctx, limit)
}
