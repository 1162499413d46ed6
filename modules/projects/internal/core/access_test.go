package core_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/memstore"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// TestEveryWayToAskForARoleGivesTheSameAnswer compares the decisions on teams
// and projects with both lists, over random grants.
func TestEveryWayToAskForARoleGivesTheSameAnswer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ctx := context.Background()
	store := memstore.New(memory.New(clock.NewFixed(time.Unix(0, 0))))
	service := core.New(core.Deps{Store: store})
	for range 4 {
		if _, err := store.AddTeam(ctx, projects.Team{OrganizationID: 1 + rng.Int64N(2)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 12 {
		p := projects.Project{OrganizationID: 1 + rng.Int64N(2)}
		if team := rng.Int64N(5); team > 0 {
			p.TeamID = &team
		}
		if _, err := store.AddProject(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	for range 2000 {
		who := actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.Level(rng.IntN(3))}
		for range rng.IntN(5) {
			who.Grants = append(who.Grants, actor.Grant{
				Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)],
				ID:       1 + rng.Int64N(12), Role: actor.Role(1 + rng.IntN(2)),
			})
		}
		list, err := service.ProjectsPage(ctx, who, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[int64]bool{}
		for _, p := range list.Items {
			listed[p.ID] = true
		}
		for id := range int64(14) {
			one, err := service.ProjectAccess(ctx, who, id)
			if (err == nil) != listed[id] || (err != nil && !errors.Is(err, core.ErrNotFound)) {
				t.Fatalf("%+v on %d: %v, listed %v", who, id, err, listed[id])
			}
			if err == nil && (one.Role == actor.NoRole || len(one.Because) == 0) {
				t.Fatalf("%+v on %d: no reason in %+v", who, id, one)
			}
			says := func(do access.Action) error { return service.Deciders().Ask(ctx, actor.Project, who, id, do) }
			if !same(says, one.Allowed, core.ErrNotFound, core.ErrNotAdmin) {
				t.Fatalf("%+v on %d: the decider does not say %+v", who, id, one)
			}
		}
		teams, err := service.TeamsPage(ctx, who, page.Request{})
		if err != nil {
			t.Fatal(err)
		}
		shown := map[int64]bool{}
		for _, t := range teams.Items {
			shown[t.ID] = true
		}
		for id := range int64(6) {
			one, err := service.TeamAccess(ctx, who, id)
			if (err == nil) != shown[id] || (err != nil && !errors.Is(err, core.ErrTeamNotFound)) {
				t.Fatalf("%+v on team %d: %v, listed %v", who, id, err, shown[id])
			}
			says := func(do access.Action) error { return service.Deciders().Ask(ctx, actor.Team, who, id, do) }
			if !same(says, one.Allowed, core.ErrTeamNotFound, core.ErrNotTeamAdmin) {
				t.Fatalf("%+v on team %d: the decider does not say %+v", who, id, one)
			}
		}
	}
}

// same reports whether the decider says of every action what was decided.
func same(err func(access.Action) error, decided access.Allowed, missing, refused error) bool {
	for _, do := range access.Actions() {
		want := refused
		switch {
		case !decided.View:
			want = missing
		case decided.May(do):
			want = nil
		}
		if !errors.Is(err(do), want) {
			return false
		}
	}
	return true
}
