package sqlstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/money"
)

// sum is a sum as an integer: PostgreSQL makes a numeric of it.
func sum(q *bun.SelectQuery, expression, name string) *bun.SelectQuery {
	return q.ColumnExpr("CAST(COALESCE(sum(?), 0) AS BIGINT) AS ?", bun.Safe(expression), bun.Ident(name))
}

// Totals implements core.Store.
func (s *Store) Totals(ctx context.Context, sel core.Selection) (core.Totals, error) {
	var t core.Totals
	q := s.selected(ctx, sel).
		ColumnExpr("count(DISTINCT CASE WHEN f.runs > 0 AND f.query_source <> ? THEN f.user_id END) AS active_users", core.Evaluation).
		ColumnExpr("CAST(COALESCE(sum(CASE WHEN f.query_source <> ? THEN f.runs ELSE 0 END), 0) AS BIGINT) AS queries", core.Evaluation)
	q = sum(q, "f.threads", "threads")
	q = sum(q, "f.upvotes", "upvotes")
	q = sum(q, "f.downvotes", "downvotes")
	q = sum(q, "f.prompt_tokens + f.completion_tokens", "total_tokens")
	q = sum(q, "f.cost_nano", "cost_nano")
	q = sum(q, "f.cost_pico", "cost_pico")
	if err := q.Scan(ctx, &t); err != nil {
		return t, fmt.Errorf("summing a period up: %w", err)
	}
	t.Cost = t.Cost.Plus(money.Amount{})
	return t, nil
}

// Quarters implements core.Store.
func (s *Store) Quarters(ctx context.Context, sel core.Selection) ([]core.QuarterTokens, error) {
	q := s.selected(ctx, sel).Column("f.quarter").Where("f.prompt_tokens + f.completion_tokens + f.cost_nano + f.cost_pico > 0").GroupExpr("f.quarter")
	for _, measure := range []string{"prompt_tokens", "completion_tokens", "cost_nano", "cost_pico"} {
		q = sum(q, "f."+measure, measure)
	}
	var out []core.QuarterTokens
	if err := q.Scan(ctx, &out); err != nil {
		return nil, fmt.Errorf("summing tokens up: %w", err)
	}
	for i := range out {
		out[i].Cost = out[i].Cost.Plus(money.Amount{})
	}
	return out, nil
}

func (s *Store) selected(ctx context.Context, sel core.Selection) *bun.SelectQuery {
	q := inScope(s.db.On(ctx).NewSelect().Model((*factRow)(nil)), sel.Scope)
	// Quarters are what the index is over; only in the outermost two does the
	// exact time tell more.
	first, last := core.QuarterOf(sel.From), core.QuarterOf(sel.Until)
	q = q.Where("f.quarter >= ? AND f.quarter <= ?", first, last).
		Where("(f.quarter > ? OR f.occurred_on >= ?) AND (f.quarter < ? OR f.occurred_on < ?)", first, sel.From.UTC(), last, sel.Until.UTC())
	for _, id := range []struct {
		column string
		value  int64
	}{{"agent_id", sel.AgentID}, {"user_id", sel.UserID}, {"team_id", sel.TeamID}, {"project_id", sel.ProjectID}} {
		if id.value != 0 {
			q = q.Where("f.? = ?", bun.Ident(id.column), id.value)
		}
	}
	// Threads have neither a source nor a model and match every one.
	for _, text := range [][2]string{{"query_source", sel.QuerySource}, {"model", sel.Model}} {
		if text[1] != "" {
			q = q.Where("(f.? = ? OR f.threads > 0)", bun.Ident(text[0]), text[1])
		}
	}
	return q
}

func inScope(q *bun.SelectQuery, s core.Scope) *bun.SelectQuery {
	q = q.Where("f.organization_id = ?", s.OrganizationID)
	if s.All {
		return q
	}
	return q.Where("(f.team_id IN (?) OR f.project_id IN (?) OR f.agent_id IN (?))", bun.List(s.Teams), bun.List(s.Projects), bun.List(s.Agents))
}
