package coretest

import (
	"math/rand/v2"
	"time"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

func changing(f fixture) {
	a := f.agent()
	atOnce(f, 100, nil, func(int) error {
		_, err := f.UpdateAgent(f.ctx, 1, a.ID, func(a *core.Agent) error { a.ChunkCount++; return nil })
		return err
	})
	a.ChunkCount += 100
	f.Equal(a, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, a.ID)))
	_, err := f.UpdateAgent(f.ctx, 2, a.ID, func(*core.Agent) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
}

func deleting(f fixture) {
	a := f.agent()
	gone := storetest.Must[core.Agent](f.t)(f.UpdateAgent(f.ctx, 1, a.ID, func(a *core.Agent) error { a.IsDeleted = true; return nil }))
	f.Equal(true, gone.IsDeleted)
	_, err := f.Agent(f.ctx, all, a.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.UpdateAgent(f.ctx, 1, a.ID, func(*core.Agent) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
}

func deletingAll(f fixture) {
	a, b := f.agent(), f.agent()
	other := f.agent(func(a *core.Agent) { a.ProjectID = 2 })
	f.agent(func(a *core.Agent) { a.IsDeleted = true })
	abroad := f.agent(func(a *core.Agent) { a.OrganizationID = 2 })
	f.Equal([]int64{a.ID, b.ID}, storetest.Must[[]int64](f.t)(f.DeleteAgentsOf(f.ctx, 1, 1, "System", now.Add(time.Hour))))
	f.Equal(0, len(storetest.Must[[]int64](f.t)(f.DeleteAgentsOf(f.ctx, 1, 1, "System", now))))
	f.Equal([]int64{other.ID}, f.ids(all))
	f.Equal([]int64{abroad.ID}, f.ids(core.Visible{OrganizationID: 2, All: true}))
}

func narrowing(f fixture) {
	var ids []int64
	for project := range int64(3) {
		ids = append(ids, f.agent(func(a *core.Agent) { a.ProjectID = project + 1 }).ID)
	}
	for want, projects := range map[int][]int64{0: {}, 1: {2, 99}, 2: {3, 1}, 3: nil} {
		found := storetest.Must[page.Of[core.Agent]](f.t)(f.AgentsPage(f.ctx, all, projects, page.Request{}))
		f.Equal(want, len(found.Items))
		f.Equal(int64(want), found.Count)
	}
	f.Equal(ids[1], storetest.Must[page.Of[core.Agent]](f.t)(f.AgentsPage(f.ctx, all, []int64{2}, page.Request{})).Items[0].ID)
}

func firstAgents(f fixture) {
	var of [3][]int64
	for range 4 {
		for project := range int64(3) {
			of[project] = append(of[project], f.agent(func(a *core.Agent) { a.ProjectID, a.PrefixPrompt = project+1, "long" }).ID)
		}
	}
	f.agent(func(a *core.Agent) { a.IsDeleted = true })
	ids := func(v core.Visible, projects ...int64) []int64 {
		ids := []int64{}
		for _, a := range storetest.Must[[]core.Agent](f.t)(f.FirstAgents(f.ctx, v, projects, 2)) {
			ids = append(ids, a.ID)
			if a.PrefixPrompt != "" || a.AgentName != "Guide" || a.Access != core.OnlyMe || a.Status != core.Live || a.UserID != 1 || !a.CreatedOn.Equal(now) {
				f.t.Errorf("got %+v", a)
			}
		}
		return ids
	}
	f.Equal(append(append([]int64{}, of[0][:2]...), of[2][:2]...), ids(all, 3, 1))
	f.Equal([]int64{of[1][1], of[1][3]}, ids(core.Visible{OrganizationID: 1, UserID: 9, Granted: []int64{of[1][1], of[1][3], of[0][0]}}, 2))
	f.Equal([]int64{}, ids(all))
}

// shownIsDecided compares what lists show with the decision about each agent,
// over random agents and grants.
func shownIsDecided(f fixture) {
	rng := rand.New(rand.NewPCG(13, 14))
	teamOf := map[int64]int64{1: 1, 2: 1, 3: 2} // 4 has none
	var agents []core.Agent
	for range 60 {
		agents = append(agents, f.agent(func(a *core.Agent) {
			a.OrganizationID, a.IsDeleted, a.ProjectID, a.UserID = 1+rng.Int64N(2), rng.IntN(8) == 0, 1+rng.Int64N(4), 1+rng.Int64N(4)
			a.Access = []string{core.OnlyMe, core.OnlyTeam, core.Public}[rng.IntN(3)]
		}))
	}
	for range 80 {
		who := actor.Actor{UserID: 1 + rng.Int64N(5), OrganizationID: 1 + rng.Int64N(2), Level: actor.Level(rng.IntN(3))}
		for range rng.IntN(5) {
			g := actor.Grant{Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)], ID: 1 + rng.Int64N(4), Role: actor.Role(1 + rng.IntN(2))}
			if g.Resource == actor.Agent {
				g.ID = agents[rng.IntN(len(agents))].ID
			}
			who.Grants = append(who.Grants, g)
		}
		v := access.AgentsVisibleTo(who, teamOf)
		shown := map[int64]bool{}
		for _, id := range f.ids(v) {
			shown[id] = true
		}
		for _, a := range agents {
			_, err := f.Agent(f.ctx, v, a.ID)
			if want := access.Decide(who, a.Resource(teamOf[a.ProjectID])).Allowed.View; shown[a.ID] != want || (err == nil) != want {
				f.t.Fatalf("%+v on %+v: listed %v, got %v, decided %v", who, a, shown[a.ID], err, want)
			}
		}
	}
}

func replacing(f fixture) {
	a, b := f.agent(), f.agent()
	for _, id := range []int64{a.ID, b.ID} {
		storetest.Must[[]core.Instruction](f.t)(f.AddInstructions(f.ctx, []core.Instruction{{AgentID: id, Instruction: "one", CreatedOn: now}, {AgentID: id, Instruction: "two", CreatedOn: now}}))
	}
	f.ErrorIs(f.DeleteInstructions(f.ctx, a.ID), nil)
	storetest.Must[[]core.Instruction](f.t)(f.AddInstructions(f.ctx, []core.Instruction{{AgentID: a.ID, Instruction: "three", CreatedOn: now}}))
	lines := storetest.Must[[]core.Instruction](f.t)(f.Instructions(f.ctx, []int64{a.ID}))
	if len(lines) != 1 || lines[0].Instruction != "three" {
		f.t.Errorf("got %+v", lines)
	}
	f.Equal(2, len(storetest.Must[[]core.Instruction](f.t)(f.Instructions(f.ctx, []int64{b.ID}))))
}

func renaming(f fixture) {
	f.seed(2)
	types := storetest.Must[[]core.Type](f.t)(f.Types(f.ctx, 1))
	changed := storetest.Must[core.Type](f.t)(f.UpdateType(f.ctx, 1, types[0].ID, func(t *core.Type) error { t.Name, t.Description = "Answers", "d"; return nil }))
	f.Equal(changed, storetest.Must[[]core.Type](f.t)(f.Types(f.ctx, 1))[0])
	_, err := f.UpdateType(f.ctx, 1, types[0].ID, func(t *core.Type) error { t.Name = "cUSTOM"; return nil })
	f.ErrorIs(err, core.ErrTypeTaken)
	for org, id := range map[int64]int64{2: types[0].ID, 1: 99} {
		_, err = f.UpdateType(f.ctx, org, id, func(*core.Type) error { return nil })
		f.ErrorIs(err, core.ErrTypeNotFound)
	}
}
