package core

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"parley/modules/agents"
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
		// The user chose each star, so none is dropped to make room for another.
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
	return out, s.Store.Trim(ctx, k, []int64{who.UserID}, maxRecents)
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

// Asked puts agents at the top of the recents of the users who asked them, and
// lets them review those. It runs in the unit of ctx, takes as many statements
// for many questions of one organization as for one, and leaves out users and
// agents that were deleted. Nearly all questions are to an agent that is among the
// recents, which takes one statement.
func (s *Service) Asked(ctx context.Context, questions ...Question) error {
	others, err := s.Store.NoteAgain(ctx, latest(questions))
	if err != nil || len(others) == 0 {
		return err
	}
	ofOrganization := map[int64][]Question{}
	for _, q := range others {
		ofOrganization[q.OrganizationID] = append(ofOrganization[q.OrganizationID], q)
	}
	var noted []Question
	for org, list := range ofOrganization {
		there, err := s.thereStill(ctx, org, list)
		if err != nil {
			return err
		}
		noted = append(noted, there...)
	}
	if len(noted) == 0 {
		return nil
	}
	slices.SortFunc(noted, byPair)
	return s.Store.NoteQuestions(ctx, noted, maxRecents)
}

// byPair is the order in which questions are noted, always the same, so that two
// who write the same rows do not wait for each other.
func byPair(a, b Question) int {
	return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.AgentID, b.AgentID))
}

// Askers are the users who asked, each once.
func Askers(questions []Question) []int64 {
	users := make([]int64, len(questions))
	for i, q := range questions {
		users[i] = q.UserID
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// latest answers the last question of each user to each agent, in the order in
// which they are noted.
func latest(questions []Question) []Question {
	type pair struct{ org, user, agent int64 }
	last := make(map[pair]Question, len(questions))
	for _, q := range questions {
		p := pair{q.OrganizationID, q.UserID, q.AgentID}
		if known, ok := last[p]; !ok || q.AskedOn.After(known.AskedOn) {
			last[p] = q
		}
	}
	return slices.SortedFunc(maps.Values(last), byPair)
}

// thereStill answers the questions whose user and agent exist.
func (s *Service) thereStill(ctx context.Context, org int64, questions []Question) ([]Question, error) {
	userIDs, agentIDs := map[int64]bool{}, map[int64]bool{}
	for _, q := range questions {
		userIDs[q.UserID], agentIDs[q.AgentID] = true, true
	}
	people, err := s.Directory.Users(ctx, org, slices.Sorted(maps.Keys(userIDs)))
	if err != nil || len(people) == 0 {
		return nil, err
	}
	agents, err := s.Store.Agents(ctx, everything(org), slices.Sorted(maps.Keys(agentIDs)))
	if err != nil {
		return nil, err
	}
	clear(userIDs)
	clear(agentIDs)
	for _, u := range people {
		userIDs[u.ID] = true
	}
	for _, a := range agents {
		agentIDs[a.ID] = true
	}
	return slices.DeleteFunc(questions, func(q Question) bool { return !userIDs[q.UserID] || !agentIDs[q.AgentID] }), nil
}

// ForgetUser removes what only a deleted user had and passes their agents on to
// the admin who deleted them. When that was the server itself, or they are
// gone by now, too, a global admin takes over.
func (s *Service) ForgetUser(ctx context.Context, organizationID, userID, heir int64) error {
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
	return s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		s.kept.ChangingFunc(ctx, ofOrganization(organizationID))
		passed, err := s.Store.PassAgents(ctx, organizationID, userID, found[0].ID)
		if passed > 0 {
			tx.Publish(agents.OwnerChanged{OrganizationID: organizationID, FromUserID: userID, ToUserID: found[0].ID})
		}
		return err
	})
}
