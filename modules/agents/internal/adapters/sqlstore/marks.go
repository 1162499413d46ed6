package sqlstore

import (
	"context"

	"github.com/uptrace/bun"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

// table is where a list is kept. Kinds come from core alone, never from a
// request.
func table(k core.Kind) string { return "agents_" + string(k) }

type recentRow struct {
	bun.BaseModel `bun:"table:agents_recents,alias:m"`
	core.Mark
}

type starRow struct {
	bun.BaseModel `bun:"table:agents_stars,alias:m"`
	core.Mark
}

// marks is what the two tables have in common.
type marks interface {
	Upsert(ctx context.Context, m core.Mark, conflict string, set ...string) (core.Mark, error)
	Page(ctx context.Context, p page.Request, o sqldb.Order[core.Mark], where ...sqldb.Where) (page.Of[core.Mark], error)
	Count(ctx context.Context, where ...sqldb.Where) (int64, error)
}

func newMarks(db *sqldb.DB) map[core.Kind]marks {
	return map[core.Kind]marks{
		core.Recent: sqldb.NewTable(db, func(m core.Mark) recentRow { return recentRow{Mark: m} },
			func(r recentRow) core.Mark { return r.Mark }, nil, nil),
		core.Starred: sqldb.NewTable(db, func(m core.Mark) starRow { return starRow{Mark: m} },
			func(r starRow) core.Mark { return r.Mark }, nil, nil),
	}
}

// Mark implements core.Marks.
func (s *Store) Mark(ctx context.Context, k core.Kind, m core.Mark) (core.Mark, error) {
	return s.marks[k].Upsert(ctx, m, "user_id, agent_id",
		"created_on = CASE WHEN EXCLUDED.created_on > m.created_on THEN EXCLUDED.created_on ELSE m.created_on END")
}

// MarksPage implements core.Marks.
func (s *Store) MarksPage(ctx context.Context, k core.Kind, v core.Visible, p page.Request) (page.Of[core.Mark], error) {
	return s.marks[k].Page(ctx, p, sqldb.Order[core.Mark]{Time: "created_on", Desc: true, Key: core.ByTime},
		sqldb.Eq("user_id", v.UserID), sqldb.Cond("agent_id IN (?)", s.seen(v)))
}

// CountMarks implements core.Marks.
func (s *Store) CountMarks(ctx context.Context, k core.Kind, userID int64) (int64, error) {
	return s.marks[k].Count(ctx, sqldb.Eq("user_id", userID))
}

// Unmark implements core.Marks.
func (s *Store) Unmark(ctx context.Context, k core.Kind, userID, agentID int64) error {
	return s.remove(ctx, table(k), "user_id = ? AND agent_id = ?", userID, agentID)
}

// Trim implements core.Marks.
func (s *Store) Trim(ctx context.Context, k core.Kind, userID int64, keep int) error {
	kept := s.db.NewSelect().TableExpr(table(k)).Column("id").Where("user_id = ?", userID).OrderExpr("created_on DESC, id DESC").Limit(int64(keep))
	return s.remove(ctx, table(k), "user_id = ? AND id NOT IN (?)", userID, kept)
}
