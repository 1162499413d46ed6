// Package coretest is the suite that every store of agents must pass.
package coretest

import (
	"context"
	"errors"
	"testing"

	"parley/modules/agents/internal/core"
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
	kind core.Type
}

// TestStore runs the suite; open answers a fresh, empty store and its unit.
func TestStore(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit)) {
	cases := map[string]func(f fixture){
		"an agent comes back as it was stored":               agentRoundTrip,
		"what is deleted or another organization's is gone":  notThere,
		"each ground shows just its agents":                  visibility,
		"the list is paged by id":                            listing,
		"instructions are read for many agents at once":      instructions,
		"a version comes back as it was stored":              versionRoundTrip,
		"versions are listed newest first":                   versionOrder,
		"connections become known to versions without them":  versionConnections,
		"versions are raised for many agents at once":        raisingVersions,
		"types are seeded once, also all at once":            seeding,
		"agents pass to another owner":                       passing,
		"an answer is a copy of what is stored":              copies,
		"a failed unit leaves nothing behind":                rollback,
		"a bookmark is unique and never moves back":          bookmarking,
		"bookmarks are listed newest first":                  bookmarkOrder,
		"bookmarks show only what is visible":                bookmarksVisible,
		"the newest bookmarks of a user are kept":            trimming,
		"many recents are added at once and never move back": recents,
		"those who asked an agent before are noted at once":  recentsAgain,
		"removing bookmarks of one user leaves the others":   removingBookmarks,
		"a hundred equal bookmarks at once are one":          bookmarkingAtOnce,
		"an agent is changed by one at a time":               changing,
		"a deleted agent is nowhere":                         deleting,
		"the agents of a project are deleted together":       deletingAll,
		"lists narrow to projects":                           narrowing,
		"the first agents of each project":                   firstAgents,
		"the condition shows what the decision lets view":    shownIsDecided,
		"instructions are replaced":                          replacing,
		"types are renamed, each to a name of its own":       renaming,
		"a run is noted once":                                noting,
		"one review for user and agent":                      reviewing,
		"reviews are listed newest first":                    reviewOrder,
		"a rating turns over":                                rating,
		"a hundred ratings at once each turn over once":      ratingAtOnce,
		"a hundred reviews at once are one":                  reviewingAtOnce,
		"one alias for an agent, and one agent for it":       aliasing,
		"a hundred aliases at once are one":                  aliasingAtOnce,
		"aliases show with their agents":                     aliasesVisible,
		"what hangs on a user or an agent goes alone":        forgetting,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			f := fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background(), unit: unit}
			f.seed(1)
			f.kind = storetest.Must[[]core.Type](f.t)(f.Types(f.ctx, 1))[0]
			test(f)
		})
	}
}

func (f fixture) seed(org int64) {
	f.t.Helper()
	types := []core.Type{
		{OrganizationID: org, Name: "QnA", Description: "a", Audit: audit.New(audit.System, now)},
		{OrganizationID: org, Name: "Custom", Description: "b", Audit: audit.New(audit.System, now)},
	}
	if err := f.SeedTypes(f.ctx, types); err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) agent(change ...func(*core.Agent)) core.Agent {
	f.t.Helper()
	a := core.Agent{
		OrganizationID: 1, ProjectID: 1, UserID: 1, AgentTypeID: f.kind.ID, AgentName: "Guide", Access: core.OnlyMe, Status: core.Live, IsActive: true,
		ChunkCount: 32, ReactMaxIterationCount: 50, Audit: audit.New("jo@example.com", now),
	}
	for _, c := range change {
		c(&a)
	}
	return storetest.Must[core.Agent](f.t)(f.AddAgent(f.ctx, a))
}

func (f fixture) ids(v core.Visible) []int64 {
	f.t.Helper()
	ids := []int64{}
	for _, a := range storetest.Must[page.Of[core.Agent]](f.t)(f.AgentsPage(f.ctx, v, nil, page.Request{})).Items {
		ids = append(ids, a.ID)
	}
	return ids
}

func agentRoundTrip(f fixture) {
	from := int64(7)
	a := f.agent(func(a *core.Agent) {
		a.IndustryArea, a.Domain, a.SampleQ1, a.SampleQ2, a.SampleQ3, a.PrefixPrompt, a.LLMModel = "i", "d", "1?", "2?", "3?", "You are Ünal.\n'", "m"
		a.AgentImage, a.CachingEnabled, a.ReactEnabled, a.ClonedFrom, a.ModifiedBy = "img", true, true, &from, "al@example.com"
	})
	f.Equal(a, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, a.ID)))
	f.Equal([]core.Agent{a}, storetest.Must[[]core.Agent](f.t)(f.Agents(f.ctx, all, []int64{99, a.ID})))
	_, err := f.Agent(f.ctx, all, 99)
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(0, len(storetest.Must[[]core.Agent](f.t)(f.Agents(f.ctx, all, []int64{}))))
}

func notThere(f fixture) {
	for _, change := range []func(*core.Agent){
		func(a *core.Agent) { a.IsDeleted, a.Access = true, core.Public },
		func(a *core.Agent) { a.OrganizationID, a.Access = 2, core.Public },
	} {
		a := f.agent(change)
		for _, v := range []core.Visible{all, {OrganizationID: 1, UserID: 1, Granted: []int64{a.ID}, Administered: []int64{1}, Joined: []int64{1}}} {
			_, err := f.Agent(f.ctx, v, a.ID)
			f.ErrorIs(err, core.ErrNotFound)
			f.Equal(0, len(storetest.Must[[]core.Agent](f.t)(f.Agents(f.ctx, v, []int64{a.ID}))))
			f.Equal([]int64{}, f.ids(v))
		}
	}
}

func visibility(f fixture) {
	of := map[string]int64{}
	for _, access := range []string{core.OnlyMe, core.OnlyTeam, core.Public} {
		for project, name := range map[int64]string{1: "here", 2: "there"} {
			of[access+" "+name] = f.agent(func(a *core.Agent) { a.Access, a.ProjectID, a.UserID = access, project, 5 }).ID
		}
	}
	for name, c := range map[string]struct {
		v    core.Visible
		want []string
	}{
		"nobody":         {core.Visible{UserID: 9}, []string{"Public here", "Public there"}},
		"the owner":      {core.Visible{UserID: 5}, []string{"Only me here", "Only me there", "Only team here", "Only team there", "Public here", "Public there"}},
		"a member":       {core.Visible{UserID: 9, Joined: []int64{1}}, []string{"Only team here", "Public here", "Public there"}},
		"a member twice": {core.Visible{UserID: 9, Joined: []int64{1, 2}}, []string{"Only team here", "Only team there", "Public here", "Public there"}},
		"an admin":       {core.Visible{UserID: 9, Administered: []int64{1}}, []string{"Only me here", "Only team here", "Public here", "Public there"}},
		"one granted":    {core.Visible{UserID: 9, Granted: []int64{of["Only me there"]}}, []string{"Only me there", "Public here", "Public there"}},
	} {
		c.v.OrganizationID = 1
		want := map[int64]bool{}
		for _, w := range c.want {
			want[of[w]] = true
		}
		got := f.ids(c.v)
		f.Equal(len(want), len(got))
		for what, id := range of {
			if _, err := f.Agent(f.ctx, c.v, id); (err == nil) != want[id] {
				f.t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

func listing(f fixture) {
	var ids []int64
	for range 5 {
		ids = append(ids, f.agent().ID)
	}
	second := storetest.Must[page.Of[core.Agent]](f.t)(f.AgentsPage(f.ctx, all, nil, page.Request{Number: 2, Size: 2}))
	f.Equal(int64(5), second.Count)
	f.Equal(ids[2], second.Items[0].ID)
	walk := storetest.Must[page.Of[core.Agent]](f.t)(f.AgentsPage(f.ctx, all, nil, page.Request{Size: 3, ByCursor: true}))
	rest := storetest.Must[page.Of[core.Agent]](f.t)(f.AgentsPage(f.ctx, all, nil, page.Request{Size: 3, Cursor: walk.NextCursor}))
	f.Equal(ids[3], rest.Items[0].ID)
	f.Equal(2, len(rest.Items))
}

func instructions(f fixture) {
	a, b := f.agent(), f.agent()
	line := func(agent int64, text string) core.Instruction {
		return core.Instruction{AgentID: agent, Instruction: text, CreatedBy: "jo@example.com", CreatedOn: now}
	}
	gone := line(a.ID, "gone")
	gone.IsDeleted = true
	added := storetest.Must[[]core.Instruction](f.t)(f.AddInstructions(f.ctx, []core.Instruction{line(a.ID, "one"), line(b.ID, "two"), gone, line(a.ID, "three")}))
	if len(added) != 4 || added[0].ID == 0 || added[1].ID <= added[0].ID || added[3].Instruction != "three" {
		f.t.Errorf("answered %+v", added)
	}
	f.Equal(0, len(storetest.Must[[]core.Instruction](f.t)(f.AddInstructions(f.ctx, nil))))
	var got []core.Instruction
	for _, i := range storetest.Must[[]core.Instruction](f.t)(f.Instructions(f.ctx, []int64{b.ID, a.ID, 99})) {
		if i.ID == 0 {
			f.t.Error("no id")
		}
		i.ID = 0
		got = append(got, i)
	}
	f.Equal([]core.Instruction{line(a.ID, "one"), line(b.ID, "two"), line(a.ID, "three")}, got)
}

func passing(f fixture) {
	mine := f.agent()
	other := f.agent(func(a *core.Agent) { a.UserID = 2 })
	abroad := f.agent(func(a *core.Agent) { a.OrganizationID = 2 })
	if passed, err := f.PassAgents(f.ctx, 1, 1, 3); passed == 0 || err != nil {
		f.t.Fatal(err)
	}
	mine.UserID = 3
	f.Equal(mine, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, mine.ID)))
	f.Equal(other, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, other.ID)))
	f.Equal(abroad, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, core.Visible{OrganizationID: 2, All: true}, abroad.ID)))
}

func copies(f fixture) {
	from := int64(7)
	a := f.agent(func(a *core.Agent) { a.ClonedFrom = &from })
	*storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, a.ID)).ClonedFrom = 99
	f.Equal(a, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, a.ID)))
}

func rollback(f fixture) {
	boom := errors.New("boom")
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.seed(3)
		in.addBookmark(core.Recent, 1, in.agent().ID, 0)
		return boom
	}), boom)
	f.Equal([]int64{}, f.ids(all))
	f.Equal(0, len(storetest.Must[[]core.Type](f.t)(f.Types(f.ctx, 3))))
	f.Equal(int64(0), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Recent, 1)))
}
