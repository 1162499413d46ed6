// Package coretest is the suite that every store of analytics must pass.
package coretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/money"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// Open answers a fresh, empty store and its unit.
type Open = func(t *testing.T) (core.Store, uow.Unit)

var now = time.Date(2026, 5, 20, 12, 0, 0, 345000, time.UTC)

type fixture struct {
	storetest.Assert
	core.Store
	t   *testing.T
	ctx context.Context
}

// TestStore runs the suite.
func TestStore(t *testing.T, open Open) {
	for name, test := range map[string]func(f fixture, unit uow.Unit){
		"a fact counts once":                       once,
		"a period includes its start, not its end": edges,
		"every filter narrows":                     filters,
		"a part has what lies in it":               parts,
		"organizations are apart":                  organizations,
		"evaluations use tokens but ask nothing":   evaluations,
		"votes that are taken back cancel out":     votes,
		"what exists is counted by kind":           inventory,
		"a part counts what exists in it":          inventoryOfAPart,
		"a failed unit leaves nothing behind":      rollback,
		"an organization has one budget":           budget,
		"what is used of a budget is counted":      spending,
		"a name is the last one until it is gone":  names,
	} {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background()}, unit)
		})
	}
}

// run is a run of organization 1 that used 3+2 tokens.
func run(id int64, change func(*core.Fact)) core.Fact {
	f := core.Fact{
		Origin: fmt.Sprintf("run/%d", id), OrganizationID: 1, TeamID: 2, ProjectID: 3, AgentID: 4, UserID: 5, ThreadID: 6,
		AgentType: "rag", QuerySource: "api", Model: "m", State: "completed", OccurredOn: now, Quarter: core.QuarterOf(now),
		Measures: core.Measures{Runs: 1, PromptTokens: 3, CompletionTokens: 2, Cost: money.Amount{Nano: 7, Pico: 999}},
	}
	if change != nil {
		change(&f)
	}
	return f
}

func everything() core.Selection {
	return core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(-1, 0, 0), Until: now.AddDate(1, 0, 0)}
}

func (f fixture) add(facts ...core.Fact) { f.t.Helper(); f.NoError(f.AddFacts(f.ctx, facts)) }

func (f fixture) totals(s core.Selection) core.Totals {
	f.t.Helper()
	rows, err := f.Ask(f.ctx, core.Question{Selection: s, Users: true})
	f.NoError(err)
	if len(rows) == 0 {
		return core.Totals{}
	}
	r := rows[0]
	return core.Totals{
		ActiveUsers: r.Users, Queries: r.Queries, Threads: r.NewThreads, Upvotes: r.Upvotes, Downvotes: r.Downvotes,
		TotalTokens: r.PromptTokens + r.CompletionTokens, Cost: r.Cost,
	}
}

// tokens are those of each period.
func (f fixture) tokens(s core.Selection, cuts ...time.Time) map[int]tokens {
	f.t.Helper()
	rows, err := f.Ask(f.ctx, core.Question{Selection: s, Cuts: cuts})
	f.NoError(err)
	out := map[int]tokens{}
	for _, r := range rows {
		out[r.Period] = tokensOf(r.Figures)
	}
	return out
}

func once(f fixture, _ uow.Unit) {
	f.Equal(core.Totals{}, f.totals(everything()))
	f.add()
	f.add(run(1, nil), run(2, nil))
	f.add(run(2, func(g *core.Fact) { g.PromptTokens = 100 }), run(3, func(g *core.Fact) { g.UserID = 9 }))
	f.Equal(core.Totals{ActiveUsers: 2, Queries: 3, TotalTokens: 15, Cost: money.Amount{Nano: 23, Pico: 997}}, f.totals(everything()))
	f.Equal(map[int]tokens{0: {PromptTokens: 9, CompletionTokens: 6, Cost: money.Amount{Nano: 23, Pico: 997}}}, f.tokens(everything()))
}

func edges(f fixture, _ uow.Unit) {
	for i, at := range []time.Time{now.Add(-time.Microsecond), now, now.Add(time.Hour - time.Microsecond), now.Add(time.Hour)} {
		f.add(run(int64(i), func(g *core.Fact) { g.OccurredOn, g.Quarter = at, core.QuarterOf(at) }))
	}
	s := everything()
	s.From, s.Until = now.In(time.FixedZone("", 7200)), now.Add(time.Hour).In(time.FixedZone("", -7200))
	f.Equal(int64(2), f.totals(s).Queries)
	five := tokens{PromptTokens: 3, CompletionTokens: 2, Cost: money.Amount{Nano: 7, Pico: 999}}
	f.Equal(map[int]tokens{0: five, 2: five}, f.tokens(s, now.Add(time.Microsecond), now.Add(time.Hour-time.Microsecond)))
}

func filters(f fixture, _ uow.Unit) {
	thread := func(g *core.Fact) {
		g.Origin, g.QuerySource, g.Model, g.Measures = "thread/6", "", "", core.Measures{Threads: 1}
	}
	f.add(run(1, nil), run(1, thread),
		run(2, func(g *core.Fact) { g.AgentID = 40 }), run(3, func(g *core.Fact) { g.UserID = 50 }), run(4, func(g *core.Fact) { g.TeamID = 20 }),
		run(5, func(g *core.Fact) { g.ProjectID = 30 }), run(6, func(g *core.Fact) { g.QuerySource = "mail" }), run(7, func(g *core.Fact) { g.Model = "o'm" }))
	for _, c := range []struct {
		filter           core.Filter
		queries, threads int64
	}{
		{core.Filter{}, 7, 1},
		{core.Filter{AgentID: 40}, 1, 0},
		{core.Filter{UserID: 50}, 1, 0},
		{core.Filter{TeamID: 20}, 1, 0},
		{core.Filter{ProjectID: 30}, 1, 0},
		{core.Filter{QuerySource: "mail"}, 1, 1},
		{core.Filter{Model: "o'm"}, 1, 1},
		{core.Filter{AgentID: 4, UserID: 5, TeamID: 2, ProjectID: 3, QuerySource: "api", Model: "m"}, 1, 1},
		{core.Filter{AgentID: 40, UserID: 50}, 0, 0},
	} {
		s := everything()
		s.Filter = c.filter
		got := f.totals(s)
		f.Equal([]int64{c.queries, c.threads}, []int64{got.Queries, got.Threads})
		used := int64(0)
		for _, of := range f.tokens(s, now.Add(-time.Hour), now.Add(time.Hour)) {
			used += of.PromptTokens + of.CompletionTokens
		}
		f.Equal(got.TotalTokens, used)
	}
}

func parts(f fixture, _ uow.Unit) {
	f.add(run(1, func(g *core.Fact) { g.TeamID = 20 }), run(2, func(g *core.Fact) { g.ProjectID = 30 }),
		run(3, func(g *core.Fact) { g.AgentID = 40 }), run(4, func(g *core.Fact) { g.TeamID, g.AgentID = 20, 40 }))
	for _, c := range []struct {
		scope core.Scope
		want  int64
	}{
		{core.Scope{OrganizationID: 1, Teams: []int64{20}}, 2},
		{core.Scope{OrganizationID: 1, Teams: []int64{20, 2}}, 4},
		{core.Scope{OrganizationID: 1, Projects: []int64{30}}, 1},
		{core.Scope{OrganizationID: 1, Teams: []int64{20}, Agents: []int64{40}}, 3},
		{core.Scope{OrganizationID: 1}, 0},
		{core.Scope{OrganizationID: 2, Teams: []int64{20}}, 0},
	} {
		s := everything()
		s.Scope = c.scope
		f.Equal(c.want, f.totals(s).Queries)
	}
}

func organizations(f fixture, _ uow.Unit) {
	f.add(run(1, nil), run(2, func(g *core.Fact) { g.OrganizationID = 2 }))
	f.NoError(f.AddItem(f.ctx, core.Item{Kind: core.Agent, EntityID: 4, OrganizationID: 2}))
	f.NoError(f.RemoveItem(f.ctx, 1, core.Agent, 4))
	f.Equal(int64(1), f.totals(everything()).Queries)
	f.Equal(map[core.Kind]int64{}, f.count(core.Scope{OrganizationID: 1, All: true}))
	f.Equal(map[core.Kind]int64{core.Agent: 1}, f.count(core.Scope{OrganizationID: 2, All: true}))
}

func evaluations(f fixture, _ uow.Unit) {
	f.add(run(1, func(g *core.Fact) { g.QuerySource = core.Evaluation }))
	f.Equal(core.Totals{TotalTokens: 5, Cost: money.Amount{Nano: 7, Pico: 999}}, f.totals(everything()))
}

func votes(f fixture, _ uow.Unit) {
	vote := func(origin string, up, down int64) core.Fact {
		return run(1, func(g *core.Fact) { g.Origin, g.Measures = origin, core.Measures{Upvotes: up, Downvotes: down} })
	}
	f.add(vote("feedback/1/1", 1, 0), vote("feedback/2/1", 1, 0), vote("feedback/1/2", -1, 1))
	f.Equal(core.Totals{Upvotes: 1, Downvotes: 1}, f.totals(everything()))
}

func (f fixture) count(s core.Scope) map[core.Kind]int64 {
	f.t.Helper()
	n, err := f.CountItems(f.ctx, s)
	f.NoError(err)
	return n
}

func (f fixture) items(items ...core.Item) {
	f.t.Helper()
	for _, i := range items {
		i.OrganizationID = 1
		f.NoError(f.AddItem(f.ctx, i))
	}
}

func inventory(f fixture, _ uow.Unit) {
	f.items(core.Item{Kind: core.User, EntityID: 1}, core.Item{Kind: core.User, EntityID: 2}, core.Item{Kind: core.User, EntityID: 2}, core.Item{Kind: core.Team, EntityID: 1},
		core.Item{Kind: core.Corpus, EntityID: 1}, core.Item{Kind: core.Document, EntityID: 1})
	f.NoError(f.RemoveItem(f.ctx, 1, core.User, 1))
	f.NoError(f.RemoveItem(f.ctx, 1, core.User, 1))
	f.Equal(map[core.Kind]int64{core.User: 1, core.Team: 1, core.Corpus: 1, core.Document: 1}, f.count(core.Scope{OrganizationID: 1, All: true}))
}

func inventoryOfAPart(f fixture, _ uow.Unit) {
	f.items(core.Item{Kind: core.Team, EntityID: 2}, core.Item{Kind: core.Team, EntityID: 20},
		core.Item{Kind: core.Project, EntityID: 3, TeamID: 2}, core.Item{Kind: core.Project, EntityID: 30},
		core.Item{Kind: core.Agent, EntityID: 4, ProjectID: 3}, core.Item{Kind: core.Agent, EntityID: 41, ProjectID: 3}, core.Item{Kind: core.Agent, EntityID: 40, ProjectID: 30},
		core.Item{Kind: core.User, EntityID: 5}, core.Item{Kind: core.User, EntityID: 50}, core.Item{Kind: core.User, EntityID: 51},
		core.Item{Kind: core.Corpus, EntityID: 3}, core.Item{Kind: core.Document, EntityID: 4})
	f.add(run(1, nil), run(2, func(g *core.Fact) { g.TeamID, g.ProjectID, g.AgentID, g.UserID = 0, 30, 40, 50 }), run(3, func(g *core.Fact) { g.UserID = 99 }))
	for _, c := range []struct {
		scope core.Scope
		want  map[core.Kind]int64
	}{
		{core.Scope{Teams: []int64{2}}, map[core.Kind]int64{core.Team: 1, core.Project: 1, core.Agent: 2, core.User: 1}},
		{core.Scope{Projects: []int64{3}}, map[core.Kind]int64{core.Project: 1, core.Agent: 2, core.User: 1}},
		{core.Scope{Projects: []int64{30}}, map[core.Kind]int64{core.Project: 1, core.Agent: 1, core.User: 1}},
		{core.Scope{Agents: []int64{40}}, map[core.Kind]int64{core.Agent: 1, core.User: 1}},
		{core.Scope{Teams: []int64{2}, Agents: []int64{40, 41}}, map[core.Kind]int64{core.Team: 1, core.Project: 1, core.Agent: 3, core.User: 2}},
		{core.Scope{Teams: []int64{7}}, map[core.Kind]int64{}},
	} {
		c.scope.OrganizationID = 1
		f.Equal(c.want, f.count(c.scope))
	}
}

func rollback(f fixture, unit uow.Unit) {
	boom := errors.New("boom")
	err := unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.add(run(1, nil))
		in.items(core.Item{Kind: core.User, EntityID: 1})
		f.Equal(int64(1), in.totals(everything()).Queries)
		return boom
	})
	if !errors.Is(err, boom) {
		f.t.Errorf("got %v", err)
	}
	f.Equal(core.Totals{}, f.totals(everything()))
	f.Equal(map[core.Kind]int64{}, f.count(core.Scope{OrganizationID: 1, All: true}))
}
