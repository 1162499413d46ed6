// Package sqlstore keeps analytics in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "analytics", Files: files} }

type factRow struct {
	bun.BaseModel `bun:"table:analytics_facts,alias:f"`
	core.Fact
}

type itemRow struct {
	bun.BaseModel `bun:"table:analytics_items,alias:i"`
	core.Item
}

// Store implements core.Store.
type Store struct{ db *sqldb.DB }

// New returns the store over db.
func New(db *sqldb.DB) *Store { return &Store{db: db} }

// AddFacts implements core.Store.
func (s *Store) AddFacts(ctx context.Context, facts []core.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	rows := make([]factRow, len(facts))
	for i, f := range facts {
		rows[i] = factRow{Fact: f}
	}
	if err := s.db.Insert(ctx, sqldb.Insert{Rows: &rows, Without: "id", OnConflict: "(origin) DO NOTHING"}); err != nil {
		return fmt.Errorf("storing facts: %w", err)
	}
	return nil
}

// AddItem implements core.Store.
func (s *Store) AddItem(ctx context.Context, i core.Item) error {
	row := itemRow{Item: i}
	_, err := s.db.On(ctx).NewInsert().Model(&row).ExcludeColumn("id").On("CONFLICT (organization_id, kind, entity_id) DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing %s %d: %w", i.Kind, i.EntityID, err)
	}
	return nil
}

// RemoveItem implements core.Store.
func (s *Store) RemoveItem(ctx context.Context, org int64, k core.Kind, id int64) error {
	_, err := s.db.On(ctx).NewDelete().Model((*itemRow)(nil)).Where("organization_id = ? AND kind = ? AND entity_id = ?", org, k, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("removing %s %d: %w", k, id, err)
	}
	return nil
}

// CountItems implements core.Store.
func (s *Store) CountItems(ctx context.Context, scope core.Scope) (map[core.Kind]int64, error) {
	q := s.db.On(ctx).NewSelect().Model((*itemRow)(nil)).ColumnExpr("i.kind, count(*) AS n").
		Where("i.organization_id = ?", scope.OrganizationID).GroupExpr("i.kind")
	if !scope.All {
		teams, projects := bun.List(scope.Teams), bun.List(scope.Projects)
		askers := inScope(s.db.On(ctx).NewSelect().Model((*factRow)(nil)).Column("f.user_id").Where("f.runs > 0"), scope)
		ofTeams := s.db.On(ctx).NewSelect().Model((*itemRow)(nil)).ModelTableExpr("analytics_items AS p").Column("p.entity_id").
			Where("p.organization_id = ? AND p.kind = ? AND p.team_id IN (?)", scope.OrganizationID, core.Project, teams)
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("i.kind = ? AND i.entity_id IN (?)", core.Team, teams).
				WhereOr("i.kind = ? AND (i.entity_id IN (?) OR i.team_id IN (?))", core.Project, projects, teams).
				WhereOr("i.kind = ? AND (i.entity_id IN (?) OR i.project_id IN (?) OR i.project_id IN (?))", core.Agent, bun.List(scope.Agents), projects, ofTeams).
				WhereOr("i.kind = ? AND i.entity_id IN (?)", core.User, askers)
		})
	}
	var rows []struct {
		Kind core.Kind
		N    int64
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("counting what exists: %w", err)
	}
	out := make(map[core.Kind]int64, len(rows))
	for _, r := range rows {
		out[r.Kind] = r.N
	}
	return out, nil
}
