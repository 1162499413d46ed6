package sqlstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/projects/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type recentRow struct {
	bun.BaseModel `bun:"table:projects_recents,alias:m"`
	core.Recent
}

func newRecents(db *sqldb.DB) sqldb.Table[core.Recent, recentRow] {
	return sqldb.NewTable(db, func(r core.Recent) recentRow { return recentRow{Recent: r} },
		func(r recentRow) core.Recent { return r.Recent }, nil, nil)
}

// AddRecent implements core.Recents.
func (s *Store) AddRecent(ctx context.Context, r core.Recent) (core.Recent, error) {
	return s.recents.Upsert(ctx, r, "user_id, project_id",
		"created_on = CASE WHEN EXCLUDED.created_on > m.created_on THEN EXCLUDED.created_on ELSE m.created_on END")
}

// RecentsPage implements core.Recents.
func (s *Store) RecentsPage(ctx context.Context, v core.Visible, userID int64, p page.Request) (page.Of[core.Recent], error) {
	seen := sqldb.Apply(s.db.NewSelect().TableExpr("projects_projects").Column("id"), visibleProjects(v)...)
	order := sqldb.Order[core.Recent]{Time: "created_on", Desc: true, Key: func(r core.Recent) page.Key { return page.Key{At: r.CreatedOn, ID: r.ID} }}
	return s.recents.Page(ctx, p, order, sqldb.Eq("user_id", userID), sqldb.Cond("project_id IN (?)", seen))
}

// TrimRecents implements core.Recents.
func (s *Store) TrimRecents(ctx context.Context, userID int64, keep int) error {
	kept := s.db.NewSelect().TableExpr("projects_recents").Column("id").Where("user_id = ?", userID).OrderExpr("created_on DESC, id DESC").Limit(int64(keep))
	return s.forget(ctx, "user_id = ? AND id NOT IN (?)", userID, kept)
}

// ForgetRecents implements core.Recents.
func (s *Store) ForgetRecents(ctx context.Context, userID int64) error {
	return s.forget(ctx, "user_id = ?", userID)
}

// ForgetProject implements core.Recents.
func (s *Store) ForgetProject(ctx context.Context, projectID int64) error {
	return s.forget(ctx, "project_id = ?", projectID)
}

func (s *Store) forget(ctx context.Context, where string, args ...any) error {
	if _, err := s.db.On(ctx).NewDelete().TableExpr("projects_recents").Where(where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("removing recent projects: %w", err)
	}
	return nil
}
