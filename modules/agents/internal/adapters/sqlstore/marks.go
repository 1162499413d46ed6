package sqlstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/agents/internal/core"
)

// table is where a list is kept. Kinds come from core alone, never from a
// request.
func table(k core.Kind) string { return "agents_" + string(k) }

// Mark implements core.Marks.
func (s *Store) Mark(ctx context.Context, k core.Kind, m core.Mark) (core.Mark, error) {
	var out core.Mark
	err := s.db.On(ctx).NewRaw("INSERT INTO ? (organization_id, user_id, agent_id, created_on) VALUES (?, ?, ?, ?) "+
		"ON CONFLICT (user_id, agent_id) DO UPDATE SET created_on = EXCLUDED.created_on RETURNING id, organization_id, user_id, agent_id, created_on",
		bun.Ident(table(k)), m.OrganizationID, m.UserID, m.AgentID, m.CreatedOn).Scan(ctx, &out)
	if err != nil {
		return out, fmt.Errorf("adding to %s: %w", table(k), err)
	}
	return out, nil
}

// Marked implements core.Marks.
func (s *Store) Marked(ctx context.Context, k core.Kind, userID int64, limit int) ([]core.Mark, error) {
	out := []core.Mark{}
	err := s.db.On(ctx).NewSelect().TableExpr(table(k)).Column("id", "organization_id", "user_id", "agent_id", "created_on").
		Where("user_id = ?", userID).OrderExpr("created_on DESC, id DESC").Limit(int64(limit)).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", table(k), err)
	}
	return out, nil
}

// Unmark implements core.Marks.
func (s *Store) Unmark(ctx context.Context, k core.Kind, userID, agentID int64) error {
	return s.remove(ctx, k, "user_id = ? AND agent_id = ?", userID, agentID)
}

// Trim implements core.Marks.
func (s *Store) Trim(ctx context.Context, k core.Kind, userID int64, keep int) error {
	kept := s.db.NewSelect().TableExpr(table(k)).Column("id").Where("user_id = ?", userID).OrderExpr("created_on DESC, id DESC").Limit(int64(keep))
	return s.remove(ctx, k, "user_id = ? AND id NOT IN (?)", userID, kept)
}

// UnmarkUser implements core.Marks.
func (s *Store) UnmarkUser(ctx context.Context, userID int64) error {
	for _, k := range []core.Kind{core.Recent, core.Starred} {
		if err := s.remove(ctx, k, "user_id = ?", userID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) remove(ctx context.Context, k core.Kind, where string, args ...any) error {
	if _, err := s.db.On(ctx).NewDelete().TableExpr(table(k)).Where(where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("removing from %s: %w", table(k), err)
	}
	return nil
}
