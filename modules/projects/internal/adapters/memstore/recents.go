package memstore

import (
	"context"
	"errors"
	"fmt"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func newRecents(db *memory.DB) *memory.Table[core.Recent] {
	return memory.NewTable(db, memory.Spec[core.Recent]{
		ID:      func(r *core.Recent) *int64 { return &r.ID },
		Unique:  []func(core.Recent) string{func(r core.Recent) string { return fmt.Sprint(r.UserID, "/", r.ProjectID) }},
		Missing: errors.New("no such recent project"), Taken: errors.New("the project is in the list already"),
	})
}

func byTime(r core.Recent) page.Key { return page.Key{At: r.CreatedOn, ID: r.ID} }

// AddRecent implements core.Recents.
func (s *Store) AddRecent(ctx context.Context, r core.Recent) (core.Recent, error) {
	return s.recents.Upsert(ctx, r, func(stands *core.Recent) error {
		if r.CreatedOn.After(stands.CreatedOn) {
			stands.CreatedOn = r.CreatedOn
		}
		return nil
	}, func(o core.Recent) bool { return o.UserID == r.UserID && o.ProjectID == r.ProjectID })
}

// RecentsPage implements core.Recents.
func (s *Store) RecentsPage(ctx context.Context, v core.Visible, userID int64, p page.Request) (page.Of[core.Recent], error) {
	seen, err := s.projects.List(ctx, func(p projects.Project) bool { return seesProject(v, p) })
	if err != nil {
		return page.Of[core.Recent]{}, err
	}
	is := make(map[int64]bool, len(seen))
	for _, p := range seen {
		is[p.ID] = true
	}
	return s.recents.Page(ctx, p, true, byTime, func(r core.Recent) bool { return r.UserID == userID && is[r.ProjectID] })
}

// TrimRecents implements core.Recents.
func (s *Store) TrimRecents(ctx context.Context, userID int64, keep int) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		kept, err := s.recents.Page(ctx, page.Request{Size: keep}, true, byTime, func(r core.Recent) bool { return r.UserID == userID })
		if err != nil {
			return err
		}
		is := make(map[int64]bool, len(kept.Items))
		for _, r := range kept.Items {
			is[r.ID] = true
		}
		_, err = s.recents.Delete(ctx, func(r core.Recent) bool { return r.UserID == userID && !is[r.ID] })
		return err
	})
}

// ForgetRecents implements core.Recents.
func (s *Store) ForgetRecents(ctx context.Context, userID int64) error {
	_, err := s.recents.Delete(ctx, func(r core.Recent) bool { return r.UserID == userID })
	return err
}

// ForgetProject implements core.Recents.
func (s *Store) ForgetProject(ctx context.Context, projectID int64) error {
	_, err := s.recents.Delete(ctx, func(r core.Recent) bool { return r.ProjectID == projectID })
	return err
}
