package core

import (
	"context"
	"time"

	"parley/platform/kernel/actor"
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
func (s *Service) Marked(ctx context.Context, who actor.Actor, k Kind) ([]Marked, error) {
	marks, err := s.Store.Marked(ctx, k, who.UserID, maxStars)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(marks))
	for i, m := range marks {
		ids[i] = m.AgentID
	}
	v, standings, err := s.visible(ctx, who)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Agents(ctx, v, ids)
	if err != nil {
		return nil, err
	}
	full, err := s.complete(ctx, who, found, standings)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]Full, len(full))
	for _, f := range full {
		byID[f.ID] = f
	}
	out := []Marked{}
	for _, m := range marks {
		if f, ok := byID[m.AgentID]; ok {
			out = append(out, Marked{Mark: m, Agent: f})
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
	keep := maxRecents
	if k == Starred {
		keep = maxStars
	}
	return m, s.Store.Trim(ctx, k, m.UserID, keep)
}

// Unmark takes an agent off the caller's list and answers what is left.
func (s *Service) Unmark(ctx context.Context, who actor.Actor, k Kind, agentID int64) ([]Marked, error) {
	if _, err := s.Administers(ctx, who, agentID); err != nil {
		return nil, err // not visible
	}
	if err := s.Store.Unmark(ctx, k, who.UserID, agentID); err != nil {
		return nil, err
	}
	return s.Marked(ctx, who, k)
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

// Forget removes a deleted user's lists and passes their agents on.
func (s *Service) Forget(ctx context.Context, organizationID, userID, heir int64) error {
	if err := s.Store.UnmarkUser(ctx, userID); err != nil {
		return err
	}
	return s.Store.PassAgents(ctx, organizationID, userID, heir)
}
