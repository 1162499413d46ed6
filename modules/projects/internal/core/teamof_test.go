package core_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/memstore"
	"parley/modules/projects/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
)

// counting counts how often the team of a project is read.
type counting struct {
	core.Store
	reads int
}

// ProjectTeams implements core.Store.
func (c *counting) ProjectTeams(ctx context.Context, org int64, ids []int64) (map[int64]int64, error) {
	c.reads++
	return c.Store.ProjectTeams(ctx, org, ids)
}

// ungranted is a users.Permissions in which nobody has a role.
type ungranted struct{ users.Permissions }

func (ungranted) Drop(context.Context, int64, actor.Resource, []int64) error { return nil }

// unheld is a users.Roles in which nobody has a role.
type unheld struct{ users.Roles }

func (unheld) RoleCounts(context.Context, int64, actor.Resource, []int64) (map[int64]int64, error) {
	return nil, nil
}

func TestTheTeamOfAProjectIsKeptUntilItMoves(t *testing.T) {
	ctx, at := t.Context(), clock.NewFixed(time.Unix(0, 0))
	db := memory.New(at)
	store := &counting{Store: memstore.New(db)}
	newProcess := func() *core.Service {
		return core.New(core.Deps{Unit: db, Store: store, Permissions: ungranted{}, Roles: unheld{}, Clock: at})
	}
	here, there := newProcess(), newProcess()
	var teams []int64
	for range 2 {
		team, err := store.AddTeam(ctx, projects.Team{OrganizationID: 1})
		if err != nil {
			t.Fatal(err)
		}
		teams = append(teams, team.ID)
	}
	p, err := store.AddProject(ctx, projects.Project{OrganizationID: 1, TeamID: &teams[0], Name: "Handbook"})
	if err != nil {
		t.Fatal(err)
	}
	is := func(s *core.Service, want int64) {
		t.Helper()
		if got, err := s.TeamOf(ctx, 1, p.ID); got != want || err != nil {
			t.Errorf("the team is %d, not %d: %v", got, want, err)
		}
	}
	for range 3 {
		is(here, teams[0])
		is(there, teams[0])
	}
	if store.reads != 2 {
		t.Errorf("read %d times by two processes", store.reads)
	}
	if got, err := here.TeamOf(ctx, 2, p.ID); got != 0 || err != nil {
		t.Errorf("to another organization it is team %d's: %v", got, err)
	}

	who := actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}
	to := &teams[1]
	if _, err := here.UpdateProject(ctx, who, p.ID, core.Change{Team: &to}); err != nil {
		t.Fatal(err)
	}
	is(here, teams[1])
	is(there, teams[0]) // the event has not come
	there.Forget(1, p.ID)
	is(there, teams[1])
	there.Forget(1, 0)
	is(there, teams[1])
	if _, _, err := here.DeleteProject(ctx, who, p.ID); err != nil {
		t.Fatal(err)
	}
	is(here, 0)
	if _, err := here.Project(ctx, who, p.ID); !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
}
