package sqldb_test

import (
	"strings"
	"testing"

	"parley/platform/sqldb/dbtest"
)

// This is why platform/archtest keeps apostrophes out of the comments of our
// SQL. The formatter of pgdriver is private, so its statements go to PostgreSQL.
func TestPgdriverTakesAnApostropheInACommentForTheBeginningOfAString(t *testing.T) {
	pool := dbtest.Postgres(t).DB.DB // without bun's own formatter
	read := func(comment string) (n int, err error) {
		err = pool.QueryRowContext(t.Context(), "SELECT -- "+comment+"\n$1::int", 42).Scan(&n)
		return n, err
	}
	if n, err := read("it is a number"); err != nil || n != 42 {
		t.Fatalf("behind a comment without an apostrophe the argument arrives as %d, %v; want 42", n, err)
	}
	switch n, err := read("it's a number"); {
	case err == nil && n == 42:
		t.Error("pgdriver now fills in arguments behind an apostrophe in an SQL comment: remove this test, " +
			"the rule sqlcomments of platform/archtest (comments_rule_test.go) and its sentence in ADR 23")
	case err == nil || !strings.Contains(err.Error(), "$1"):
		t.Errorf("behind a comment with an apostrophe the argument arrives as %d, %v; want an error that $1 was sent as it stands", n, err)
	}
}
