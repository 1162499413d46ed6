package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/modules/projects"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// nowhere is a projects.Access in which nobody is anything.
type nowhere struct{ projects.Access }

func (nowhere) Standings(context.Context, actor.Actor) (map[int64]projects.Standing, bool, error) {
	return nil, false, nil
}

func (nowhere) Teams(context.Context, int64, []int64) (map[int64]int64, error) { return nil, nil }

func TestAListCostsTheSameHoweverLongItIs(t *testing.T) {
	set := sqlstore.Migrations()
	db := dbtest.SQLite(t, set)
	store := sqlstore.New(db)
	service := core.New(core.Parts{Store: store, Projects: nowhere{}, Clock: clock.System{}})
	who := actor.Actor{UserID: 1, OrganizationID: 1}
	ctx := context.Background()
	if err := store.SeedTypes(ctx, []core.Type{{OrganizationID: 1, Name: "QnA"}}); err != nil {
		t.Fatal(err)
	}
	add := func(n int) {
		for range n {
			a, err := store.AddAgent(ctx, core.Agent{OrganizationID: 1, UserID: 1, AgentTypeID: 1, Status: core.Live, IsActive: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.AddInstructions(ctx, []core.Instruction{{AgentID: a.ID, Instruction: "a"}, {AgentID: a.ID, Instruction: "b"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Mark(ctx, core.Starred, core.Mark{OrganizationID: 1, UserID: 1, AgentID: a.ID, CreatedOn: time.Unix(a.ID, 0)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range []int{1, 49} {
		add(n)
		for name, c := range map[string]struct {
			want int64
			call func(ctx context.Context) error
		}{
			"a page of agents": {4, func(ctx context.Context) error { _, err := service.List(ctx, who, page.Request{}); return err }},
			"a part of them": {3, func(ctx context.Context) error {
				_, err := service.List(ctx, who, page.Request{ByCursor: true})
				return err
			}},
			"a page of stars": {5, func(ctx context.Context) error {
				_, err := service.Marked(ctx, who, core.Starred, page.Request{})
				return err
			}},
			"one agent":     {3, func(ctx context.Context) error { _, err := service.Get(ctx, who, 1); return err }},
			"one to run":    {3, func(ctx context.Context) error { _, err := service.Run(ctx, who, 1); return err }},
			"one to manage": {1, func(ctx context.Context) error { _, err := service.Administers(ctx, who, 1); return err }},
		} {
			ctx, counted := sqldb.CountQueries(ctx)
			if err := c.call(ctx); err != nil || counted.Load() != c.want {
				t.Errorf("%s: %d statements, want %d, %v", name, counted.Load(), c.want, err)
			}
		}
	}
}
