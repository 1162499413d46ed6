// Package memstore keeps teams and projects in memory, for tests.
package memstore

import (
	"context"
	"errors"
	"slices"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	db       *memory.DB
	teams    *memory.Table[projects.Team]
	projects *memory.Table[projects.Project]
	recents  *memory.Table[core.Recent]
}

// New returns the store over db.
func New(db *memory.DB) *Store {
	return &Store{
		db: db, recents: newRecents(db),
		teams: memory.NewTable(db, memory.Spec[projects.Team]{ID: func(t *projects.Team) *int64 { return &t.ID }, Missing: core.ErrTeamNotFound}),
		projects: memory.NewTable(db, memory.Spec[projects.Project]{
			ID: func(p *projects.Project) *int64 { return &p.ID }, Missing: core.ErrNotFound,
		}),
	}
}

func seesTeam(v core.Visible, t projects.Team) bool { return v.Shows(t.Resource()) }

func seesProject(v core.Visible, p projects.Project) bool { return v.Shows(p.Resource()) }

// AddTeam implements core.Store.
func (s *Store) AddTeam(ctx context.Context, t projects.Team) (projects.Team, error) {
	return s.teams.Add(ctx, t)
}

// Team implements core.Store.
func (s *Store) Team(ctx context.Context, v core.Visible, id int64) (projects.Team, error) {
	return s.teams.Get(ctx, func(t projects.Team) bool { return t.ID == id && seesTeam(v, t) })
}

// TeamsPage implements core.Store.
func (s *Store) TeamsPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[projects.Team], error) {
	return s.teams.Page(ctx, p, false, func(t projects.Team) page.Key { return page.Key{ID: t.ID} }, func(t projects.Team) bool { return seesTeam(v, t) })
}

// AddProject implements core.Store.
func (s *Store) AddProject(ctx context.Context, p projects.Project) (projects.Project, error) {
	return s.projects.Add(ctx, p)
}

// Project implements core.Store.
func (s *Store) Project(ctx context.Context, v core.Visible, id int64) (projects.Project, error) {
	return s.projects.Get(ctx, func(p projects.Project) bool { return p.ID == id && seesProject(v, p) })
}

// ProjectsPage implements core.Store.
func (s *Store) ProjectsPage(ctx context.Context, v core.Visible, only core.ProjectFilter, p page.Request) (page.Of[projects.Project], error) {
	return s.projects.Page(ctx, p, false, func(p projects.Project) page.Key { return page.Key{ID: p.ID} },
		func(p projects.Project) bool {
			return seesProject(v, p) && (only.Team == 0 || (p.TeamID != nil && *p.TeamID == only.Team))
		})
}

// Projects implements core.Store.
func (s *Store) Projects(ctx context.Context, v core.Visible, ids []int64) ([]projects.Project, error) {
	return s.projects.List(ctx, func(p projects.Project) bool { return slices.Contains(ids, p.ID) && seesProject(v, p) })
}

// UpdateTeam implements core.Store.
func (s *Store) UpdateTeam(ctx context.Context, org, id int64, change func(*projects.Team) error) (projects.Team, error) {
	return s.teams.Update(ctx, change, func(t projects.Team) bool { return t.ID == id && t.OrganizationID == org && !t.IsDeleted })
}

// UpdateProject implements core.Store.
func (s *Store) UpdateProject(ctx context.Context, org, id int64, change func(*projects.Project) error) (projects.Project, error) {
	return s.projects.Update(ctx, change, func(p projects.Project) bool { return p.ID == id && p.OrganizationID == org && !p.IsDeleted })
}

// CountProjects implements core.Store.
func (s *Store) CountProjects(ctx context.Context, org, team int64) (int64, error) {
	return s.projects.Count(ctx, func(p projects.Project) bool {
		return p.OrganizationID == org && !p.IsDeleted && p.TeamID != nil && *p.TeamID == team
	})
}

// CountAgents implements core.Store.
func (s *Store) CountAgents(ctx context.Context, org, project, more int64) error {
	_, err := s.projects.Update(ctx, func(p *projects.Project) error { p.AgentCount += more; return nil },
		func(p projects.Project) bool { return p.ID == project && p.OrganizationID == org })
	if errors.Is(err, core.ErrNotFound) {
		return nil
	}
	return err
}

// ProjectTeams implements core.Store.
func (s *Store) ProjectTeams(ctx context.Context, org int64, ids []int64) (map[int64]int64, error) {
	return s.teamsWhere(ctx, org, func(p projects.Project) bool { return slices.Contains(ids, p.ID) })
}

// TeamProjects implements core.Store.
func (s *Store) TeamProjects(ctx context.Context, org int64, teams []int64) (map[int64]int64, error) {
	return s.teamsWhere(ctx, org, func(p projects.Project) bool { return slices.Contains(teams, *p.TeamID) })
}

func (s *Store) teamsWhere(ctx context.Context, org int64, match func(projects.Project) bool) (map[int64]int64, error) {
	found, err := s.projects.List(ctx, func(p projects.Project) bool {
		return p.OrganizationID == org && !p.IsDeleted && p.TeamID != nil && match(p)
	})
	out := make(map[int64]int64, len(found))
	for _, p := range found {
		out[p.ID] = *p.TeamID
	}
	return out, err
}
