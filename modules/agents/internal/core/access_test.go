package core_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"parley/modules/agents/internal/adapters/memstore"
	"parley/modules/agents/internal/core"
	"parley/modules/projects"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// standings stands in for projects: what the actor is, by project.
type standings map[int64]actor.Role

func standing(id int64, role actor.Role) projects.Standing {
	return projects.Standing{
		Project: projects.Project{ID: id}, Role: role,
		Because: projects.Reason{Rule: "project_role", Resource: actor.Project, ResourceID: id, Role: role.String()},
	}
}

// Standing implements projects.Access.
func (s standings) Standing(_ context.Context, _ actor.Actor, id int64) (projects.Standing, error) {
	return standing(id, s[id]), nil
}

// Standings implements projects.Access.
func (s standings) Standings(_ context.Context, who actor.Actor) (map[int64]projects.Standing, bool, error) {
	if who.IsGlobalAdmin() {
		return nil, true, nil
	}
	all := map[int64]projects.Standing{}
	for id, role := range s {
		all[id] = standing(id, role)
	}
	return all, false, nil
}

// Teams implements projects.Access.
func (standings) Teams(context.Context, int64, []int64) (map[int64]int64, error) { return nil, nil }

// TestTheListShowsExactlyWhatTheDecisionAllows compares the filter of lists
// with the decision on each agent, and with what each use case then does,
// over random agents, roles and grants.
func TestTheListShowsExactlyWhatTheDecisionAllows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	ctx := context.Background()
	store := memstore.New(memory.New(clock.NewFixed(time.Unix(0, 0))))
	var all []core.Agent
	for range 60 {
		a, err := store.AddAgent(ctx, core.Agent{
			OrganizationID: 1 + rng.Int64N(2), ProjectID: 1 + rng.Int64N(4), UserID: 1 + rng.Int64N(3), IsDeleted: rng.IntN(8) == 0, IsActive: rng.IntN(8) > 0,
			Access: []string{core.OnlyMe, core.OnlyTeam, core.Public}[rng.IntN(3)], Status: []string{core.Live, "Draft", "Paused"}[rng.IntN(3)],
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	for range 300 {
		who := actor.Actor{UserID: 1 + rng.Int64N(4), OrganizationID: 1, Level: actor.Level(rng.IntN(3))}
		held := standings{}
		for range rng.IntN(3) {
			held[1+rng.Int64N(4)] = actor.Role(1 + rng.IntN(2))
		}
		for range rng.IntN(3) {
			who.Grants = append(who.Grants, actor.Grant{Resource: actor.Agent, ID: 1 + rng.Int64N(60), Role: actor.Role(1 + rng.IntN(2))})
		}
		service := core.New(core.Parts{Store: store, Projects: held})
		list, err := service.List(ctx, who, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[int64]core.Full{}
		for _, f := range list.Items {
			listed[f.ID] = f
		}
		for _, a := range all {
			// The rule in the words of the contract, not in those of the code.
			role := held[a.ProjectID]
			mine := who.IsGlobalAdmin() || a.UserID == who.UserID || role == actor.Admin || who.Holds(actor.Agent, a.ID) == actor.Admin
			sees := mine || who.Holds(actor.Agent, a.ID) == actor.Member || a.Access == core.Public || (a.Access == core.OnlyTeam && role == actor.Member)
			there := a.OrganizationID == 1 && !a.IsDeleted
			want := core.Allowed{View: there && sees, Run: there && (mine || (sees && a.Status == core.Live && a.IsActive)), Edit: there && mine, Manage: there && mine, Delete: there && mine}

			f, err := service.Get(ctx, who, a.ID)
			in, shown := listed[a.ID]
			switch {
			case (err == nil) != want.View || shown != want.View:
				t.Fatalf("%+v, %+v on %+v: get %v, listed %v, want %v", who, held, a, err, shown, want.View)
			case !want.View:
				if !errors.Is(err, core.ErrNotFound) {
					t.Fatal(err)
				}
				continue
			case f.Decision.Allowed != want || in.Decision.Allowed != want:
				t.Fatalf("%+v, %+v on %+v: %+v and %+v, want %+v", who, held, a, f.Decision, in.Decision, want)
			case len(f.Decision.Because) == 0 || f.Decision.Because[0].Role != f.Decision.Role.String():
				t.Fatalf("%+v is not the reason for %v", f.Decision.Because, f.Decision.Role)
			}
			if _, err := service.Run(ctx, who, a.ID); (err == nil) != want.Run || (err != nil && !errors.Is(err, core.ErrNotLive)) {
				t.Fatalf("%+v on %+v: run %v, want %v", who, a, err, want.Run)
			}
			if is, err := service.Administers(ctx, who, a.ID); err != nil || is != want.Manage {
				t.Fatalf("%+v on %+v: administers %v, %v", who, a, is, err)
			}
		}
	}
}
