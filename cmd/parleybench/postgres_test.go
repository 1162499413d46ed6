package main

import (
	"testing"

	"parley/platform/sqldb/dbtest"
)

func TestStatementsAndCommitsAreCounted(t *testing.T) {
	c, err := openCluster(t.Context(), dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if c.postmaster == 0 {
		t.Error("the server's process was not found")
	}
	before, err := c.count(t.Context(), "postgres")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"BEGIN", "CREATE TEMP TABLE counted (n INT)", "INSERT INTO counted VALUES (1)", "COMMIT", "SELECT n FROM counted"} {
		if _, err := c.admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	after, err := c.count(t.Context(), "postgres")
	if err != nil {
		t.Fatal(err)
	}
	used := after.minus(before)
	if used.Writes < 1 {
		t.Errorf("a transaction that wrote was not counted: %+v", used)
	}
	// Other tests use the server at the same time, so there may be more.
	if c.counting && (used.Statements < 5 || used.Reads < 1 || used.Commits < 1) {
		t.Errorf("counted %+v", used)
	}
}
