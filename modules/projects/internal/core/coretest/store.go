// Package coretest is the suite that every store of projects must pass.
package coretest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 345000, time.UTC)

// all is everything of organization 1.
var all = core.Visible{OrganizationID: 1, All: true}

type fixture struct {
	core.Store
	t    *testing.T
	ctx  context.Context
	unit uow.Unit
}

// TestStore runs the suite; open answers a fresh, empty store and its unit.
func TestStore(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit)) {
	cases := map[string]func(f fixture){
		"a team comes back as it was stored":       teamRoundTrip,
		"a project comes back as it was stored":    projectRoundTrip,
		"other organizations' are not there":       tenantsAreApart,
		"what is not visible is not there":         onlyTheVisible,
		"lists are paged by id":                    listing,
		"agents are counted, also all at once":     counting,
		"the teams of projects are read at once":   teamsOf,
		"a failed unit leaves nothing behind":      rollback,
		"what is deleted is not there":             deleted,
		"an answer is a copy of what is stored":    copies,
		"a role on a team shows its projects only": throughTeams,
		"teams and projects are changed":           changing,
		"a hundred changes at once all count":      changingAtOnce,
		"the projects of teams are read at once":   under,
		"conditions show what is decided":          shownIsDecided,
		"a recent project stands once":             recalling,
		"recent projects show newest first":        recentOrder,
		"the newest of a user's recents are kept":  trimming,
		"a hundred equal recents at once are one":  recallingAtOnce,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Store: store, t: t, ctx: context.Background(), unit: unit})
		})
	}
}

func must[T any](f fixture) func(T, error) T {
	return func(v T, err error) T {
		f.t.Helper()
		if err != nil {
			f.t.Fatal(err)
		}
		return v
	}
}

func (f fixture) same(want, got any) {
	f.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Error(diff)
	}
}

func (f fixture) is(err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("got %v, want %v", err, want)
	}
}

func (f fixture) team(change ...func(*projects.Team)) projects.Team {
	f.t.Helper()
	t := projects.Team{OrganizationID: 1, Name: "Team", Description: "of ours", Audit: audit.New("jo@example.com", now)}
	for _, c := range change {
		c(&t)
	}
	return must[projects.Team](f)(f.AddTeam(f.ctx, t))
}

func (f fixture) project(team int64, change ...func(*projects.Project)) projects.Project {
	f.t.Helper()
	p := projects.Project{OrganizationID: 1, Name: "Project", Description: "of ours", Audit: audit.New("jo@example.com", now)}
	if team != 0 {
		p.TeamID = &team
	}
	for _, c := range change {
		c(&p)
	}
	return must[projects.Project](f)(f.AddProject(f.ctx, p))
}

// shown lists the visible projects.
func (f fixture) shown(v core.Visible) []projects.Project {
	f.t.Helper()
	return must[page.Of[projects.Project]](f)(f.ProjectsPage(f.ctx, v, core.ProjectFilter{}, page.Request{})).Items
}

func teamRoundTrip(f fixture) {
	t := f.team()
	f.same(t, must[projects.Team](f)(f.Team(f.ctx, all, t.ID)))
	_, err := f.Team(f.ctx, all, 99)
	f.is(err, core.ErrTeamNotFound)
}

func projectRoundTrip(f fixture) {
	t := f.team()
	with, without := f.project(t.ID), f.project(0)
	f.same(with, must[projects.Project](f)(f.Project(f.ctx, all, with.ID)))
	f.same(without, must[projects.Project](f)(f.Project(f.ctx, all, without.ID)))
	_, err := f.Project(f.ctx, all, 99)
	f.is(err, core.ErrNotFound)
}

func tenantsAreApart(f fixture) {
	t := f.team()
	p := f.project(t.ID)
	for _, v := range []core.Visible{{OrganizationID: 2, All: true}, {OrganizationID: 2, Teams: []int64{t.ID}, Projects: []int64{p.ID}}} {
		_, err := f.Team(f.ctx, v, t.ID)
		f.is(err, core.ErrTeamNotFound)
		_, err = f.Project(f.ctx, v, p.ID)
		f.is(err, core.ErrNotFound)
		f.same(0, len(must[page.Of[projects.Team]](f)(f.TeamsPage(f.ctx, v, page.Request{})).Items))
		f.same(0, len(f.shown(v)))
	}
	if err := f.CountAgents(f.ctx, 2, p.ID, 1); err != nil {
		f.t.Error(err)
	}
	f.same(p, must[projects.Project](f)(f.Project(f.ctx, all, p.ID)))
	f.same(0, len(must[map[int64]int64](f)(f.ProjectTeams(f.ctx, 2, []int64{p.ID}))))
}

func onlyTheVisible(f fixture) {
	t, p := f.team(), f.project(0)
	v := core.Visible{OrganizationID: 1}
	_, err := f.Team(f.ctx, v, t.ID)
	f.is(err, core.ErrTeamNotFound)
	_, err = f.Project(f.ctx, v, p.ID)
	f.is(err, core.ErrNotFound)
	// A role on a project shows no team, whatever its id.
	v.Projects = []int64{p.ID}
	f.same(t.ID, p.ID)
	_, err = f.Team(f.ctx, v, t.ID)
	f.is(err, core.ErrTeamNotFound)
	f.same(p, must[projects.Project](f)(f.Project(f.ctx, v, p.ID)))
}

func throughTeams(f fixture) {
	mine, theirs := f.team(), f.team()
	a, b, c := f.project(mine.ID), f.project(theirs.ID), f.project(0)
	v := core.Visible{OrganizationID: 1, Teams: []int64{mine.ID}, Projects: []int64{c.ID}}
	f.same([]projects.Project{a, c}, must[page.Of[projects.Project]](f)(f.ProjectsPage(f.ctx, v, core.ProjectFilter{}, page.Request{})).Items)
	f.same([]projects.Project{a, c}, f.shown(v))
	f.same([]projects.Project{c}, must[[]projects.Project](f)(f.Projects(f.ctx, v, []int64{c.ID, 99, b.ID})))
	f.same([]projects.Project{a}, must[page.Of[projects.Project]](f)(f.ProjectsPage(f.ctx, v, core.ProjectFilter{Team: mine.ID}, page.Request{})).Items)
	f.same([]projects.Team{mine}, must[page.Of[projects.Team]](f)(f.TeamsPage(f.ctx, v, page.Request{})).Items)
}

func listing(f fixture) {
	var ts []projects.Team
	var ps []projects.Project
	for range 5 {
		ts = append(ts, f.team())
		ps = append(ps, f.project(0))
	}
	second := must[page.Of[projects.Team]](f)(f.TeamsPage(f.ctx, all, page.Request{Number: 2, Size: 2}))
	f.same(ts[2:4], second.Items)
	f.same(int64(5), second.Count)
	walk := must[page.Of[projects.Project]](f)(f.ProjectsPage(f.ctx, all, core.ProjectFilter{}, page.Request{Size: 3, ByCursor: true}))
	f.same(ps[:3], walk.Items)
	rest := must[page.Of[projects.Project]](f)(f.ProjectsPage(f.ctx, all, core.ProjectFilter{}, page.Request{Size: 3, Cursor: walk.NextCursor}))
	f.same(ps[3:], rest.Items)
	f.same("", rest.NextCursor)
	_, err := f.ProjectsPage(f.ctx, all, core.ProjectFilter{}, page.Request{Cursor: "nonsense"})
	f.is(err, page.ErrCursor)
}

func counting(f fixture) {
	p := f.project(0)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := f.CountAgents(f.ctx, 1, p.ID, 1); err != nil {
				f.t.Error(err)
			}
		})
	}
	wg.Wait()
	f.same(int64(20), must[projects.Project](f)(f.Project(f.ctx, all, p.ID)).AgentCount)
	if err := f.CountAgents(f.ctx, 1, 99, 1); err != nil {
		f.t.Error(err)
	}
}

func teamsOf(f fixture) {
	t := f.team()
	a, b := f.project(t.ID), f.project(0)
	f.same(map[int64]int64{a.ID: t.ID}, must[map[int64]int64](f)(f.ProjectTeams(f.ctx, 1, []int64{b.ID, a.ID, 99})))
}

func rollback(f fixture) {
	boom := errors.New("boom")
	f.is(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.project(in.team().ID)
		return boom
	}), boom)
	f.same(0, len(f.shown(all)))
	f.same(0, len(must[page.Of[projects.Team]](f)(f.TeamsPage(f.ctx, all, page.Request{})).Items))
}

func deleted(f fixture) {
	t := f.team(func(t *projects.Team) { t.IsDeleted = true })
	p := f.project(0, func(p *projects.Project) { p.IsDeleted = true })
	_, err := f.Team(f.ctx, all, t.ID)
	f.is(err, core.ErrTeamNotFound)
	_, err = f.Project(f.ctx, all, p.ID)
	f.is(err, core.ErrNotFound)
	f.same(0, len(f.shown(all)))
}

func copies(f fixture) {
	p := f.project(f.team().ID)
	*must[projects.Project](f)(f.Project(f.ctx, all, p.ID)).TeamID = 99
	f.same(p, must[projects.Project](f)(f.Project(f.ctx, all, p.ID)))
}
