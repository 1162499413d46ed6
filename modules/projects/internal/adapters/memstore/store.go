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
	teams    *memory.Table[projects.Team]
	projects *memory.Table[projects.Project]
}

// New returns the store over db.
func New(db *memory.DB) *Store {
	return &Store{
		teams: memory.NewTable(db, memory.Spec[projects.Team]{ID: func(t *projects.Team) *int64 { return &t.ID }, Missing: core.ErrTeamNotFound}),
		projects: memory.NewTable(db, memory.Spec[projects.Project]{
			ID: func(p *projects.Project) *int64 { return &p.ID }, Clone: clone, Missing: core.ErrNotFound,
		}),
	}
}

func clone(p projects.Project) projects.Project {
	if p.TeamID != nil {
		team := *p.TeamID
		p.TeamID = &team
	}
	return p
}

func seesTeam(v core.Visible, t projects.Team) bool {
	return t.OrganizationID == v.OrganizationID && !t.IsDeleted && (v.All || slices.Contains(v.Teams, t.ID))
}

func seesProject(v core.Visible, p projects.Project) bool {
	return p.OrganizationID == v.OrganizationID && !p.IsDeleted &&
		(v.All || slices.Contains(v.Projects, p.ID) || (p.TeamID != nil && slices.Contains(v.Teams, *p.TeamID)))
}

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
func (s *Store) ProjectsPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[projects.Project], error) {
	return s.projects.Page(ctx, p, false, func(p projects.Project) page.Key { return page.Key{ID: p.ID} }, func(p projects.Project) bool { return seesProject(v, p) })
}

// Projects implements core.Store.
func (s *Store) Projects(ctx context.Context, v core.Visible, limit int) ([]projects.Project, error) {
	all, err := s.projects.List(ctx, func(p projects.Project) bool { return seesProject(v, p) })
	return all[:min(limit, len(all))], err
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
	found, err := s.projects.List(ctx, func(p projects.Project) bool {
		return p.OrganizationID == org && p.TeamID != nil && slices.Contains(ids, p.ID)
	})
	out := make(map[int64]int64, len(found))
	for _, p := range found {
		out[p.ID] = *p.TeamID
	}
	return out, err
}
