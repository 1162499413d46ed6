package memstore

import (
	"context"
	"errors"
	"fmt"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

var errNoMark = errors.New("no such mark")

func newMarks(db *memory.DB) *memory.Table[core.Mark] {
	return memory.NewTable(db, memory.Spec[core.Mark]{
		ID:      func(m *core.Mark) *int64 { return &m.ID },
		Unique:  []func(core.Mark) string{func(m core.Mark) string { return fmt.Sprint(m.UserID, "/", m.AgentID) }},
		Missing: errNoMark, Taken: errors.New("a mark stands already"),
	})
}

// Mark implements core.Marks, in one step as the upsert in SQL is.
func (s *Store) Mark(ctx context.Context, k core.Kind, m core.Mark) (core.Mark, error) {
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		moved, err := s.marks[k].Update(ctx, func(stands *core.Mark) error {
			if m.CreatedOn.After(stands.CreatedOn) {
				stands.CreatedOn = m.CreatedOn
			}
			return nil
		}, func(o core.Mark) bool { return o.UserID == m.UserID && o.AgentID == m.AgentID })
		if errors.Is(err, errNoMark) {
			moved, err = s.marks[k].Add(ctx, m)
		}
		m = moved
		return err
	})
	return m, err
}

// MarksPage implements core.Marks.
func (s *Store) MarksPage(ctx context.Context, k core.Kind, v core.Visible, p page.Request) (page.Of[core.Mark], error) {
	is, err := s.seen(ctx, v)
	if err != nil {
		return page.Of[core.Mark]{}, err
	}
	return s.marks[k].Page(ctx, p, true, core.ByTime, func(m core.Mark) bool { return m.UserID == v.UserID && is[m.AgentID] })
}

// CountMarks implements core.Marks.
func (s *Store) CountMarks(ctx context.Context, k core.Kind, userID int64) (int64, error) {
	return s.marks[k].Count(ctx, func(m core.Mark) bool { return m.UserID == userID })
}

// Unmark implements core.Marks.
func (s *Store) Unmark(ctx context.Context, k core.Kind, userID, agentID int64) error {
	_, err := s.marks[k].Delete(ctx, func(m core.Mark) bool { return m.UserID == userID && m.AgentID == agentID })
	return err
}

// Trim implements core.Marks.
func (s *Store) Trim(ctx context.Context, k core.Kind, userID int64, keep int) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		kept, err := s.marks[k].Page(ctx, page.Request{Size: keep}, true, core.ByTime, func(m core.Mark) bool { return m.UserID == userID })
		if err != nil {
			return err
		}
		is := make(map[int64]bool, len(kept.Items))
		for _, m := range kept.Items {
			is[m.ID] = true
		}
		_, err = s.marks[k].Delete(ctx, func(m core.Mark) bool { return m.UserID == userID && !is[m.ID] })
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
