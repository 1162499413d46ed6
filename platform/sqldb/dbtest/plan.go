package dbtest

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/platform/sqldb"
)

// Querier is a database, or one connection with settings of its own.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Plan is how the database means to run a statement, one line for each step.
func Plan(t testing.TB, db Querier, postgres bool, statement string) []string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if postgres {
		explain = "EXPLAIN "
	}
	if postgres && strings.Contains(statement, "$1") {
		statement = prepared(t, db, statement)
	}
	rows, err := db.QueryContext(t.Context(), explain+statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var step string
		into := []any{&step}
		if !postgres {
			into = []any{new(int), new(int), new(int), &step}
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// PlannedOnce has work use its statements often enough, on the connection that is
// free first, and fails unless PostgreSQL then has one plan for all values of each
// that stays prepared.
func PlannedOnce(t *testing.T, db *sqldb.DB, work func()) {
	t.Helper()
	for range 12 { // of the first five PostgreSQL learns what plans for their values cost
		work()
	}
	var kept []struct {
		Statement    string
		GenericPlans int
	}
	if err := db.NewRaw("SELECT statement, generic_plans FROM pg_prepared_statements").Scan(t.Context(), &kept); err != nil {
		t.Fatal(err)
	}
	if len(kept) == 0 {
		t.Fatal("no statement stays prepared")
	}
	for _, s := range kept {
		if s.GenericPlans == 0 {
			t.Errorf("PostgreSQL plans at each use of %s", s.Statement)
		}
	}
}

var parameter = regexp.MustCompile(`\$\d+`)

// prepared answers a statement that runs one with parameters by the plan that is
// made for any values. db has to be one connection.
func prepared(t testing.TB, db Querier, statement string) string {
	t.Helper()
	for _, step := range []string{"SET plan_cache_mode = force_generic_plan", "DEALLOCATE ALL", "PREPARE planned AS " + statement} {
		if _, err := db.ExecContext(t.Context(), step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	found := parameter.FindAllString(statement, -1)
	slices.Sort(found)
	values := slices.Repeat([]string{"NULL"}, len(slices.Compact(found)))
	return "EXECUTE planned(" + strings.Join(values, ", ") + ")"
}
