package sqlstore_test

import (
	"context"
	"testing"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/sqlstore"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAListCostsTheSameHoweverLongItIs(t *testing.T) {
	set := sqlstore.Migrations()
	db := dbtest.SQLite(t, set)
	store := sqlstore.New(db)
	service := core.New(core.Parts{Store: store})
	who := actor.Actor{UserID: 1, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 1, Role: actor.Member}}}
	if _, err := store.AddTeam(context.Background(), projects.Team{OrganizationID: 1}); err != nil {
		t.Fatal(err)
	}
	team := int64(1)
	for range 50 {
		if _, err := store.AddProject(context.Background(), projects.Project{OrganizationID: 1, TeamID: &team}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		want int64
		call func(ctx context.Context) error
	}{
		"a page": {2, func(ctx context.Context) error { _, err := service.ProjectsPage(ctx, who, page.Request{}); return err }},
		"a part": {1, func(ctx context.Context) error {
			_, err := service.ProjectsPage(ctx, who, page.Request{ByCursor: true})
			return err
		}},
		"one standing":    {1, func(ctx context.Context) error { _, err := service.Standing(ctx, who, 7); return err }},
		"all standings":   {1, func(ctx context.Context) error { _, _, err := service.Standings(ctx, who); return err }},
		"of a global one": {0, func(ctx context.Context) error { _, _, err := service.Standings(ctx, actor.System(1)); return err }},
	} {
		ctx, n := sqldb.CountQueries(context.Background())
		if err := c.call(ctx); err != nil || n.Load() != c.want {
			t.Errorf("%s: %d statements, want %d, %v", name, n.Load(), c.want, err)
		}
	}
}
