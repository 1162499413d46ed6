package dbtest

import (
	"context"
	"database/sql"
	"testing"
)

// Querier is a database, or one connection with settings of its own.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Plan is how the database means to run a statement, one line for each step.
func Plan(t testing.TB, db Querier, postgres bool, statement string) []string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if postgres {
		explain = "EXPLAIN "
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
