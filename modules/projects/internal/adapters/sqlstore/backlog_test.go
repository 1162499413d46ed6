package sqlstore_test

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/projects/internal/adapters/sqlstore"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestTeamsAndProjectsFromBeforeAreToldOnce(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "3")}, func(t *testing.T, db *sqldb.DB) {
		const rest, at = "'', '2026-05-01 12:00:00+00:00', '', '2026-05-01 12:00:00+00:00')", "created_by, created_on, modified_by, modified_on"
		exec := func(statements ...string) {
			t.Helper()
			for _, s := range statements {
				if _, err := db.ExecContext(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
		}
		exec("INSERT INTO projects_teams (organization_id, name, description, is_deleted, "+at+") VALUES (7, 'Sales', '', false, "+rest,
			"INSERT INTO projects_teams (organization_id, name, description, is_deleted, "+at+") VALUES (7, 'Gone', '', true, "+rest,
			"INSERT INTO projects_projects (organization_id, team_id, name, description, is_deleted, agent_count, "+at+") VALUES (7, 1, 'Handbook', '', false, 0, "+rest)
		if err := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec("INSERT INTO projects_teams (organization_id, name, description, is_deleted, " + at + ") VALUES (7, 'Young', '', false, " + rest)
		var told dbtest.Outbox
		store := sqlstore.New(db)
		service := core.New(core.Deps{Store: store, Unit: sqldb.NewUnit(db, &told, clock.System{}), Clock: clock.System{}})
		for range 2 {
			if err := service.TellOld(t.Context(), store); err != nil {
				t.Fatal(err)
			}
		}
		want := `projects.team_updated.v1 {"team_id":1,"organization_id":7,"name":"Sales"}
projects.project_updated.v1 {"project_id":1,"organization_id":7,"name":"Handbook"}
`
		if diff := cmp.Diff(want, told.String()); diff != "" {
			t.Error(diff)
		}
	})
}
