package main_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"parley/platform/sqldb"
)

func TestFiguresAreCheckedAgainstTheLedgerWhileTheServerRuns(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		admin := s.admin()
		w := build(admin)
		const asked = 3
		for range asked {
			admin.Do("POST", fmt.Sprintf("/api/agent/%d/response", w.agent), map[string]any{"user_query": "Who keeps the light?"}).Want(200)
		}
		eventually(t, func() string {
			if out := s.run("analytics", "check"); !strings.Contains(out, "0 of them differ from the ledger") {
				return out
			}
			var total struct{ Queries int }
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&total)
			if total.Queries != asked {
				return fmt.Sprintf("%d queries are counted", total.Queries)
			}
			return ""
		})
		s.run("analytics", "rebuild")

		s.change("DELETE FROM analytics_facts WHERE id = (SELECT min(id) FROM analytics_facts WHERE runs > 0)")
		out, err := s.command("analytics", "check").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "facts have 2 runs") || !strings.Contains(string(out), "the ledger has 3 runs") {
			t.Errorf("a fact is missing, and the check says (%v):\n%s", err, out)
		}
	})
}

// change changes the database behind the server's back.
func (s *server) change(query string) {
	s.t.Helper()
	var c sqldb.Config
	for _, v := range s.env {
		switch name, value, _ := strings.Cut(v, "="); name {
		case "PARLEY_DATA_DIR":
			c.File = filepath.Join(value, "parley.db")
		case "PARLEY_DATABASE_URL":
			c.URL = value
		}
	}
	db, err := sqldb.Open(s.t.Context(), c)
	if err == nil {
		_, err = db.ExecContext(s.t.Context(), query)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
