package sqlstore_test

import (
	"strings"
	"testing"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/platform/sqldb/dbtest"
)

// SQLite gets a change of many rows as a join with their values, and has to look
// up each row rather than go through the table.
func TestSQLiteLooksUpEachRowThatABatchChanges(t *testing.T) {
	db := dbtest.SQLite(t, sqlstore.Migrations())
	looked := func(when string) {
		t.Helper()
		for _, c := range sqlstore.Changes {
			plan := strings.Join(dbtest.Plan(t, db.Reader(), false, strings.ReplaceAll(c.Text(), "?", "1")), "\n")
			if strings.Count(plan, "SEARCH chat_") != 1 || strings.Contains(plan, "SCAN chat_") || !strings.Contains(plan, "USING INTEGER PRIMARY KEY") {
				t.Errorf("%s: %s\nis planned as\n%s", when, c.Text(), plan)
			}
		}
	}
	looked("without statistics")
	for _, text := range []string{
		`INSERT INTO chat_threads (organization_id, agent_id, user_id, title, is_deleted, is_system_created, created_by, created_on, modified_by, modified_on)
			VALUES (1, 3, 7, '', false, false, '', '2026-05-01 12:00:00+00:00', '', '2026-05-01 12:00:00+00:00')`,
		"INSERT INTO chat_contents (run_id, question, answer, search_query, sources, prompt_prefix, options) VALUES (20, 'What?', 'That.', '', '[]', '', '{}')",
		"ANALYZE",
	} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	looked("with statistics of tables with a row")
}
