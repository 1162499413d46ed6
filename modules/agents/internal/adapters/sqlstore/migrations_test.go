package sqlstore_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAgentsFromBeforeHaveAFirstVersion(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "3")}, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		const columns = `INSERT INTO agents_agents (organization_id, project_id, user_id, agent_type_id, agent_name, industry_area, domain, sample_q1, sample_q2, sample_q3, is_active,
			agent_image, access, status, chunk_count, react_max_iteration_count, created_by, created_on, prefix_prompt, llm_model, caching_enabled, react_enabled, modified_by, modified_on, is_deleted)
			VALUES (1, 1, 1, 1, 'Guide', '', '', '', '', '', true, '', 'Public', 'Live', 32, 50, 'jo@x', '2026-05-01 12:00:00+00:00', `
		for _, statement := range []string{
			`INSERT INTO agents_types (organization_id, name, description, created_by, created_on, modified_by, modified_on) VALUES (1, 'QnA', '', '', '2026-05-01 12:00:00+00:00', '', '2026-05-01 12:00:00+00:00')`,
			columns + `'You are "Ünal''s".', 'm', true, false, 'al@x', '2026-05-02 12:00:00+00:00', false)`,
			columns + `'', '', false, true, '', '2026-05-01 12:00:00+00:00', false)`,
			columns + `'', '', false, true, '', '2026-05-01 12:00:00+00:00', true)`,
			`INSERT INTO agents_instructions (agent_id, instruction, is_deleted, created_by, created_on) VALUES
				(1, 'Cite "it".', false, '', '2026-05-01 12:00:00+00:00'), (1, 'gone', true, '', '2026-05-01 12:00:00+00:00'), (1, 'Be kind.', false, '', '2026-05-01 12:00:00+00:00')`,
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		runner := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler))
		if err := runner.Up(ctx); err != nil {
			t.Fatal(err)
		}
		store := sqlstore.New(db)
		day := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		for id, want := range map[int64]core.Version{
			1: {
				Head:          core.Head{AgentID: 1, CreatedBy: "al@x", CreatedOn: day.AddDate(0, 0, 1)},
				Configuration: agents.Configuration{PrefixPrompt: `You are "Ünal's".`, Instructions: []string{`Cite "it".`, "Be kind."}, Model: "m", CachingEnabled: true},
			},
			2: {Head: core.Head{AgentID: 2, CreatedBy: "jo@x", CreatedOn: day}, Configuration: agents.Configuration{Instructions: []string{}, ReactEnabled: true}},
			3: {Head: core.Head{AgentID: 3, CreatedBy: "jo@x", CreatedOn: day}, Configuration: agents.Configuration{Instructions: []string{}, ReactEnabled: true}, Connections: []agents.Connection{}},
		} {
			want.Head.Version, want.Changes, want.Configuration.ChunkCount, want.Configuration.ReactMaxIterationCount = 1, []agents.Change{}, 32, 50
			got, err := store.Version(ctx, id, 1)
			if err != nil {
				t.Fatal(err)
			}
			got.ID = 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		if a, err := store.Agent(ctx, core.Visible{OrganizationID: 1, All: true}, 1); err != nil || a.Version != 1 {
			t.Errorf("%+v, %v", a, err)
		}
		if stale, err := store.StaleVersions(ctx, 0, 10); err != nil || len(stale) != 2 {
			t.Errorf("%+v, %v", stale, err)
		}
		for _, step := range []func() error{func() error { return runner.Down(ctx) }, func() error { return runner.Up(ctx) }} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
