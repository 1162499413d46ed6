package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/tally"
)

// Ask implements core.Store.
func (s *Store) Ask(ctx context.Context, q core.Question) ([]core.Row, error) {
	facts, err := s.facts(ctx, q.OrganizationID, core.QuarterOf(q.From), core.QuarterOf(q.Until))
	t := tally.New(q)
	t.Facts(facts)
	return t.Rows(), err
}

// Engagement implements core.Store.
func (s *Store) Engagement(ctx context.Context, q core.EngagementQuestion) ([]core.Engaged, error) {
	facts, err := s.facts(ctx, q.OrganizationID, core.QuarterOf(time.Unix(0, 0)), core.QuarterOf(q.Bounds[len(q.Bounds)-1]))
	e := tally.NewEngagement(q)
	e.Facts(core.Selection{Scope: q.Scope, Filter: q.Filter}, facts)
	return e.Days(), err
}

// facts answers the facts of quarters, both included.
func (s *Store) facts(ctx context.Context, org, first, last int64) ([]core.Fact, error) {
	var facts []core.Fact
	err := s.db.On(ctx).NewSelect().Model(&facts).ModelTableExpr("analytics_facts AS fact").
		Where("organization_id = ? AND quarter >= ? AND quarter <= ?", org, first, last).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading facts: %w", err)
	}
	return facts, nil
}

func inScope(q *bun.SelectQuery, s core.Scope) *bun.SelectQuery {
	q = q.Where("f.organization_id = ?", s.OrganizationID)
	if s.All {
		return q
	}
	return q.Where("(f.team_id IN (?) OR f.project_id IN (?) OR f.agent_id IN (?))", bun.List(s.Teams), bun.List(s.Projects), bun.List(s.Agents))
}
