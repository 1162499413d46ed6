package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type aliasRow struct {
	bun.BaseModel `bun:"table:agents_aliases,alias:l"`
	core.Alias
}

func newAliases(db *sqldb.DB) sqldb.Table[core.Alias, aliasRow] {
	return sqldb.NewTable(db, func(a core.Alias) aliasRow { return aliasRow{Alias: a} },
		func(r aliasRow) core.Alias { return r.Alias }, core.ErrNoAlias, core.ErrAliasTaken)
}

// AddAlias implements core.Aliases. Nothing is inserted over a conflict, so
// that the transaction lives on to say which one it was.
func (s *Store) AddAlias(ctx context.Context, a core.Alias) (core.Alias, error) {
	row := aliasRow{Alias: a}
	err := s.db.On(ctx).NewInsert().Model(&row).ExcludeColumn("id").On("CONFLICT DO NOTHING").Returning("*").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		own, err := s.aliases.Count(ctx, sqldb.Eq("agent_id", a.AgentID))
		switch {
		case err != nil:
			return a, err
		case own > 0:
			return a, core.ErrHasAlias
		}
		return a, core.ErrAliasTaken
	}
	if err != nil {
		return a, fmt.Errorf("adding an alias: %w", err)
	}
	return row.Alias, nil
}

// UpdateAlias implements core.Aliases.
func (s *Store) UpdateAlias(ctx context.Context, agent int64, change func(*core.Alias) error) (core.Alias, error) {
	return s.aliases.Update(ctx, change, sqldb.Eq("agent_id", agent))
}

// Aliases implements core.Aliases.
func (s *Store) Aliases(ctx context.Context, agents []int64) ([]core.Alias, error) {
	if len(agents) == 0 {
		return []core.Alias{}, nil
	}
	return s.aliases.List(ctx, len(agents), "id", sqldb.In("agent_id", agents))
}

// AliasesPage implements core.Aliases.
func (s *Store) AliasesPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[core.Alias], error) {
	order := sqldb.Order[core.Alias]{Key: func(a core.Alias) page.Key { return page.Key{ID: a.ID} }}
	return s.aliases.Page(ctx, p, order, sqldb.Eq("organization_id", v.OrganizationID), sqldb.Cond("agent_id IN (?)", s.seen(v)))
}

// seen selects the ids of visible agents.
func (s *Store) seen(v core.Visible) *bun.SelectQuery {
	return sqldb.Apply(s.db.NewSelect().TableExpr("agents_agents").Column("id"), visible(v)...)
}
