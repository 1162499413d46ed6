package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/agents"
	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/modules/agents/internal/core/coretest"
	"parley/modules/projects"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// nowhere is a projects.Catalog without teams, which costs no query.
type nowhere struct{ projects.Catalog }

func (nowhere) Teams(context.Context, int64, []int64) (map[int64]int64, error) { return nil, nil }

func (nowhere) TeamOf(context.Context, int64, int64) (int64, error) { return 0, nil }

func (nowhere) Forget(int64, int64) {}

func (nowhere) ProjectsOfTeams(context.Context, int64, []int64) (map[int64]int64, error) {
	return nil, nil
}

func (nowhere) Details(_ context.Context, _ actor.Actor, ids []int64) (map[int64]projects.Detail, error) {
	out := map[int64]projects.Detail{}
	for _, id := range ids {
		out[id] = projects.Detail{Project: projects.Project{ID: id}}
	}
	return out, nil
}

func TestAListCostsTheSameHoweverLongItIs(t *testing.T) {
	db := dbtest.SQLite(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	service := core.New(core.Deps{Store: store, Projects: nowhere{}, Clock: clock.System{}})
	who := actor.Actor{UserID: 1, OrganizationID: 1}
	ctx := context.Background()
	if err := store.SeedTypes(ctx, []core.Type{{OrganizationID: 1, Name: "QnA"}}); err != nil {
		t.Fatal(err)
	}
	projects := []int64{}
	add := func(n int) {
		for range n {
			a, err := store.AddAgent(ctx, core.Agent{OrganizationID: 1, UserID: 1, AgentTypeID: 1, ProjectID: int64(len(projects) + 1), Status: core.Live, IsActive: true, Version: 2})
			if err != nil {
				t.Fatal(err)
			}
			projects = append(projects, a.ProjectID)
			if _, err := store.AddInstructions(ctx, []core.Instruction{{AgentID: a.ID, Instruction: "a"}, {AgentID: a.ID, Instruction: "b"}}); err != nil {
				t.Fatal(err)
			}
			for version := range int64(2) {
				if err := store.AddVersions(ctx, []core.Version{{Head: core.Head{AgentID: a.ID, Version: version + 1}}}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := store.AddBookmark(ctx, core.Starred, core.Bookmark{OrganizationID: 1, UserID: 1, AgentID: a.ID, CreatedOn: time.Unix(a.ID, 0)}); err != nil {
				t.Fatal(err)
			}
			if _, err := store.AddAlias(ctx, core.Alias{OrganizationID: 1, AgentID: a.ID, Alias: fmt.Sprintf("a%d@x", a.ID)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range []int{1, 49} {
		add(n)
		for name, c := range map[string]struct {
			want int64
			call func(ctx context.Context) error
		}{
			"a page of agents": {5, func(ctx context.Context) error { _, err := service.List(ctx, who, page.Request{}); return err }},
			"a part of them": {4, func(ctx context.Context) error {
				_, err := service.List(ctx, who, page.Request{ByCursor: true})
				return err
			}},
			"a page of stars": {6, func(ctx context.Context) error {
				_, err := service.Bookmarks(ctx, who, core.Starred, page.Request{})
				return err
			}},
			"a page of aliases":   {2, func(ctx context.Context) error { _, err := service.Aliases(ctx, who, page.Request{}); return err }},
			"details of projects": {1, func(ctx context.Context) error { _, _, err := service.Details(ctx, who, projects); return err }},
			"one agent":           {4, func(ctx context.Context) error { _, err := service.Get(ctx, who, 1); return err }},
			"one to run": {3, func(ctx context.Context) error {
				service.Forget(1, 1)
				_, err := service.Run(ctx, who, 1)
				return err
			}},
			"one that is kept": {0, func(ctx context.Context) error {
				for _, call := range []func(context.Context, actor.Actor, int64) (agents.Runnable, error){service.Run, service.View} {
					if _, err := call(context.Background(), who, 1); err != nil { // reads it, unless it is kept
						return err
					}
					if _, err := call(ctx, who, 1); err != nil {
						return err
					}
				}
				_, err := service.Administers(ctx, who, 1)
				return err
			}},
			"a page of versions": {3, func(ctx context.Context) error {
				_, _, err := service.Versions(ctx, who, 1, page.Request{})
				return err
			}},
			"one version": {2, func(ctx context.Context) error { _, _, err := service.ViewVersion(ctx, who, 1, 2); return err }},
			"its ratings": {2, func(ctx context.Context) error { _, err := service.Ratings(ctx, who, 1); return err }},
		} {
			ctx, counted := sqldb.CountQueries(ctx)
			if err := c.call(ctx); err != nil || counted.Load() != c.want {
				t.Errorf("%s: %d statements, want %d, %v", name, counted.Load(), c.want, err)
			}
		}
	}
}

// published is where the events of a test go.
type published struct{}

func (published) Publish(...event.Event) {}

func TestChangingTheConnectionsOfManyAgentsCostsTheSameAsOfOne(t *testing.T) {
	db := dbtest.SQLite(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	service := core.New(core.Deps{Store: store, Projects: nowhere{}, Clock: clock.System{}})
	who, ctx := actor.Actor{UserID: 1, OrganizationID: 1}, t.Context()
	if err := store.SeedTypes(ctx, []core.Type{{OrganizationID: 1, Name: "QnA"}}); err != nil {
		t.Fatal(err)
	}
	ids := []int64{}
	for corpus, n := range []int{1, 49} {
		var changed []agents.Reconnected
		for range n {
			a, err := coretest.AddAgent(ctx, store, core.Agent{OrganizationID: 1, UserID: 1, AgentTypeID: 1})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, a.ID)
		}
		for _, id := range ids {
			changed = append(changed, agents.Reconnected{AgentID: id, After: []agents.Connection{{CorpusID: int64(corpus)}}})
		}
		ctx, counted := sqldb.CountQueries(ctx)
		if _, err := service.AgentVersions().Lock(ctx, 1, ids); err != nil {
			t.Fatal(err)
		}
		if err := service.AgentVersions().Reconnect(ctx, published{}, who, changed); err != nil || counted.Load() != 5 {
			t.Errorf("%d agents: %d statements, want 5, %v", len(ids), counted.Load(), err)
		}
	}
	if v, err := store.Version(ctx, ids[0], 3); err != nil || v.Connections[0].CorpusID != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}

// statements keeps the text of what was run.
type statements struct{ list []string }

// BeforeQuery implements bun.QueryHook.
func (s *statements) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if verb, _, _ := strings.Cut(e.Query, " "); slices.Contains([]string{"SELECT", "UPDATE", "DELETE", "WITH"}, verb) {
		s.list = append(s.list, e.Query)
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (*statements) AfterQuery(context.Context, *bun.QueryEvent) {}

// wholly reports whether a step reads a large table from end to end.
func wholly(step string) bool {
	for _, table := range []string{"agents", "instructions", "recents", "runs", "reviews", "ratings", "aliases", "versions"} {
		if strings.Contains(step, "Seq Scan on agents_"+table) || strings.HasPrefix(step, "SCAN agents_"+table) {
			return true
		}
	}
	return slices.ContainsFunc([]string{"a", "i", "m", "r", "l", "v"}, func(alias string) bool {
		return step == "SCAN "+alias || strings.HasPrefix(step, "SCAN "+alias+" ")
	})
}

const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) `

// fill has 8,000 agents of 40 organizations, in projects of 10, every third
// one of them public, with what hangs on them.
var fill = []string{
	`INSERT INTO agents_types (organization_id, name, description, created_by, created_on, modified_by, modified_on)
		` + many + `SELECT i, 'QnA', '', '', '2026-01-01', '', '2026-01-01' FROM n WHERE i <= 40`,
	`INSERT INTO agents_agents (organization_id, project_id, user_id, agent_type_id, agent_name, industry_area, domain, sample_q1, sample_q2, sample_q3, prefix_prompt, llm_model, is_active,
		is_deleted, agent_image, access, status, caching_enabled, chunk_count, react_enabled, react_max_iteration_count, created_by, created_on, modified_by, modified_on)
		` + many + `SELECT 1 + i / 200 % 40, i / 10, i / 5, 1, 'Guide', '', '', '', '', '', 'You are', '', true, false, '', CASE i % 3 WHEN 0 THEN 'Public' WHEN 1 THEN 'Only team' ELSE 'Only me' END,
		'Live', false, 32, false, 50, '', '2026-01-01', '', '2026-01-01' FROM n`,
	`INSERT INTO agents_instructions (agent_id, instruction, is_deleted, created_by, created_on) ` + many + `SELECT i, 'Cite.', false, '', '2026-01-01' FROM n`,
	`INSERT INTO agents_recents (organization_id, user_id, agent_id, created_on) ` + many + `SELECT 1 + i / 200 % 40, i / 10, i, '2026-01-01' FROM n`,
	`INSERT INTO agents_runs (organization_id, user_id, agent_id) ` + many + `SELECT 1 + i / 200 % 40, i / 10, i FROM n`,
	`INSERT INTO agents_reviews (organization_id, agent_id, user_id, review, created_by, created_on, modified_by, modified_on)
		` + many + `SELECT 1 + i / 200 % 40, i, i / 10, 'Good', '', '2026-01-01', '', '2026-01-01' FROM n`,
	`INSERT INTO agents_ratings (organization_id, agent_id, user_id, is_rated, modified_on) ` + many + `SELECT 1 + i / 200 % 40, i, i / 10, true, '2026-01-01' FROM n`,
	`INSERT INTO agents_aliases (organization_id, agent_id, alias, created_by, created_on, modified_by, modified_on)
		` + many + `SELECT 1 + i / 200 % 40, i, 'a' || i || '@x', '', '2026-01-01', '', '2026-01-01' FROM n`,
	`INSERT INTO agents_versions (agent_id, version, created_by, created_on, changes, configuration, connections)
		` + many + `SELECT i, 1, '', '2026-01-01', '[]', '{}', CASE i % 100 WHEN 0 THEN 'null' ELSE '[]' END FROM n`,
	`ANALYZE`,
}

func TestNoListAndNoGetReadsATableFromEndToEnd(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		for _, statement := range fill {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		store := sqlstore.New(db)
		ran := &statements{}
		db.AddQueryHook(ran)
		member := access.VisibleAgents{OrganizationID: 11, UserID: 404, Granted: []int64{2007}, Administered: []int64{201}, Joined: []int64{203, 205}}
		whole := access.VisibleAgents{OrganizationID: 11, UserID: 201, All: true}
		first, part := page.Request{Size: 50}, page.Request{Size: 50, Cursor: page.EncodeCursor(page.Key{ID: 2100})}
		do := func(_ any, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range []access.VisibleAgents{member, whole} {
			for _, p := range []page.Request{first, part} {
				do(store.AgentsPage(ctx, v, nil, p))
				do(store.AgentsPage(ctx, v, []int64{201, 203}, p))
				do(store.AliasesPage(ctx, v, p))
				do(store.ReviewsPage(ctx, 2007, p))
			}
			do(store.BookmarksPage(ctx, core.Recent, v, first))
			do(store.Agent(ctx, v, 2007))
			do(store.Agents(ctx, v, []int64{2007, 2008}))
			do(store.FirstAgents(ctx, v, []int64{201, 203}, 100))
		}
		do(store.Instructions(ctx, []int64{2007, 2008}))
		for _, p := range []page.Request{first, part} {
			do(store.VersionsPage(ctx, 2007, p))
		}
		do(store.Version(ctx, 2007, 1))
		do(store.LastConnections(ctx, []int64{2007, 2008}))
		do(nil, store.SetConnections(ctx, 2000, []agents.Connection{}))
		do(store.StaleVersions(ctx, 2000, 10))
		do(store.LockAgents(ctx, 11, []int64{2007, 2008}))
		do(store.RaiseVersions(ctx, 11, []int64{2007, 2008}))
		do(store.Aliases(ctx, []int64{2007, 2008}))
		do(store.HasRun(ctx, 200, 2007))
		do(nil, store.ToggleRating(ctx, core.Rating{OrganizationID: 11, AgentID: 2007, UserID: 200}))
		_, _, err := store.CountRatings(ctx, 2007, 200)
		do(nil, err)
		do(store.UpdateAgent(ctx, 11, 2007, func(*core.Agent) error { return nil }))
		do(store.DeleteAgentsOf(ctx, 11, 202, "", time.Unix(0, 0)))
		do(nil, store.ForgetAgents(ctx, []int64{2020, 2021}))
		do(nil, store.ForgetUser(ctx, 202))
		do(store.PassAgents(ctx, 11, 402, 403))
		if len(ran.list) < 40 {
			t.Fatalf("only %d statements were seen", len(ran.list))
		}
		if !slices.ContainsFunc(dbtest.Plan(t, db.Reader(), db.Postgres(), "SELECT a.id FROM agents_agents AS a WHERE a.agent_name = 'X'"), wholly) {
			t.Error("a table that is read from end to end is not seen")
		}
		for _, statement := range ran.list {
			if steps := dbtest.Plan(t, db.Reader(), db.Postgres(), statement); slices.ContainsFunc(steps, wholly) {
				t.Errorf("%.2000s\n%s", statement, strings.Join(steps, "\n"))
			}
		}
	})
}
