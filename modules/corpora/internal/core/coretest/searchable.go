package coretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// searchable compares the statement with the rule: random corpora, connections
// and askers.
func searchable(f fixture) {
	rnd := rand.New(rand.NewPCG(9, 9))
	type edge struct{ agent, corpus int64 }
	corpora, connections := map[int64]core.Corpus{}, map[edge]core.Connection{}
	var all []int64
	for i := range 30 {
		c := f.corpus(fmt.Sprint("c", i), func(c *core.Corpus) {
			c.OrganizationID, c.OwnerID = 1+rnd.Int64N(2), owners[rnd.IntN(len(owners))]
			c.IsPublic, c.IsDeleted = rnd.IntN(4) == 0, rnd.IntN(5) == 0
		})
		corpora[c.ID], all = c, append(all, c.ID)
		for agent := range int64(3) {
			if rnd.IntN(2) == 0 {
				n := storetest.Must[core.Connection](f.t)(f.AddConnection(f.ctx, core.Connection{
					OrganizationID: c.OrganizationID, AgentID: agent + 1, CorpusID: c.ID, IsEnabled: rnd.IntN(4) > 0, SharesContent: rnd.IntN(2) == 0,
				}))
				connections[edge{n.AgentID, c.ID}] = n
			}
		}
	}
	grants := f.grants(rnd, all)
	for id, c := range corpora {
		c.Grants = grants[id]
		corpora[id] = c
	}
	for range 100 {
		r := access.VisibleCorpora{OrganizationID: 1 + rnd.Int64N(2), UserID: append(owners, 14)[rnd.IntN(len(owners)+1)], All: rnd.IntN(5) == 0}
		r.Teams = []int64{1 + rnd.Int64N(6), 1 + rnd.Int64N(6)}[:rnd.IntN(3)]
		agent := rnd.Int64N(5)
		more := []int64{all[rnd.IntN(len(all))], all[rnd.IntN(len(all))], 999}[:rnd.IntN(4)]
		var want []int64
		for _, id := range all {
			n, connected := connections[edge{agent, id}]
			c := corpora[id]
			mine := c.OrganizationID == r.OrganizationID && !c.IsDeleted
			through := connected && n.IsEnabled && (n.SharesContent || r.Shows(c.Resource()))
			if mine && (through || slices.Contains(more, id) && r.Shows(c.Resource())) {
				want = append(want, id)
			}
		}
		var got []int64
		for _, c := range storetest.Must[[]ranking.Corpus](f.t)(f.Searchable(f.ctx, r, agent, more)) {
			got = append(got, c.ID)
		}
		f.Equal(want, got)
	}
}

// versions change with what can be found, in the same unit, and what a unit
// that failed saw never comes back.
func versions(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	version := func(c core.Corpus) int64 { return f.searchable(c.ID)[0].Version }
	seen := map[int64]bool{version(a): true}
	fresh := func(what string) {
		f.t.Helper()
		if v := version(a); seen[v] {
			f.t.Errorf("%s: version %d was there before", what, v)
		} else {
			seen[v] = true
		}
	}
	other := version(b)
	for range 3 {
		f.document(a, "1")
		f.complete("One", "the red lantern")
		fresh("a document is completed")
	}
	f.document(a, "2")
	before, claim := version(a), f.begin()
	f.NoError(f.Stage(f.ctx, claim, indexed(1, "t", "staged words"), held))
	f.Equal(before, version(a))
	boom := errors.New("boom")
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		done := claim
		done.Step = core.Completed
		storetest.Must[core.Document](in.t)(f.Finish(ctx, done, nil, held))
		if v := in.searchable(a.ID)[0].Version; seen[v] {
			f.t.Errorf("version %d was there before", v)
		} else {
			seen[v] = true
		}
		return boom
	}), boom)
	f.finish(claim, core.Completed, 1, nil)
	fresh("a document is completed after a unit that failed")
	f.Equal(other, version(b))
}
