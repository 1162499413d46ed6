package sqlstore

import (
	"context"
	"fmt"
	"strings"

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
	core.Bookmark
}

type starRow struct {
	bun.BaseModel `bun:"table:agents_stars,alias:m"`
	core.Bookmark
}

// bookmarkTable is what the two tables have in common.
type bookmarkTable interface {
	Upsert(ctx context.Context, m core.Bookmark, conflict string, set ...string) (core.Bookmark, error)
	Page(ctx context.Context, p page.Request, o sqldb.Order[core.Bookmark], where ...sqldb.Where) (page.Of[core.Bookmark], error)
	Count(ctx context.Context, where ...sqldb.Where) (int64, error)
}

func newBookmarks(db *sqldb.DB) map[core.Kind]bookmarkTable {
	return map[core.Kind]bookmarkTable{
		core.Recent: sqldb.NewTable(db, func(m core.Bookmark) recentRow { return recentRow{Bookmark: m} },
			func(r recentRow) core.Bookmark { return r.Bookmark }, nil, nil),
		core.Starred: sqldb.NewTable(db, func(m core.Bookmark) starRow { return starRow{Bookmark: m} },
			func(r starRow) core.Bookmark { return r.Bookmark }, nil, nil),
	}
}

// neverBack moves a bookmark to a later time only.
const neverBack = "created_on = CASE WHEN EXCLUDED.created_on > m.created_on THEN EXCLUDED.created_on ELSE m.created_on END"

// AddBookmark implements core.Bookmarks.
func (s *Store) AddBookmark(ctx context.Context, k core.Kind, m core.Bookmark) (core.Bookmark, error) {
	return s.bookmarks[k].Upsert(ctx, m, "user_id, agent_id", neverBack)
}

func (s *Store) addRecents(script *sqldb.Script, questions []core.Question) {
	rows := make([]recentRow, len(questions))
	for i, q := range questions {
		rows[i] = recentRow{Bookmark: core.Bookmark{OrganizationID: q.OrganizationID, UserID: q.UserID, AgentID: q.AgentID, CreatedOn: q.AskedOn}}
	}
	script.Insert(
		sqldb.Insert{Rows: &rows, Without: "id", OnConflict: "(user_id, agent_id) DO UPDATE SET " + strings.ReplaceAll(neverBack, "m.", "agents_recents.")},
	)
}

// BookmarksPage implements core.Bookmarks.
func (s *Store) BookmarksPage(ctx context.Context, k core.Kind, v core.Visible, p page.Request) (page.Of[core.Bookmark], error) {
	return s.bookmarks[k].Page(ctx, p, sqldb.Order[core.Bookmark]{Time: "created_on", Desc: true, Key: core.ByTime},
		sqldb.Eq("user_id", v.UserID), sqldb.Cond("agent_id IN (?)", s.seen(v)))
}

// CountBookmarks implements core.Bookmarks.
func (s *Store) CountBookmarks(ctx context.Context, k core.Kind, userID int64) (int64, error) {
	return s.bookmarks[k].Count(ctx, sqldb.Eq("user_id", userID))
}

// RemoveBookmark implements core.Bookmarks.
func (s *Store) RemoveBookmark(ctx context.Context, k core.Kind, userID, agentID int64) error {
	return s.remove(ctx, table(k), "user_id = ? AND agent_id = ?", userID, agentID)
}

// Trim implements core.Bookmarks.
func (s *Store) Trim(ctx context.Context, k core.Kind, users []int64, keep int) error {
	ranked := s.db.NewSelect().TableExpr(table(k)).Column("id").Where("user_id IN (?)", bun.List(users)).
		ColumnExpr("row_number() OVER (PARTITION BY user_id ORDER BY created_on DESC, id DESC) AS place")
	old := s.db.NewSelect().TableExpr("(?) AS ranked", ranked).Column("id").Where("place > ?", keep)
	if _, err := s.db.On(ctx).NewDelete().TableExpr(table(k)).Where("id IN (?)", old).Exec(ctx); err != nil {
		return fmt.Errorf("trimming %s: %w", table(k), err)
	}
	return nil
}

// trimming is Trim of the recents, for PostgreSQL to keep and SQLite to prepare.
const (
	trimming = `DELETE FROM agents_recents WHERE id IN (SELECT id FROM
		(SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY created_on DESC, id DESC) AS place FROM agents_recents WHERE user_id `
	trimmingOnSQLite = trimming + `IN (SELECT value FROM json_each(?))) AS ranked WHERE place > ?)`
)

var trimmingOnPostgres = sqldb.NewKept(trimming + `= ANY($1::bigint[])) AS ranked WHERE place > $2::bigint)`)
