package coretest

import (
	"context"
	"encoding/json"
	"time"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// version is one of an agent with all that it can have.
func version(agent, number int64, connections []agents.Connection) core.Version {
	return core.Version{
		Head: core.Head{
			AgentID: agent, Version: number, CreatedBy: "jo@example.com", CreatedOn: now.Add(time.Duration(number) * time.Second),
			Changes: []agents.Change{
				{Field: "prefix_prompt", Old: json.RawMessage(`"a"`), New: json.RawMessage(`"Ünal's \"b\""`)},
				{Field: agents.FieldCorpora, CorpusID: 7, Old: json.RawMessage("null"), New: json.RawMessage("null"), Note: "not any more"},
			},
		},
		Configuration: agents.Configuration{PrefixPrompt: "Ünal's \"b\"", Instructions: []string{"One.", "Two."}, Model: "m", CachingEnabled: true, ChunkCount: 32, ReactEnabled: true, ReactMaxIterationCount: 50},
		Connections:   connections,
	}
}

func (f fixture) versioned(list ...core.Version) {
	f.t.Helper()
	f.NoError(f.AddVersions(f.ctx, list))
}

func versionRoundTrip(f fixture) {
	a, b := f.agent(), f.agent()
	full, none, unknown := version(a.ID, 1, []agents.Connection{{CorpusID: 7, IsEnabled: true, SharesContent: true}, {CorpusID: 9, IsDefault: true}}),
		version(a.ID, 2, []agents.Connection{}), version(b.ID, 1, nil)
	none.Changes = []agents.Change{}
	f.versioned(full, none, unknown)
	for _, want := range []core.Version{full, none, unknown} {
		got := storetest.Must[core.Version](f.t)(f.Version(f.ctx, want.AgentID, want.Head.Version))
		if got.ID == 0 {
			f.t.Error("no id")
		}
		got.ID = 0
		f.Equal(want, got)
	}
	for _, of := range [][2]int64{{a.ID, 3}, {b.ID, 2}, {99, 1}, {a.ID, 0}} {
		_, err := f.Version(f.ctx, of[0], of[1])
		f.ErrorIs(err, core.ErrNoVersion)
	}
	if f.AddVersions(f.ctx, []core.Version{version(a.ID, 2, nil)}) == nil {
		f.t.Error("an agent has two versions of one number")
	}
}

func versionOrder(f fixture) {
	a, b := f.agent(), f.agent()
	for n := range int64(5) {
		f.versioned(version(a.ID, n+1, nil), version(b.ID, n+1, nil))
	}
	numbers := func(p page.Request) (out []int64, next string) {
		found := storetest.Must[page.Of[core.Head]](f.t)(f.VersionsPage(f.ctx, a.ID, p))
		for _, h := range found.Items {
			out = append(out, h.Version)
			f.Equal(2, len(h.Changes))
		}
		return out, found.NextCursor
	}
	second, _ := numbers(page.Request{Number: 2, Size: 2})
	f.Equal([]int64{3, 2}, second)
	walk, next := numbers(page.Request{Size: 3, ByCursor: true})
	f.Equal([]int64{5, 4, 3}, walk)
	rest, next := numbers(page.Request{Size: 3, Cursor: next})
	f.Equal([]int64{2, 1}, rest)
	f.Equal("", next)
}

func versionConnections(f fixture) {
	a, b, gone := f.agent(), f.agent(), f.agent(func(a *core.Agent) { a.IsDeleted = true })
	for _, id := range []int64{a.ID, b.ID, gone.ID} {
		f.versioned(version(id, 1, nil))
	}
	is := []agents.Connection{{CorpusID: 7, IsEnabled: true}}
	last := func() map[int64][]agents.Connection {
		return storetest.Must[map[int64][]agents.Connection](f.t)(f.LastConnections(f.ctx, []int64{a.ID, b.ID, 99}))
	}
	stale := func(after int64, limit int) []agents.Stale {
		return storetest.Must[[]agents.Stale](f.t)(f.StaleVersions(f.ctx, after, limit))
	}
	raised := storetest.Must[[]core.Agent](f.t)(f.RaiseVersions(f.ctx, 1, []int64{a.ID, b.ID}))
	f.Equal(int64(1), raised[0].Version)
	f.Equal(map[int64][]agents.Connection{}, last())
	f.Equal([]agents.Stale{{OrganizationID: 1, AgentID: a.ID}, {OrganizationID: 1, AgentID: b.ID}}, stale(0, 10))
	f.Equal([]agents.Stale{{OrganizationID: 1, AgentID: a.ID}}, stale(0, 1))
	f.Equal([]agents.Stale{{OrganizationID: 1, AgentID: b.ID}}, stale(a.ID, 10))

	f.NoError(f.SetConnections(f.ctx, a.ID, is))
	f.NoError(f.SetConnections(f.ctx, b.ID, []agents.Connection{}))
	f.NoError(f.SetConnections(f.ctx, a.ID, nil)) // they are known by now
	f.Equal(map[int64][]agents.Connection{a.ID: is, b.ID: {}}, last())
	f.Equal([]agents.Stale{}, stale(0, 10))

	f.versioned(version(a.ID, 2, []agents.Connection{})) // not the last: the agent does not say so
	f.Equal(is, last()[a.ID])
	storetest.Must[[]core.Agent](f.t)(f.RaiseVersions(f.ctx, 1, []int64{a.ID}))
	f.Equal([]agents.Connection{}, last()[a.ID])
}

func raisingVersions(f fixture) {
	a, b := f.agent(), f.agent()
	gone := f.agent(func(a *core.Agent) { a.IsDeleted = true })
	abroad := f.agent(func(a *core.Agent) { a.OrganizationID = 2 })
	ids := []int64{b.ID, gone.ID, abroad.ID, a.ID, 99}
	f.Equal([]int64{a.ID, b.ID}, storetest.Must[[]int64](f.t)(f.LockAgents(f.ctx, 1, ids)))
	f.Equal([]int64{}, storetest.Must[[]int64](f.t)(f.LockAgents(f.ctx, 1, []int64{99})))
	a.Version, b.Version = 1, 1
	f.Equal([]core.Agent{a, b}, storetest.Must[[]core.Agent](f.t)(f.RaiseVersions(f.ctx, 1, ids)))
	atOnce(f, 100, nil, func(int) error {
		return f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			if _, err := f.LockAgents(ctx, 1, ids); err != nil {
				return err
			}
			_, err := f.RaiseVersions(ctx, 1, ids)
			return err
		})
	})
	a.Version = 101
	f.Equal(a, storetest.Must[core.Agent](f.t)(f.Agent(f.ctx, all, a.ID)))
}
