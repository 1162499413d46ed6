package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func newBookmarks(db *memory.DB) *memory.Table[core.Bookmark] {
	return memory.NewTable(db, memory.Spec[core.Bookmark]{
		ID:      func(m *core.Bookmark) *int64 { return &m.ID },
		Unique:  []func(core.Bookmark) string{func(m core.Bookmark) string { return fmt.Sprint(m.UserID, "/", m.AgentID) }},
		Missing: errors.New("no such bookmark"), Taken: errors.New("the bookmark exists already"),
	})
}

// AddBookmark implements core.Bookmarks.
func (s *Store) AddBookmark(ctx context.Context, k core.Kind, m core.Bookmark) (core.Bookmark, error) {
	return s.bookmarks[k].Upsert(ctx, m, func(stands *core.Bookmark) error {
		if m.CreatedOn.After(stands.CreatedOn) {
			stands.CreatedOn = m.CreatedOn
		}
		return nil
	}, func(o core.Bookmark) bool { return o.UserID == m.UserID && o.AgentID == m.AgentID })
}

// BookmarksPage implements core.Bookmarks.
func (s *Store) BookmarksPage(ctx context.Context, k core.Kind, v core.Visible, p page.Request) (page.Of[core.Bookmark], error) {
	is, err := s.seen(ctx, v)
	if err != nil {
		return page.Of[core.Bookmark]{}, err
	}
	return s.bookmarks[k].Page(ctx, p, true, core.ByTime, func(m core.Bookmark) bool { return m.UserID == v.UserID && is[m.AgentID] })
}

// CountBookmarks implements core.Bookmarks.
func (s *Store) CountBookmarks(ctx context.Context, k core.Kind, userID int64) (int64, error) {
	return s.bookmarks[k].Count(ctx, func(m core.Bookmark) bool { return m.UserID == userID })
}

// RemoveBookmark implements core.Bookmarks.
func (s *Store) RemoveBookmark(ctx context.Context, k core.Kind, userID, agentID int64) error {
	_, err := s.bookmarks[k].Delete(ctx, func(m core.Bookmark) bool { return m.UserID == userID && m.AgentID == agentID })
	return err
}

// Trim implements core.Bookmarks.
func (s *Store) Trim(ctx context.Context, k core.Kind, users []int64, keep int) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		is := map[int64]bool{}
		for _, user := range users {
			kept, err := s.bookmarks[k].Page(ctx, page.Request{Size: keep}, true, core.ByTime, func(m core.Bookmark) bool { return m.UserID == user })
			if err != nil {
				return err
			}
			for _, m := range kept.Items {
				is[m.ID] = true
			}
		}
		_, err := s.bookmarks[k].Delete(ctx, func(m core.Bookmark) bool { return slices.Contains(users, m.UserID) && !is[m.ID] })
		return err
	})
}

// seen are the ids of visible agents.
func (s *Store) seen(ctx context.Context, v core.Visible) (map[int64]bool, error) {
	list, err := s.agents.List(ctx, func(a core.Agent) bool { return sees(v, a) })
	is := make(map[int64]bool, len(list))
	for _, a := range list {
		is[a.ID] = true
	}
	return is, err
}
