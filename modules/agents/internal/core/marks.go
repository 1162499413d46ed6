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

// Marked is a mark with its agent.
type Marked struct {
	Mark
	Agent Full
}

// Marked answers the caller's recent or starred agents, newest first, as far
// as they still see them.
func (s *Service) Marked(ctx context.Context, who actor.Actor, k Kind, p page.Request) (page.Of[Marked], error) {
	v, teams, err := s.visible(ctx, who)
	if err != nil {
		return page.Of[Marked]{}, err
	}
	marks, err := s.Store.MarksPage(ctx, k, v, p)
	if err != nil {
		return page.Of[Marked]{}, err
	}
	ids := make([]int64, len(marks.Items))
	for i, m := range marks.Items {
		ids[i] = m.AgentID
	}
	found, err := s.Store.Agents(ctx, v, ids)
	if err != nil {
		return page.Of[Marked]{}, err
	}
	full, err := s.complete(ctx, who, decideAll(who, found, teams))
	if err != nil {
		return page.Of[Marked]{}, err
	}
	byID := make(map[int64]Full, len(full))
	for _, f := range full {
		byID[f.ID] = f
	}
	out := page.Of[Marked]{Count: marks.Count, NextCursor: marks.NextCursor, Request: marks.Request}
	for _, m := range marks.Items {
		// An agent that vanished between the two statements is left out.
		if f, ok := byID[m.AgentID]; ok {
			out.Items = append(out.Items, Marked{Mark: m, Agent: f})
		}
	}
	return out, nil
}

// Mark puts an agent that the caller sees at the top of their list.
func (s *Service) Mark(ctx context.Context, who actor.Actor, k Kind, agentID int64) (Marked, error) {
	f, err := s.Get(ctx, who, agentID)
	if err != nil {
		return Marked{}, err
	}
	out := Marked{Agent: f}
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		out.Mark, err = s.Store.Mark(ctx, k, Mark{OrganizationID: who.OrganizationID, UserID: who.UserID, AgentID: agentID, CreatedOn: s.Clock.Now()})
		if err != nil || k == Recent {
			return err
		}
		// A star is somebody's own choice, so none is dropped for another.
		n, err := s.Store.CountMarks(ctx, k, who.UserID)
		if err == nil && n > maxStars {
			err = ErrTooMany
		}
		return err
	})
	if err != nil || k == Starred {
		return out, err
	}
	// After the mark is committed: of many at once the last one sees them all,
	// so that no more than the newest stay.
	return out, s.Store.Trim(ctx, k, who.UserID, maxRecents)
}

// Unmark takes an agent off the caller's list and answers what is left.
func (s *Service) Unmark(ctx context.Context, who actor.Actor, k Kind, agentID int64) ([]Marked, error) {
	if _, err := s.Administers(ctx, who, agentID); err != nil {
		return nil, err // not visible
	}
	if err := s.Store.Unmark(ctx, k, who.UserID, agentID); err != nil {
		return nil, err
	}
	left, err := s.Marked(ctx, who, k, page.Request{Size: maxStars})
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
	if _, err := s.Store.Mark(ctx, Recent, Mark{OrganizationID: organizationID, UserID: userID, AgentID: agentID, CreatedOn: at}); err != nil {
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
