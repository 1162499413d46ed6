package sqlstore

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/platform/sqldb"
)

// OldAgents implements core.Backlog.
func (s *Store) OldAgents(ctx context.Context, limit int) ([]core.Agent, bool, error) {
	b := sqldb.Backlog[core.Agent, agentRow]{Of: s.agents, Notes: "agents_untold", Name: "agent", ID: func(a core.Agent) int64 { return a.ID }}
	return b.Next(ctx, limit)
}
