package coretest

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

func changing(f fixture) {
	t, other := f.team(), f.team()
	p := f.project(t.ID)
	t.Name, t.ModifiedBy, t.ModifiedOn = "Other", "al@example.com", now.Add(time.Hour)
	f.Equal(t, storetest.Must[projects.Team](f.t)(f.UpdateTeam(f.ctx, 1, t.ID, func(s *projects.Team) error { *s = t; return nil })))
	f.Equal(t, storetest.Must[projects.Team](f.t)(f.Team(f.ctx, all, t.ID)))
	p.TeamID, p.Description = &other.ID, "d"
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.UpdateProject(f.ctx, 1, p.ID, func(s *projects.Project) error { *s = p; return nil })))
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)))
	f.Equal(int64(0), storetest.Must[int64](f.t)(f.CountProjects(f.ctx, 1, t.ID)))
	f.Equal(int64(1), storetest.Must[int64](f.t)(f.CountProjects(f.ctx, 1, other.ID)))
	p.TeamID = nil
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.UpdateProject(f.ctx, 1, p.ID, func(s *projects.Project) error { s.TeamID = nil; return nil })))
	boom := errors.New("boom")
	_, err := f.UpdateProject(f.ctx, 1, p.ID, func(s *projects.Project) error { s.Name = "lost"; return boom })
	f.ErrorIs(err, boom)
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)))
	for _, org := range []int64{1, 2} { // deleted, and another organization's
		_, err = f.UpdateTeam(f.ctx, 3-org, t.ID, func(s *projects.Team) error { s.IsDeleted = true; return nil })
		if org == 1 {
			f.ErrorIs(err, core.ErrTeamNotFound)
		}
		_, err = f.UpdateProject(f.ctx, 3-org, p.ID, func(s *projects.Project) error { s.IsDeleted = true; return nil })
		if org == 1 {
			f.ErrorIs(err, core.ErrNotFound)
		}
	}
	_, err = f.UpdateTeam(f.ctx, 1, t.ID, func(*projects.Team) error { return nil })
	f.ErrorIs(err, core.ErrTeamNotFound)
	_, err = f.UpdateProject(f.ctx, 1, p.ID, func(*projects.Project) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Project(f.ctx, all, p.ID)
	f.ErrorIs(err, core.ErrNotFound)
}

func changingAtOnce(f fixture) {
	p := f.project(0)
	atOnce(f, 100, func(int) error {
		_, err := f.UpdateProject(f.ctx, 1, p.ID, func(p *projects.Project) error { p.AgentCount++; return nil })
		return err
	})
	f.Equal(int64(100), storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)).AgentCount)
}

func atOnce(f fixture, n int, do func(i int) error) {
	f.t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := do(i); err != nil {
				f.t.Error(err)
			}
		})
	}
	wg.Wait()
}

func under(f fixture) {
	a, b := f.team(), f.team()
	one, two, three := f.project(a.ID), f.project(a.ID), f.project(b.ID)
	f.project(0)
	f.project(a.ID, func(p *projects.Project) { p.IsDeleted = true })
	f.project(a.ID, func(p *projects.Project) { p.OrganizationID = 2 })
	f.Equal(map[int64]int64{one.ID: a.ID, two.ID: a.ID}, storetest.Must[map[int64]int64](f.t)(f.TeamProjects(f.ctx, 1, []int64{a.ID, 99})))
	f.Equal(map[int64]int64{one.ID: a.ID, two.ID: a.ID, three.ID: b.ID}, storetest.Must[map[int64]int64](f.t)(f.TeamProjects(f.ctx, 1, []int64{b.ID, a.ID})))
	f.Equal(int64(2), storetest.Must[int64](f.t)(f.CountProjects(f.ctx, 1, a.ID)))
}

// shownIsDecided compares what lists show with the decision about each resource,
// over random grants.
func shownIsDecided(f fixture) {
	rng := rand.New(rand.NewPCG(11, 12))
	var resources []access.Resource
	var teams []int64
	for range 5 {
		t := f.team(func(t *projects.Team) { t.OrganizationID, t.IsDeleted = 1+rng.Int64N(2), rng.IntN(6) == 0 })
		resources, teams = append(resources, t.Resource()), append(teams, t.ID)
	}
	for range 15 {
		team := int64(0)
		if rng.IntN(3) > 0 {
			team = teams[rng.IntN(len(teams))]
		}
		p := f.project(team, func(p *projects.Project) { p.OrganizationID, p.IsDeleted = 1+rng.Int64N(2), rng.IntN(6) == 0 })
		resources = append(resources, p.Resource())
	}
	for range 60 {
		who := actor.Actor{UserID: 1, OrganizationID: 1 + rng.Int64N(2), Level: actor.Level(rng.IntN(3))}
		for range rng.IntN(6) {
			who.Grants = append(who.Grants, actor.Grant{Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)], ID: 1 + rng.Int64N(15), Role: actor.Role(1 + rng.IntN(2))})
		}
		v := access.VisibleTo(who)
		shown := map[actor.Resource]map[int64]bool{actor.Team: {}, actor.Project: {}}
		for _, t := range storetest.Must[page.Of[projects.Team]](f.t)(f.TeamsPage(f.ctx, v, page.Request{})).Items {
			shown[actor.Team][t.ID] = true
		}
		for _, p := range f.shown(v) {
			shown[actor.Project][p.ID] = true
		}
		for _, resource := range resources {
			var err error
			if resource.Kind == actor.Team {
				_, err = f.Team(f.ctx, v, resource.ID)
			} else {
				_, err = f.Project(f.ctx, v, resource.ID)
			}
			if want := access.Decide(who, resource).Allowed.View; shown[resource.Kind][resource.ID] != want || (err == nil) != want {
				f.t.Fatalf("%+v on %+v: listed %v, got %v, decided %v", who, resource, shown[resource.Kind][resource.ID], err, want)
			}
		}
	}
}

func (f fixture) addRecent(user, project int64, after time.Duration) core.Recent {
	f.t.Helper()
	return storetest.Must[core.Recent](f.t)(f.AddRecent(f.ctx, core.Recent{OrganizationID: 1, UserID: user, ProjectID: project, CreatedOn: now.Add(after)}))
}

// recent lists the projects of a user's recents.
func (f fixture) recent(v core.Visible, user int64) []int64 {
	f.t.Helper()
	ids := []int64{}
	for _, r := range storetest.Must[page.Of[core.Recent]](f.t)(f.RecentsPage(f.ctx, v, user, page.Request{})).Items {
		ids = append(ids, r.ProjectID)
	}
	return ids
}

func recalling(f fixture) {
	p := f.project(0)
	first := f.addRecent(1, p.ID, 0)
	f.Equal(core.Recent{ID: first.ID, OrganizationID: 1, UserID: 1, ProjectID: p.ID, CreatedOn: now}, first)
	moved := f.addRecent(1, p.ID, time.Hour)
	f.Equal(core.Recent{ID: first.ID, OrganizationID: 1, UserID: 1, ProjectID: p.ID, CreatedOn: now.Add(time.Hour)}, moved)
	f.Equal(moved, f.addRecent(1, p.ID, time.Minute))
	f.Equal([]int64{p.ID}, f.recent(all, 1))
	f.Equal([]int64{}, f.recent(all, 2))
}

func recentOrder(f fixture) {
	a, b, c, gone := f.project(0), f.project(0), f.project(0), f.project(0, func(p *projects.Project) { p.IsDeleted = true })
	for i, id := range []int64{b.ID, gone.ID, c.ID, a.ID} {
		f.addRecent(1, id, time.Duration(i)*time.Minute)
	}
	f.Equal([]int64{a.ID, c.ID, b.ID}, f.recent(all, 1))
	f.Equal([]int64{c.ID}, f.recent(core.Visible{OrganizationID: 1, Projects: []int64{c.ID, gone.ID}}, 1))
	first := storetest.Must[page.Of[core.Recent]](f.t)(f.RecentsPage(f.ctx, all, 1, page.Request{Size: 2, ByCursor: true}))
	rest := storetest.Must[page.Of[core.Recent]](f.t)(f.RecentsPage(f.ctx, all, 1, page.Request{Size: 2, Cursor: first.NextCursor}))
	f.Equal(1, len(rest.Items))
	f.Equal(b.ID, rest.Items[0].ProjectID)
}

func trimming(f fixture) {
	a, b, c := f.project(0), f.project(0), f.project(0)
	for i, id := range []int64{b.ID, c.ID, a.ID} {
		f.addRecent(1, id, time.Duration(i)*time.Minute)
		f.addRecent(2, id, 0)
	}
	for _, err := range []error{f.TrimRecents(f.ctx, 1, 2), f.ForgetProject(f.ctx, c.ID)} {
		f.ErrorIs(err, nil)
	}
	f.Equal([]int64{a.ID}, f.recent(all, 1))
	f.Equal([]int64{a.ID, b.ID}, f.recent(all, 2)) // of the same moment, the later row first
	f.ErrorIs(f.ForgetRecents(f.ctx, 2), nil)
	f.Equal([]int64{}, f.recent(all, 2))
	f.Equal([]int64{a.ID}, f.recent(all, 1))
}

func recallingAtOnce(f fixture) {
	p := f.project(0)
	atOnce(f, 100, func(i int) error {
		_, err := f.AddRecent(f.ctx, core.Recent{OrganizationID: 1, UserID: 1, ProjectID: p.ID, CreatedOn: now.Add(time.Duration(i) * time.Second)})
		return err
	})
	f.Equal([]int64{p.ID}, f.recent(all, 1))
}
