package core

import (
	"context"

	"parley/platform/kernel/cache"
	"parley/platform/kernel/clock"
)

// maxTeamsKept is of how many projects the team is kept in memory.
const maxTeamsKept = 50_000

// projectKey is a project as it is asked for: another organization's is none.
type projectKey struct{ organizationID, projectID int64 }

func newTeams(s Store, c clock.Clock) *cache.Cache[projectKey, int64] {
	return cache.New(c, maxTeamsKept, nil, func(ctx context.Context, k projectKey) (int64, error) {
		teams, err := s.ProjectTeams(ctx, k.organizationID, []int64{k.projectID})
		return teams[k.projectID], err
	})
}

// TeamOf implements projects.Catalog.
func (s *Service) TeamOf(ctx context.Context, organizationID, projectID int64) (int64, error) {
	return s.teams.Get(ctx, projectKey{organizationID, projectID})
}

// Forget implements projects.Catalog.
func (s *Service) Forget(organizationID, projectID int64) {
	if projectID == 0 {
		s.teams.DropFunc(func(k projectKey) bool { return k.organizationID == organizationID })
		return
	}
	s.teams.Drop(projectKey{organizationID, projectID})
}
