package core

import (
	"context"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// maxRecents is how many projects are kept in a user's list.
const maxRecents = 20

// RecentProject is an entry of a user's recent projects.
type RecentProject struct {
	Recent
	Project projects.Project
	User    users.User // whose list it is
}

// AddRecent puts a project that the caller sees at the top of their recent ones.
func (s *Service) AddRecent(ctx context.Context, who actor.Actor, project int64) (RecentProject, error) {
	p, err := s.ProjectAccess(ctx, who, project)
	if err != nil {
		return RecentProject{}, err
	}
	caller, err := s.caller(ctx, who)
	if err != nil {
		return RecentProject{}, err
	}
	r, err := s.Store.AddRecent(ctx, Recent{OrganizationID: who.OrganizationID, UserID: who.UserID, ProjectID: project, CreatedOn: s.Clock.Now()})
	if err != nil {
		return RecentProject{}, err
	}
	// After the row is committed: of many at once the last one sees them all,
	// so that no more than the newest stay.
	return RecentProject{Recent: r, Project: p.Project, User: caller}, s.Store.TrimRecents(ctx, who.UserID, maxRecents)
}

// Recents answers the caller's recent projects, newest first, as far as they
// still see them.
func (s *Service) Recents(ctx context.Context, who actor.Actor, p page.Request) (page.Of[RecentProject], error) {
	v := access.VisibleTo(who)
	rows, err := s.Store.RecentsPage(ctx, v, who.UserID, p)
	if err != nil {
		return page.Of[RecentProject]{}, err
	}
	ids := make([]int64, len(rows.Items))
	for i, r := range rows.Items {
		ids[i] = r.ProjectID
	}
	found, err := s.Store.Projects(ctx, v, ids)
	if err != nil {
		return page.Of[RecentProject]{}, err
	}
	byID := make(map[int64]projects.Project, len(found))
	for _, p := range found {
		byID[p.ID] = p
	}
	caller, err := s.caller(ctx, who)
	if err != nil {
		return page.Of[RecentProject]{}, err
	}
	out := page.Of[RecentProject]{Count: rows.Count, NextCursor: rows.NextCursor, Request: rows.Request}
	for _, r := range rows.Items {
		// A project that vanished between the two statements is left out.
		if p, ok := byID[r.ProjectID]; ok {
			out.Items = append(out.Items, RecentProject{Recent: r, Project: p, User: caller})
		}
	}
	return out, nil
}

// caller is who as others see them, in one query.
func (s *Service) caller(ctx context.Context, who actor.Actor) (users.User, error) {
	found, err := s.Directory.Users(ctx, who.OrganizationID, []int64{who.UserID})
	if err != nil || len(found) == 0 { // deleted a moment ago
		return users.User{ID: who.UserID, OrganizationID: who.OrganizationID}, err
	}
	return found[0], nil
}

// Forget empties the list of a deleted user.
func (s *Service) Forget(ctx context.Context, userID int64) error {
	return s.Store.ForgetRecents(ctx, userID)
}
