package main

import (
	"strings"
	"testing"
)

// printed are the fields of the row that begins with name.
func printed(t *testing.T, r report, name string) []string {
	t.Helper()
	var out strings.Builder
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == name {
			return fields
		}
	}
	t.Fatalf("there is no row of %s:\n%s", name, out.String())
	return nil
}

func TestATableHasWhatIsCountedOnEachDatabase(t *testing.T) {
	const statements, reads, commits, writes = 6, 7, 8, 9 // their columns
	ours := figures{Statements: 5.2, Commits: 0.28}
	sqlite := newReport("runs", "sqlite", []round{newRound(figures{}, ours)})
	if got := printed(t, sqlite, "ours"); got[statements] != "5.20" || got[commits] != "0.28" || got[reads] != "-" || got[writes] != "-" {
		t.Errorf("on SQLite the row of the server is %v", got)
	}
	if got := printed(t, sqlite, "bare"); got[statements] != "-" || got[commits] != "-" {
		t.Errorf("on SQLite the row of the limit is %v", got)
	}
	postgres := newReport("runs", "postgres", []round{newRound(figures{Statements: 12}, ours)})
	if got := printed(t, postgres, "bare"); got[statements] != "12.0" || got[commits] == "-" {
		t.Errorf("on PostgreSQL, which counts for both, the row of the limit is %v", got)
	}
}
