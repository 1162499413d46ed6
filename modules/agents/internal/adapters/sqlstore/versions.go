package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type versionRow struct {
	bun.BaseModel `bun:"table:agents_versions,alias:v"`
	core.Version
}

// unknown matches versions whose connections are not known, and a partial index.
const unknown = "connections = 'null'"

// headRow is a version without what lists don't show.
type headRow struct {
	bun.BaseModel `bun:"table:agents_versions,alias:v"`
	core.Head
}

func newVersions(db *sqldb.DB) sqldb.Table[core.Version, versionRow] {
	return sqldb.NewTable(db, func(v core.Version) versionRow { return versionRow{Version: v} },
		func(r versionRow) core.Version { return r.Version }, core.ErrNoVersion, nil)
}

func newHeads(db *sqldb.DB) sqldb.Table[core.Head, headRow] {
	return sqldb.NewTable(db, func(h core.Head) headRow { return headRow{Head: h} },
		func(r headRow) core.Head { return r.Head }, core.ErrNoVersion, nil)
}

// LockAgents implements core.Versions. SQLite has one writer, which is lock
// enough.
func (s *Store) LockAgents(ctx context.Context, org int64, ids []int64) ([]int64, error) {
	q := s.db.On(ctx).NewSelect().TableExpr("agents_agents").Column("id").
		Where("id IN (?) AND organization_id = ? AND is_deleted = ?", bun.List(ids), org, false).OrderExpr("id")
	if s.db.Postgres() {
		q = q.For("UPDATE")
	}
	found := []int64{}
	if err := q.Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("locking agents: %w", err)
	}
	return found, nil
}

// RaiseVersions implements core.Versions.
func (s *Store) RaiseVersions(ctx context.Context, org int64, ids []int64) ([]core.Agent, error) {
	rows := []agentRow{}
	err := s.db.On(ctx).NewUpdate().Model(&rows).ModelTableExpr("agents_agents AS a").Set("version = version + 1").
		Where("id IN (?) AND organization_id = ? AND is_deleted = ?", bun.List(ids), org, false).Returning("*").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("raising the versions of agents: %w", err)
	}
	out := make([]core.Agent, len(rows))
	for i, r := range rows {
		out[i] = r.Agent
	}
	slices.SortFunc(out, func(a, b core.Agent) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// AddVersions implements core.Versions.
func (s *Store) AddVersions(ctx context.Context, list []core.Version) error {
	_, err := s.versions.AddAll(ctx, list)
	return err
}

// Version implements core.Versions.
func (s *Store) Version(ctx context.Context, agent, version int64) (core.Version, error) {
	return s.versions.Get(ctx, sqldb.Eq("agent_id", agent), sqldb.Eq("version", version))
}

// VersionsPage implements core.Versions.
func (s *Store) VersionsPage(ctx context.Context, agent int64, p page.Request) (page.Of[core.Head], error) {
	return s.heads.Page(ctx, p, sqldb.Order[core.Head]{Desc: true, Key: core.NewestFirst}, sqldb.Eq("agent_id", agent))
}

// LastConnections implements core.Versions.
func (s *Store) LastConnections(ctx context.Context, ids []int64) (map[int64][]agents.Connection, error) {
	var rows []struct {
		AgentID     int64
		Connections string
	}
	err := s.db.On(ctx).NewSelect().TableExpr("agents_versions AS v").Join("JOIN agents_agents AS a ON a.id = v.agent_id AND a.version = v.version").
		ColumnExpr("v.agent_id, v.connections").Where("v.agent_id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading what agents were connected to: %w", err)
	}
	out := make(map[int64][]agents.Connection, len(rows))
	for _, r := range rows {
		var list []agents.Connection
		if err := json.Unmarshal([]byte(r.Connections), &list); err != nil {
			return nil, fmt.Errorf("reading what agent %d was connected to: %w", r.AgentID, err)
		}
		if list != nil {
			out[r.AgentID] = list
		}
	}
	return out, nil
}

// SetConnections implements core.Versions.
func (s *Store) SetConnections(ctx context.Context, agent int64, connections []agents.Connection) error {
	list, err := json.Marshal(connections)
	if err != nil {
		return fmt.Errorf("encoding connections: %w", err)
	}
	_, err = s.db.On(ctx).NewUpdate().TableExpr("agents_versions").Set("connections = ?", string(list)).Where("agent_id = ? AND "+unknown, agent).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing what agent %d was connected to: %w", agent, err)
	}
	return nil
}

// StaleVersions implements core.Versions.
func (s *Store) StaleVersions(ctx context.Context, after int64, limit int) ([]agents.Stale, error) {
	out := []agents.Stale{}
	err := s.db.On(ctx).NewSelect().TableExpr("agents_agents AS a").ColumnExpr("a.organization_id, a.id AS agent_id").
		Where("a.id IN (SELECT agent_id FROM agents_versions WHERE "+unknown+" AND agent_id > ?) AND NOT a.is_deleted", after).
		OrderExpr("a.id").Limit(int64(limit)).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("looking for versions without connections: %w", err)
	}
	return out, nil
}
