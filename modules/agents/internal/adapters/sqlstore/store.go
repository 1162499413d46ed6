// Package sqlstore keeps agents in SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "agents", Files: files} }

type agentRow struct {
	bun.BaseModel `bun:"table:agents_agents,alias:a"`
	core.Agent
}

type typeRow struct {
	bun.BaseModel `bun:"table:agents_types,alias:t"`
	core.Type
}

type instructionRow struct {
	bun.BaseModel `bun:"table:agents_instructions,alias:i"`
	core.Instruction
}

// Store implements core.Store.
type Store struct {
	db           *sqldb.DB
	agents       sqldb.Table[core.Agent, agentRow]
	types        sqldb.Table[core.Type, typeRow]
	instructions sqldb.Table[core.Instruction, instructionRow]
	versions     sqldb.Table[core.Version, versionRow]
	heads        sqldb.Table[core.Head, headRow]
	bookmarks    map[core.Kind]bookmarkTable
	reviews      sqldb.Table[core.Review, reviewRow]
	ratings      sqldb.Table[core.Rating, ratingRow]
	aliases      sqldb.Table[core.Alias, aliasRow]
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	return &Store{
		db: db, versions: newVersions(db), heads: newHeads(db), bookmarks: newBookmarks(db),
		reviews: newReviews(db), ratings: newRatings(db), aliases: newAliases(db),
		agents: sqldb.NewTable(db,
			func(a core.Agent) agentRow { return agentRow{Agent: a} },
			func(r agentRow) core.Agent { return r.Agent }, core.ErrNotFound, nil),
		types: sqldb.NewTable(db,
			func(t core.Type) typeRow { return typeRow{Type: t} },
			func(r typeRow) core.Type { return r.Type }, core.ErrTypeNotFound, core.ErrTypeTaken),
		instructions: sqldb.NewTable(db,
			func(i core.Instruction) instructionRow { return instructionRow{Instruction: i} },
			func(r instructionRow) core.Instruction { return r.Instruction }, core.ErrNotFound, nil),
	}
}

// visible is core.Visible as conditions on agents_agents.
func visible(v core.Visible) []sqldb.Where {
	where := []sqldb.Where{sqldb.Eq("organization_id", v.OrganizationID), sqldb.Eq("is_deleted", false)}
	if !v.All {
		where = append(where, sqldb.Any(
			sqldb.Eq("user_id", v.UserID),
			sqldb.Eq("access", core.Public),
			sqldb.In("id", v.Granted),
			sqldb.In("project_id", v.Administered),
			sqldb.Cond("access = ? AND project_id IN (?)", core.OnlyTeam, bun.List(v.Joined)),
		))
	}
	return where
}

// AddAgent implements core.Store.
func (s *Store) AddAgent(ctx context.Context, a core.Agent) (core.Agent, error) {
	return s.agents.Add(ctx, a)
}

// Agent implements core.Store.
func (s *Store) Agent(ctx context.Context, v core.Visible, id int64) (core.Agent, error) {
	return s.agents.Get(ctx, append(visible(v), sqldb.Eq("id", id))...)
}

// Agents implements core.Store.
func (s *Store) Agents(ctx context.Context, v core.Visible, ids []int64) ([]core.Agent, error) {
	if len(ids) == 0 {
		return []core.Agent{}, nil
	}
	return s.agents.List(ctx, len(ids), "id", append(visible(v), sqldb.In("id", ids))...)
}

// AgentsPage implements core.Store.
func (s *Store) AgentsPage(ctx context.Context, v core.Visible, projects []int64, p page.Request) (page.Of[core.Agent], error) {
	where := visible(v)
	if projects != nil {
		where = append(where, sqldb.In("project_id", projects))
	}
	return s.agents.Page(ctx, p, sqldb.Order[core.Agent]{Key: core.ByID}, where...)
}

// FirstAgents implements core.Store.
func (s *Store) FirstAgents(ctx context.Context, v core.Visible, projects []int64, perProject int) ([]core.Agent, error) {
	if len(projects) == 0 {
		return []core.Agent{}, nil
	}
	ranked := s.db.NewSelect().TableExpr("agents_agents").
		Column("id", "organization_id", "project_id", "user_id", "agent_name", "domain", "agent_image", "access", "status", "is_active", "created_by", "created_on").
		ColumnExpr("row_number() OVER (PARTITION BY project_id ORDER BY id) AS place")
	ranked = sqldb.Apply(ranked, append(visible(v), sqldb.In("project_id", projects))...)
	type row struct {
		core.Agent
		Place int64
	}
	var rows []row
	err := s.db.On(ctx).NewSelect().TableExpr("(?) AS ranked", ranked).Where("place <= ?", perProject).OrderExpr("project_id, id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("listing the first agents of projects: %w", err)
	}
	out := make([]core.Agent, len(rows))
	for i, r := range rows {
		out[i] = r.Agent
	}
	return out, nil
}

// UpdateAgent implements core.Store.
func (s *Store) UpdateAgent(ctx context.Context, org, id int64, change func(*core.Agent) error) (core.Agent, error) {
	return s.agents.Update(ctx, change, sqldb.Eq("id", id), sqldb.Eq("organization_id", org), sqldb.Eq("is_deleted", false))
}

// DeleteAgentsOf implements core.Store.
func (s *Store) DeleteAgentsOf(ctx context.Context, org, project int64, by string, at time.Time) ([]int64, error) {
	var ids []int64
	err := s.db.On(ctx).NewUpdate().TableExpr("agents_agents").Set("is_deleted = ?", true).Set("modified_by = ?", by).Set("modified_on = ?", at).
		Where("project_id = ? AND organization_id = ? AND is_deleted = ?", project, org, false).Returning("id").Scan(ctx, &ids)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("deleting the agents of project %d: %w", project, err)
	}
	slices.Sort(ids)
	return ids, nil
}

// PassAgents implements core.Store.
func (s *Store) PassAgents(ctx context.Context, org, from, to int64) (int64, error) {
	res, err := s.db.On(ctx).NewUpdate().TableExpr("agents_agents").Set("user_id = ?", to).Where("user_id = ? AND organization_id = ?", from, org).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("passing agents on: %w", err)
	}
	return res.RowsAffected()
}

// SeedTypes implements core.Store.
func (s *Store) SeedTypes(ctx context.Context, types []core.Type) error {
	rows := make([]typeRow, len(types))
	for i, t := range types {
		rows[i] = typeRow{Type: t}
	}
	_, err := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (organization_id, lower(name)) DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("seeding agent types: %w", err)
	}
	return nil
}

// maxTypes bounds the types of one organization.
const maxTypes = 1000

// Types implements core.Store.
func (s *Store) Types(ctx context.Context, org int64) ([]core.Type, error) {
	return s.types.List(ctx, maxTypes, "id", sqldb.Eq("organization_id", org))
}

// UpdateType implements core.Types.
func (s *Store) UpdateType(ctx context.Context, org, id int64, change func(*core.Type) error) (core.Type, error) {
	return s.types.Update(ctx, change, sqldb.Eq("id", id), sqldb.Eq("organization_id", org))
}

// DeleteInstructions implements core.Instructions.
func (s *Store) DeleteInstructions(ctx context.Context, agent int64) error {
	_, err := s.db.On(ctx).NewUpdate().TableExpr("agents_instructions").Set("is_deleted = ?", true).Where("agent_id = ? AND is_deleted = ?", agent, false).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("deleting the instructions of agent %d: %w", agent, err)
	}
	return nil
}

// AddInstructions implements core.Store.
func (s *Store) AddInstructions(ctx context.Context, list []core.Instruction) ([]core.Instruction, error) {
	return s.instructions.AddAll(ctx, list)
}

// maxInstructions bounds what is read for one page of agents.
const maxInstructions = 50_000

// Instructions implements core.Store.
func (s *Store) Instructions(ctx context.Context, agents []int64) ([]core.Instruction, error) {
	return s.instructions.List(ctx, maxInstructions, "id", sqldb.In("agent_id", agents), sqldb.Eq("is_deleted", false))
}
