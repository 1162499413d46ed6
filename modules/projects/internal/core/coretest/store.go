// Package coretest is the suite that every store of projects must pass.
package coretest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

var now = storetest.Now()

// all is everything of organization 1.
var all = core.Visible{OrganizationID: 1, All: true}

type fixture struct {
	storetest.Assert
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
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background(), unit: unit})
		})
	}
}

func (f fixture) team(change ...func(*projects.Team)) projects.Team {
	f.t.Helper()
	t := projects.Team{OrganizationID: 1, Name: "Team", Description: "of ours", Audit: audit.New("jo@example.com", now)}
	for _, c := range change {
		c(&t)
	}
	return storetest.Must[projects.Team](f.t)(f.AddTeam(f.ctx, t))
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
	return storetest.Must[projects.Project](f.t)(f.AddProject(f.ctx, p))
}

// shown lists the visible projects.
func (f fixture) shown(v core.Visible) []projects.Project {
	f.t.Helper()
	return storetest.Must[page.Of[projects.Project]](f.t)(f.ProjectsPage(f.ctx, v, core.ProjectFilter{}, page.Request{})).Items
}

func teamRoundTrip(f fixture) {
	t := f.team()
	f.Equal(t, storetest.Must[projects.Team](f.t)(f.Team(f.ctx, all, t.ID)))
	_, err := f.Team(f.ctx, all, 99)
	f.ErrorIs(err, core.ErrTeamNotFound)
}

func projectRoundTrip(f fixture) {
	t := f.team()
	with, without := f.project(t.ID), f.project(0)
	f.Equal(with, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, with.ID)))
	f.Equal(without, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, without.ID)))
	_, err := f.Project(f.ctx, all, 99)
	f.ErrorIs(err, core.ErrNotFound)
}

func tenantsAreApart(f fixture) {
	t := f.team()
	p := f.project(t.ID)
	for _, v := range []core.Visible{{OrganizationID: 2, All: true}, {OrganizationID: 2, Teams: []int64{t.ID}, Projects: []int64{p.ID}}} {
		_, err := f.Team(f.ctx, v, t.ID)
		f.ErrorIs(err, core.ErrTeamNotFound)
		_, err = f.Project(f.ctx, v, p.ID)
		f.ErrorIs(err, core.ErrNotFound)
		f.Equal(0, len(storetest.Must[page.Of[projects.Team]](f.t)(f.TeamsPage(f.ctx, v, page.Request{})).Items))
		f.Equal(0, len(f.shown(v)))
	}
	if err := f.CountAgents(f.ctx, 2, p.ID, 1); err != nil {
		f.t.Error(err)
	}
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)))
	f.Equal(0, len(storetest.Must[map[int64]int64](f.t)(f.ProjectTeams(f.ctx, 2, []int64{p.ID}))))
}

func onlyTheVisible(f fixture) {
	t, p := f.team(), f.project(0)
	v := core.Visible{OrganizationID: 1}
	_, err := f.Team(f.ctx, v, t.ID)
	f.ErrorIs(err, core.ErrTeamNotFound)
	_, err = f.Project(f.ctx, v, p.ID)
	f.ErrorIs(err, core.ErrNotFound)
	// A role on a project shows no team, whatever its id.
	v.Projects = []int64{p.ID}
	f.Equal(t.ID, p.ID)
	_, err = f.Team(f.ctx, v, t.ID)
	f.ErrorIs(err, core.ErrTeamNotFound)
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, v, p.ID)))
}

func throughTeams(f fixture) {
	mine, theirs := f.team(), f.team()
	a, b, c := f.project(mine.ID), f.project(theirs.ID), f.project(0)
	v := core.Visible{OrganizationID: 1, Teams: []int64{mine.ID}, Projects: []int64{c.ID}}
	f.Equal([]projects.Project{a, c}, storetest.Must[page.Of[projects.Project]](f.t)(f.ProjectsPage(f.ctx, v, core.ProjectFilter{}, page.Request{})).Items)
	f.Equal([]projects.Project{a, c}, f.shown(v))
	f.Equal([]projects.Project{c}, storetest.Must[[]projects.Project](f.t)(f.Projects(f.ctx, v, []int64{c.ID, 99, b.ID})))
	f.Equal([]projects.Project{a}, storetest.Must[page.Of[projects.Project]](f.t)(f.ProjectsPage(f.ctx, v, core.ProjectFilter{Team: mine.ID}, page.Request{})).Items)
	f.Equal([]projects.Team{mine}, storetest.Must[page.Of[projects.Team]](f.t)(f.TeamsPage(f.ctx, v, page.Request{})).Items)
}

func listing(f fixture) {
	var ts []projects.Team
	var ps []projects.Project
	for range 5 {
		ts = append(ts, f.team())
		ps = append(ps, f.project(0))
	}
	second := storetest.Must[page.Of[projects.Team]](f.t)(f.TeamsPage(f.ctx, all, page.Request{Number: 2, Size: 2}))
	f.Equal(ts[2:4], second.Items)
	f.Equal(int64(5), second.Count)
	walk := storetest.Must[page.Of[projects.Project]](f.t)(f.ProjectsPage(f.ctx, all, core.ProjectFilter{}, page.Request{Size: 3, ByCursor: true}))
	f.Equal(ps[:3], walk.Items)
	rest := storetest.Must[page.Of[projects.Project]](f.t)(f.ProjectsPage(f.ctx, all, core.ProjectFilter{}, page.Request{Size: 3, Cursor: walk.NextCursor}))
	f.Equal(ps[3:], rest.Items)
	f.Equal("", rest.NextCursor)
	_, err := f.ProjectsPage(f.ctx, all, core.ProjectFilter{}, page.Request{Cursor: "nonsense"})
	f.ErrorIs(err, page.ErrCursor)
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
	f.Equal(int64(20), storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)).AgentCount)
	if err := f.CountAgents(f.ctx, 1, 99, 1); err != nil {
		f.t.Error(err)
	}
}

func teamsOf(f fixture) {
	t := f.team()
	a, b := f.project(t.ID), f.project(0)
	f.Equal(map[int64]int64{a.ID: t.ID}, storetest.Must[map[int64]int64](f.t)(f.ProjectTeams(f.ctx, 1, []int64{b.ID, a.ID, 99})))
}

func rollback(f fixture) {
	boom := errors.New("boom")
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.project(in.team().ID)
		return boom
	}), boom)
	f.Equal(0, len(f.shown(all)))
	f.Equal(0, len(storetest.Must[page.Of[projects.Team]](f.t)(f.TeamsPage(f.ctx, all, page.Request{})).Items))
}

func deleted(f fixture) {
	t := f.team(func(t *projects.Team) { t.IsDeleted = true })
	p := f.project(0, func(p *projects.Project) { p.IsDeleted = true })
	_, err := f.Team(f.ctx, all, t.ID)
	f.ErrorIs(err, core.ErrTeamNotFound)
	_, err = f.Project(f.ctx, all, p.ID)
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(0, len(f.shown(all)))
}

func copies(f fixture) {
	p := f.project(f.team().ID)
	*storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)).TeamID = 99
	f.Equal(p, storetest.Must[projects.Project](f.t)(f.Project(f.ctx, all, p.ID)))
}
