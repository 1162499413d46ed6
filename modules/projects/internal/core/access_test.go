package core_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/memstore"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// TestEveryWayToAskForARoleGivesTheSameAnswer compares the decision on one
// project, the answer for all, and both lists, over random grants.
func TestEveryWayToAskForARoleGivesTheSameAnswer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ctx := context.Background()
	store := memstore.New(memory.New(clock.NewFixed(time.Unix(0, 0))))
	service := core.New(core.Parts{Store: store})
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
		all, every, err := service.Standings(ctx, who)
		if err != nil {
			t.Fatal(err)
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
			one, err := service.Standing(ctx, who, id)
			if (err == nil) != listed[id] || (err != nil && !errors.Is(err, core.ErrNotFound)) {
				t.Fatalf("%+v on %d: %v, listed %v", who, id, err, listed[id])
			}
			if err == nil && (one.Role == actor.NoRole || one.Because.Role == "" || one.Because.Rule == "") {
				t.Fatalf("%+v on %d: no reason in %+v", who, id, one)
			}
			if among, ok := all[id]; !every && (ok != listed[id] || cmp.Diff(among, one) != "") {
				t.Fatalf("%+v on %d: %+v and %+v", who, id, among, one)
			}
		}
	}
}

func TestTheHighestRoleDecidesAndIsNamed(t *testing.T) {
	ctx := context.Background()
	store := memstore.New(memory.New(clock.NewFixed(time.Unix(0, 0))))
	service := core.New(core.Parts{Store: store})
	team := int64(7)
	if _, err := store.AddProject(ctx, projects.Project{OrganizationID: 1, TeamID: &team}); err != nil {
		t.Fatal(err)
	}
	grant := func(r actor.Resource, id int64, role actor.Role) actor.Grant {
		return actor.Grant{Resource: r, ID: id, Role: role}
	}
	for name, c := range map[string]struct {
		level  actor.Level
		grants []actor.Grant
		want   projects.Reason
	}{
		"a role on the project":              {0, []actor.Grant{grant(actor.Project, 1, actor.Member)}, projects.Reason{Rule: "project_role", Resource: actor.Project, ResourceID: 1, Role: "member"}},
		"a role on its team":                 {0, []actor.Grant{grant(actor.Team, 7, actor.Member)}, projects.Reason{Rule: "team_role", Resource: actor.Team, ResourceID: 7, Role: "member"}},
		"the project's comes first":          {0, []actor.Grant{grant(actor.Team, 7, actor.Member), grant(actor.Project, 1, actor.Member)}, projects.Reason{Rule: "project_role", Resource: actor.Project, ResourceID: 1, Role: "member"}},
		"but the higher wins":                {0, []actor.Grant{grant(actor.Team, 7, actor.Admin), grant(actor.Project, 1, actor.Member)}, projects.Reason{Rule: "team_role", Resource: actor.Team, ResourceID: 7, Role: "admin"}},
		"an application admin needs a grant": {actor.ApplicationAdmin, []actor.Grant{grant(actor.Project, 1, actor.Member)}, projects.Reason{Rule: "project_role", Resource: actor.Project, ResourceID: 1, Role: "member"}},
		"a global admin needs none":          {actor.GlobalAdmin, nil, projects.Reason{Rule: "global_admin", Resource: actor.Organization, ResourceID: 1, Role: "global_admin"}},
	} {
		got, err := service.Standing(ctx, actor.Actor{UserID: 1, OrganizationID: 1, Level: c.level, Grants: c.grants}, 1)
		if diff := cmp.Diff(c.want, got.Because); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}
