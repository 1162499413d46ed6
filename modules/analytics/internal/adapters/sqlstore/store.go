// Package sqlstore keeps analytics in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/modules/analytics/internal/core/tally"
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

// Store implements core.Store. Beside facts it keeps segments of them, and in
// memory the parts of segments that are asked for.
type Store struct {
	db        *sqldb.DB
	readState *sqldb.Stmt
	cache     *cache
	tails     tails
	budgets   sqldb.Table[core.Budget, budgetRow]

	asks        shared[core.Row]
	engagements shared[core.Engaged]

	mu    sync.Mutex
	known map[int64]cellsAt // of each organization
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{db: db, readState: db.Stmt(readState), cache: newCache(cacheBytes), known: map[int64]cellsAt{}, budgets: newBudgets(db)}
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
		ofTeams := s.db.On(ctx).NewSelect().Model((*itemRow)(nil)).ModelTableExpr("analytics_items AS p").Column("p.entity_id").
			Where("p.organization_id = ? AND p.kind = ? AND p.team_id IN (?)", scope.OrganizationID, core.Project, teams)
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("i.kind = ? AND i.entity_id IN (?)", core.Team, teams).
				WhereOr("i.kind = ? AND (i.entity_id IN (?) OR i.team_id IN (?))", core.Project, projects, teams).
				WhereOr("i.kind = ? AND (i.entity_id IN (?) OR i.project_id IN (?) OR i.project_id IN (?))", core.Agent, bun.List(scope.Agents), projects, ofTeams)
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
	if scope.All {
		return out, nil
	}
	n, err := s.countAskers(ctx, scope)
	if n > 0 {
		out[core.User] = n
	}
	return out, err
}

// endOfTime is after all facts.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// countAskers counts the users that exist and ever asked in a part, tests of
// agents included.
func (s *Store) countAskers(ctx context.Context, scope core.Scope) (n int64, err error) {
	err = s.snapshot(ctx, func(ctx context.Context, private bool) error {
		n = 0
		v, err := s.view(ctx, scope.OrganizationID, private)
		if err != nil {
			return err
		}
		var asked tally.IDs
		inside := tally.Cells(core.Selection{Scope: scope}, v.cells)
		pieces := v.Cover([]int64{v.first * quarterMicros, endOfTime.UnixMicro()})
		if err := v.walk(ctx, pieces, tally.PartFaces(scope),
			func(_ segment.Piece, faces segment.Loaded) error {
				tally.EachRunner(scope, inside, faces, asked.Unite, asked.Add)
				return nil
			},
			func(_ segment.Piece, facts []core.Fact) {
				for _, f := range facts {
					if f.Runs > 0 && tally.InScope(scope, f.TeamID, f.ProjectID, f.AgentID) {
						asked.Add(f.UserID)
					}
				}
			}); err != nil {
			return err
		}
		var users []int64
		if err := s.db.On(ctx).NewSelect().Model((*itemRow)(nil)).Column("i.entity_id").
			Where("i.organization_id = ? AND i.kind = ?", scope.OrganizationID, core.User).Scan(ctx, &users); err != nil {
			return fmt.Errorf("reading which users exist: %w", err)
		}
		for _, u := range users {
			if asked.Has(u) {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("counting who asked: %w", err)
	}
	return n, nil
}
