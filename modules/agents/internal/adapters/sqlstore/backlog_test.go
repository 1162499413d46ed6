package sqlstore_test

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAgentsFromBeforeAreToldOnce(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "4")}, func(t *testing.T, db *sqldb.DB) {
		store := sqlstore.New(db)
		if err := store.SeedTypes(t.Context(), []core.Type{{OrganizationID: 7, Name: "QnA"}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Guide", "Gone"} {
			a := core.Agent{OrganizationID: 7, ProjectID: 3, AgentTypeID: 1, AgentName: name, Access: core.Public, Status: core.Live, IsDeleted: name == "Gone"}
			if _, err := store.AddAgent(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		if err := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := store.AddAgent(t.Context(), core.Agent{OrganizationID: 7, AgentTypeID: 1, AgentName: "Young"}); err != nil {
			t.Fatal(err)
		}
		var told dbtest.Outbox
		service := core.New(core.Deps{Store: store, Unit: sqldb.NewUnit(db, &told, clock.System{}), Clock: clock.System{}})
		for range 2 {
			if err := service.TellOld(t.Context(), store); err != nil {
				t.Fatal(err)
			}
		}
		want := `agents.agent_updated.v1 {"agent_id":1,"organization_id":7,"project_id":3,"from_project_id":3,"access":"Public","status":"Live","narrowed":false,"agent_name":"Guide"}
`
		if diff := cmp.Diff(want, told.String()); diff != "" {
			t.Error(diff)
		}
	})
}
