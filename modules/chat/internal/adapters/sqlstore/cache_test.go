package sqlstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// An answer to use again is one statement, which goes by the index of keys: few
// runs have one.
func TestAnAnswerToUseAgainIsFoundByItsKey(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		for _, statement := range []string{
			`INSERT INTO chat_runs (run_id, organization_id, thread_id, agent_id, agent_type, project_id, team_id, user_id, state, query_source, model, prompt_tokens, completion_tokens, cost,
				cache_hit, is_deleted, created_by, created_on, modified_on, failure_code, failure_details, cancel_requested, owner, lease_until, last_sequence, estimated_prompt, fingerprint, cache_key)
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
				SELECT 'r' || i, 1, i, 3, '', 4, 5, 7, 'completed', 'api', '', 0, 0, '0', false, false, '', '2026-05-01 12:00:00+00:00', '2026-05-01 12:00:00+00:00', '', '', false, '',
				'2026-05-01 12:00:00+00:00', 1, 0, '', CASE i % 10 WHEN 0 THEN 'k' || i ELSE '' END FROM n`,
			`INSERT INTO chat_threads (id, organization_id, agent_id, user_id, title, is_deleted, is_system_created, created_by, created_on, modified_by, modified_on)
				VALUES (20, 1, 3, 7, '', false, false, '', '2026-05-01 12:00:00+00:00', '', '2026-05-01 12:00:00+00:00')`,
			`INSERT INTO chat_contents (run_id, question, answer, search_query, sources, prompt_prefix, options) VALUES (20, 'What?', 'That.', '', '[]', '', '{}')`,
			`ANALYZE`,
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		ctx, n := sqldb.CountQueries(t.Context())
		if _, err := sqlstore.New(db).CachedAnswer(ctx, 1, "k10", time.Unix(0, 0)); !errors.Is(err, core.ErrNotFound) || n.Load() != 1 {
			t.Errorf("%d statements, %v", n.Load(), err)
		}
		for _, c := range []struct {
			change string
			want   error
		}{{"cost = '0'", nil}, {"is_deleted = true", core.ErrNotFound}} {
			if _, err := db.ExecContext(ctx, "UPDATE chat_runs SET "+c.change+" WHERE id = 20"); err != nil {
				t.Fatal(err)
			}
			if k, err := sqlstore.New(db).CachedAnswer(ctx, 1, "k20", time.Unix(0, 0)); !errors.Is(err, c.want) || (err == nil) != (k.Answer == "That.") {
				t.Errorf("%s: %+v, %v", c.change, k, err)
			}
		}
		plan := strings.Join(dbtest.Plan(t, db.Reader(), db.Postgres(),
			`SELECT r.id FROM chat_runs AS r WHERE r.cache_key = 'k10' AND r.cache_key <> '' AND r.organization_id = 1 ORDER BY r.id DESC LIMIT 1`), "\n")
		if !strings.Contains(plan, "chat_runs_cached") {
			t.Error(plan)
		}
	})
}
