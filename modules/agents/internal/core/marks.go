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
	v, standings, err := s.visible(ctx, who)
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
	full, err := s.complete(ctx, who, found, standings)
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
		out.Mark, err = s.mark(ctx, k, Mark{OrganizationID: who.OrganizationID, UserID: who.UserID, AgentID: agentID, CreatedOn: s.Clock.Now()})
		return err
	})
	return out, err
}

func (s *Service) mark(ctx context.Context, k Kind, m Mark) (Mark, error) {
	m, err := s.Store.Mark(ctx, k, m)
	if err != nil {
		return m, err
	}
	if k == Recent {
		return m, s.Store.Trim(ctx, k, m.UserID, maxRecents)
	}
	// A star is somebody's own choice, so none is dropped for another.
	n, err := s.Store.CountMarks(ctx, k, m.UserID)
	if err == nil && n > maxStars {
		err = ErrTooMany
	}
	return m, err
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

// Asked puts an agent at the top of the recents of a user who asked it. It
// runs in the unit of ctx and does nothing for a user who was deleted.
func (s *Service) Asked(ctx context.Context, organizationID, userID, agentID int64, at time.Time) error {
	found, err := s.Directory.Users(ctx, organizationID, []int64{userID})
	if err != nil || len(found) == 0 {
		return err
	}
	_, err = s.mark(ctx, Recent, Mark{OrganizationID: organizationID, UserID: userID, AgentID: agentID, CreatedOn: at})
	return err
}

// Forget removes a deleted user's lists and passes their agents on to the
// admin who deleted them. When that was the server itself, or they are gone
// by now, too, a global admin takes over.
func (s *Service) Forget(ctx context.Context, organizationID, userID, heir int64) error {
	if err := s.Store.UnmarkUser(ctx, userID); err != nil {
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
