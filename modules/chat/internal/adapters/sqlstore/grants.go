package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type grantRow struct {
	bun.BaseModel `bun:"table:chat_grants,alias:g"`
	core.Grant
}

// grantedRun and grantedThread are rows with the grant that opens them.
type grantedRun struct {
	bun.BaseModel `bun:"table:chat_runs,alias:r"`
	core.Run
	GrantID int64 `bun:",scanonly"`
	Vote    int64 `bun:"vote,scanonly"`
}

type grantedThread struct {
	bun.BaseModel `bun:"table:chat_threads,alias:t"`
	core.Thread
	GrantID int64 `bun:",scanonly"`
}

func newGrants(db *sqldb.DB) sqldb.Table[core.Grant, grantRow] {
	return sqldb.NewTable(db,
		func(g core.Grant) grantRow { return grantRow{Grant: g} },
		func(r grantRow) core.Grant { return r.Grant }, core.ErrGrantNotFound, nil)
}

// AddGrant implements core.Grants.
func (s *Store) AddGrant(ctx context.Context, g core.Grant) (core.Grant, error) {
	return s.grants.Add(ctx, g)
}

// Grant implements core.Grants.
func (s *Store) Grant(ctx context.Context, org, id int64) (core.Grant, error) {
	return s.grants.Get(ctx, sqldb.Eq("organization_id", org), sqldb.Eq("id", id))
}

// UpdateGrant implements core.Grants.
func (s *Store) UpdateGrant(ctx context.Context, org, id int64, change func(*core.Grant) error) (core.Grant, error) {
	return s.grants.Update(ctx, change, sqldb.Eq("organization_id", org), sqldb.Eq("id", id))
}

// GrantsPage implements core.Grants.
func (s *Store) GrantsPage(ctx context.Context, org int64, f core.GrantFilter, p page.Request) (page.Of[core.Grant], error) {
	where := []sqldb.Where{sqldb.Eq("organization_id", org)}
	if f.UserID != 0 {
		where = append(where, sqldb.Eq("user_id", f.UserID))
	}
	if f.AgentID != 0 {
		where = append(where, sqldb.Eq("agent_id", f.AgentID))
	}
	switch {
	case f.IsLive == nil:
	case *f.IsLive:
		where = append(where, sqldb.Cond("ended_on IS NULL AND expires_on > ?", f.Now))
	default:
		where = append(where, sqldb.Cond("(ended_on IS NOT NULL OR expires_on <= ?)", f.Now))
	}
	return s.grants.Page(ctx, p, sqldb.Order[core.Grant]{Desc: true, Key: core.ByGrant}, where...)
}

// opened narrows a selection of chat_threads or chat_runs, under the alias of,
// to what a live grant of the holder's is on.
func opened(q *bun.SelectQuery, of string, h core.Holder, id int64) *bun.SelectQuery {
	alias := bun.Ident(of)
	return q.ColumnExpr("g.id AS grant_id").
		Join("JOIN chat_grants AS g ON g.organization_id = ?0.organization_id AND (g.user_id = ?0.user_id OR g.agent_id = ?0.agent_id)", alias).
		Where("?0.id = ?1 AND ?0.organization_id = ?2 AND ?0.is_deleted = ?3", alias, id, h.OrganizationID, false).
		Where("g.granted_to = ? AND g.ended_on IS NULL AND g.expires_on > ?", h.UserID, h.Now).
		OrderExpr("g.id").Limit(1)
}

// GrantedRun implements core.Grants.
func (s *Store) GrantedRun(ctx context.Context, h core.Holder, id int64) (core.Run, int64, error) {
	var found grantedRun
	q := s.db.On(ctx).NewSelect().Model(&found).ColumnExpr("r.*").
		Join("JOIN chat_threads AS t ON t.id = r.thread_id AND t.is_deleted = ?", false)
	err := opened(q, "r", h, id).Scan(ctx)
	return found.Run, found.GrantID, notGranted(err)
}

// GrantedThread implements core.Grants.
func (s *Store) GrantedThread(ctx context.Context, h core.Holder, id int64) (core.Thread, int64, error) {
	var found grantedThread
	q := s.db.On(ctx).NewSelect().Model(&found).ColumnExpr("t.*")
	err := opened(q, "t", h, id).Scan(ctx)
	return found.Thread, found.GrantID, notGranted(err)
}

func notGranted(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return core.ErrNotFound
	}
	return fmt.Errorf("reading through a content grant: %w", err)
}

// GrantedThreadsPage implements core.Grants.
func (s *Store) GrantedThreadsPage(
	ctx context.Context,
	g core.Grant,
	agentID int64,
	without []int64,
	source string,
	p page.Request,
) (page.Of[core.Thread], error) {
	where := []sqldb.Where{sqldb.Eq("organization_id", g.OrganizationID), sqldb.Eq("agent_id", agentID), sqldb.Eq("is_deleted", false)}
	if g.UserID != nil {
		where = append(where, sqldb.Eq("user_id", *g.UserID))
	} else {
		where = append(where, sqldb.Eq("agent_id", *g.AgentID))
	}
	if len(without) > 0 {
		where = append(where, sqldb.Cond("user_id NOT IN (?)", bun.List(without)))
	}
	return s.threadsPage(ctx, source, p, where)
}

// ForgetGrants implements core.Grants.
func (s *Store) ForgetGrants(ctx context.Context, userID int64, now time.Time) error {
	if _, err := s.db.On(ctx).NewDelete().TableExpr("chat_grants").Where("user_id = ?", userID).Exec(ctx); err != nil {
		return fmt.Errorf("deleting the grants on user %d: %w", userID, err)
	}
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_grants").Set("ended_on = ?", now).
		Where("granted_to = ? AND ended_on IS NULL AND expires_on > ?", userID, now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("ending the grants of user %d: %w", userID, err)
	}
	return nil
}
