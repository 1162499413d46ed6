package core_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/modules/agents/internal/adapters/memstore"
	"parley/modules/agents/internal/core"
	"parley/modules/agents/internal/core/coretest"
	"parley/modules/projects"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// teams stands in for projects: the team of each project.
type teams struct {
	projects.Catalog
	of map[int64]int64
}

// Teams implements projects.Catalog.
func (t teams) Teams(_ context.Context, _ int64, ids []int64) (map[int64]int64, error) {
	out := map[int64]int64{}
	for _, id := range ids {
		if team := t.of[id]; team != 0 {
			out[id] = team
		}
	}
	return out, nil
}

// TeamOf implements projects.Catalog.
func (t teams) TeamOf(_ context.Context, _, id int64) (int64, error) { return t.of[id], nil }

// Forget implements projects.Catalog.
func (t teams) Forget(int64, int64) {}

// ProjectsOfTeams implements projects.Catalog.
func (t teams) ProjectsOfTeams(_ context.Context, _ int64, ids []int64) (map[int64]int64, error) {
	out := map[int64]int64{}
	for project, team := range t.of {
		if slices.Contains(ids, team) {
			out[project] = team
		}
	}
	return out, nil
}

// TestEveryUseCaseAndTheListDoWhatIsDecided compares the list and each use
// case with the decision on each agent, over random agents and grants.
func TestEveryUseCaseAndTheListDoWhatIsDecided(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	ctx := context.Background()
	db := memory.New(clock.NewFixed(time.Unix(0, 0)))
	store := memstore.New(db)
	placed := teams{of: map[int64]int64{1: 1, 2: 1, 3: 2}}
	service := core.New(core.Deps{Unit: db, Store: store, Projects: placed, Clock: clock.NewFixed(time.Unix(0, 0))})
	var all []core.Agent
	for range 60 {
		a, err := coretest.AddAgent(ctx, store, core.Agent{
			OrganizationID: 1 + rng.Int64N(2), ProjectID: 1 + rng.Int64N(4), UserID: 1 + rng.Int64N(3), IsDeleted: rng.IntN(8) == 0, IsActive: rng.IntN(8) > 0,
			AgentName: "Guide", Access: []string{core.OnlyMe, core.OnlyTeam, core.Public}[rng.IntN(3)], Status: []string{core.Live, "Draft", "Paused"}[rng.IntN(3)],
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	for range 300 {
		who := actor.Actor{UserID: 1 + rng.Int64N(4), OrganizationID: 1, Level: actor.Level(rng.IntN(3))}
		for range rng.IntN(5) {
			g := actor.Grant{Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)], ID: 1 + rng.Int64N(4), Role: actor.Role(1 + rng.IntN(2))}
			if g.Resource == actor.Agent {
				g.ID = 1 + rng.Int64N(60)
			}
			who.Grants = append(who.Grants, g)
		}
		list, err := service.List(ctx, who, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[int64]core.Full{}
		for _, f := range list.Items {
			listed[f.ID] = f
		}
		for _, a := range all {
			want := access.Decide(who, a.Resource(placed.of[a.ProjectID])).Allowed
			f, err := service.Get(ctx, who, a.ID)
			in, shown := listed[a.ID]
			if (err == nil) != want.View || shown != want.View || f.Decision.Allowed != want || in.Decision.Allowed != want {
				t.Fatalf("%+v on %+v: get %v %+v, listed %v %+v, want %+v", who, a, err, f.Decision, shown, in.Decision, want)
			}
			// refusal is how a use case must answer who may not do it.
			refusal := func(may bool, refused error) error {
				switch {
				case !want.View:
					return core.ErrNotFound
				case !may:
					return refused
				}
				return nil
			}
			_, run := service.Run(ctx, who, a.ID)
			_, edit := service.UpdateAgent(ctx, who, a.ID, core.Settings{})
			_, manage := service.SetAccess(ctx, who, a.ID, a.Access)
			is, administers := service.Administers(ctx, who, a.ID)
			for _, do := range access.Actions() {
				refused := core.ErrNotAdmin
				if do == access.Run {
					refused = core.ErrNotLive
				}
				if got := service.Deciders().Ask(ctx, actor.Agent, who, a.ID, do); !errors.Is(got, refusal(want.May(do), refused)) {
					t.Fatalf("%+v on %+v: the decider says of %s %v", who, a, do, got)
				}
			}
			for name, c := range map[string]struct{ got, want error }{
				"run": {run, refusal(want.Run, core.ErrNotLive)}, "edit": {edit, refusal(want.Edit, core.ErrNotAdmin)}, "manage": {manage, refusal(want.Manage, core.ErrNotAdmin)},
				"administers": {administers, refusal(true, nil)},
			} {
				if !errors.Is(c.got, c.want) {
					t.Fatalf("%+v on %+v: %s %v, want %v", who, a, name, c.got, c.want)
				}
			}
			if is != want.Manage {
				t.Fatalf("%+v on %+v: administers %v", who, a, is)
			}
		}
	}
}
