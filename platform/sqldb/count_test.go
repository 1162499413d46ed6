package sqldb_test

import (
	"context"
	"errors"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestStatementsAndCommitsAreCounted(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		exec := func(ctx context.Context, query string) {
			t.Helper()
			if _, err := db.On(ctx).NewRaw(query).Exec(ctx); err != nil {
				t.Fatal(err)
			}
		}
		exec(ctx, "CREATE TABLE counted (n BIGINT)")
		broken := errors.New("broken")
		for _, c := range []struct {
			name                string
			do                  func()
			statements, commits int64
		}{
			{"a read", func() { exec(ctx, "SELECT n FROM counted") }, 1, 0},
			{"a write by itself", func() { exec(ctx, "INSERT INTO counted (n) VALUES (1)") }, 1, 1},
			{"a transaction", func() {
				err := db.Within(ctx, func(ctx context.Context) error {
					exec(ctx, "INSERT INTO counted (n) VALUES (2)")
					exec(ctx, "UPDATE counted SET n = 3")
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}, 4, 1},
			{"a transaction that is rolled back", func() {
				err := db.Within(ctx, func(ctx context.Context) error {
					exec(ctx, "INSERT INTO counted (n) VALUES (2)")
					return broken
				})
				if !errors.Is(err, broken) {
					t.Fatal(err)
				}
			}, 3, 0},
		} {
			statements, commits := db.Statements(), db.Commits()
			c.do()
			if s, n := db.Statements()-statements, db.Commits()-commits; s != c.statements || n != c.commits {
				t.Errorf("%s: %d statements and %d commits", c.name, s, n)
			}
		}
	})
}
