package core

import (
	"context"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// The lengths of a user's lists.
const (
	maxRecents = 20
	maxStars   = 500
)

// BookmarkedAgent is a bookmark with its agent.
type BookmarkedAgent struct {
	Bookmark
	Agent Full
}

// Bookmarks answers the caller's recent or starred agents, newest first, as far
// as they still see them.
func (s *Service) Bookmarks(ctx context.Context, who actor.Actor, k Kind, p page.Request) (page.Of[BookmarkedAgent], error) {
	v, teams, err := s.visible(ctx, who)
	if err != nil {
		return page.Of[BookmarkedAgent]{}, err
	}
	bookmarks, err := s.Store.BookmarksPage(ctx, k, v, p)
	if err != nil {
		return page.Of[BookmarkedAgent]{}, err
	}
	ids := make([]int64, len(bookmarks.Items))
	for i, m := range bookmarks.Items {
		ids[i] = m.AgentID
	}
	found, err := s.Store.Agents(ctx, v, ids)
	if err != nil {
		return page.Of[BookmarkedAgent]{}, err
	}
	full, err := s.complete(ctx, who, decideAll(who, found, teams))
	if err != nil {
		return page.Of[BookmarkedAgent]{}, err
	}
	byID := make(map[int64]Full, len(full))
	for _, f := range full {
		byID[f.ID] = f
	}
	out := page.Of[BookmarkedAgent]{Count: bookmarks.Count, NextCursor: bookmarks.NextCursor, Request: bookmarks.Request}
	for _, m := range bookmarks.Items {
		// An agent that vanished between the two statements is left out.
		if f, ok := byID[m.AgentID]; ok {
			out.Items = append(out.Items, BookmarkedAgent{Bookmark: m, Agent: f})
		}
	}
	return out, nil
}

// AddBookmark puts an agent that the caller sees at the top of their list.
func (s *Service) AddBookmark(ctx context.Context, who actor.Actor, k Kind, agentID int64) (BookmarkedAgent, error) {
	f, err := s.Get(ctx, who, agentID)
	if err != nil {
		return BookmarkedAgent{}, err
	}
	out := BookmarkedAgent{Agent: f}
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		out.Bookmark, err = s.Store.AddBookmark(ctx, k, Bookmark{OrganizationID: who.OrganizationID, UserID: who.UserID, AgentID: agentID, CreatedOn: s.Clock.Now()})
		if err != nil || k == Recent {
			return err
		}
		// A star is somebody's own choice, so none is dropped for another.
		n, err := s.Store.CountBookmarks(ctx, k, who.UserID)
		if err == nil && n > maxStars {
			err = ErrTooMany
		}
		return err
	})
	if err != nil || k == Starred {
		return out, err
	}
	// After the bookmark is committed: of many at once the last one sees them all,
	// so that no more than the newest stay.
	return out, s.Store.Trim(ctx, k, who.UserID, maxRecents)
}

// RemoveBookmark takes an agent off the caller's list and answers what is left.
func (s *Service) RemoveBookmark(ctx context.Context, who actor.Actor, k Kind, agentID int64) ([]BookmarkedAgent, error) {
	if _, err := s.Administers(ctx, who, agentID); err != nil {
		return nil, err // not visible
	}
	if err := s.Store.RemoveBookmark(ctx, k, who.UserID, agentID); err != nil {
		return nil, err
	}
	left, err := s.Bookmarks(ctx, who, k, page.Request{Size: maxStars})
	return left.Items, err
}

// Asked puts an agent at the top of the recents of a user who asked it, and
// lets them review it. It runs in the unit of ctx and does nothing for a user
// or an agent that was deleted.
func (s *Service) Asked(ctx context.Context, organizationID, userID, agentID int64, at time.Time) error {
	found, err := s.Directory.Users(ctx, organizationID, []int64{userID})
	if err != nil || len(found) == 0 {
		return err
	}
	there, err := s.Store.Agents(ctx, everything(organizationID), []int64{agentID})
	if err != nil || len(there) == 0 {
		return err
	}
	if err := s.Store.NoteRun(ctx, organizationID, userID, agentID); err != nil {
		return err
	}
	if _, err := s.Store.AddBookmark(ctx, Recent, Bookmark{OrganizationID: organizationID, UserID: userID, AgentID: agentID, CreatedOn: at}); err != nil {
		return err
	}
	return s.Store.Trim(ctx, Recent, userID, maxRecents)
}

// Forget removes what only a deleted user had and passes their agents on to
// the admin who deleted them. When that was the server itself, or they are
// gone by now, too, a global admin takes over.
func (s *Service) Forget(ctx context.Context, organizationID, userID, heir int64) error {
	if err := s.Store.ForgetUser(ctx, userID); err != nil {
		return err
	}
	found, err := s.Directory.Users(ctx, organizationID, []int64{heir})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		if found, err = s.Directory.GlobalAdmins(ctx, organizationID); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return nil // nobody is left to own anything
	}
	return s.Store.PassAgents(ctx, organizationID, userID, found[0].ID)
}
