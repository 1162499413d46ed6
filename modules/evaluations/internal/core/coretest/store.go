// Package coretest has the suite that every store of the module must pass.
package coretest

import (
	"context"
	"fmt"
	"testing"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

const (
	org   = int64(1)
	agent = int64(3)
)

type fixture struct {
	storetest.Assert
	core.Store
	t    *testing.T
	ctx  context.Context
	unit uow.Unit
}

// TestStore runs the suite; open answers an empty store.
func TestStore(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit)) {
	cases := map[string]func(f fixture){
		"a dataset is read back as it was added, by its organization": datasets,
		"datasets of an agent come newest first, without deleted":     listing,
		"a version of queries keeps its order and never changes":      versions,
		"versions that no test has can be pruned":                     pruning,
		"a test has one waiting result for each query":                waiting,
		"a result is stored once":                                     once,
		"results are shown in the order of the queries, with texts":   showing,
		"what waits is closed with a reason":                          closing,
		"what has no score is opened again":                           reopening,
		"open tests are found by what they are of":                    openTests,
		"events come back in order, and can be forgotten":             progress,
		"a comparison is kept in the place of the one before":         comparing,
		"what an agent had can be erased, and nobody else's":          erasing,
		"a unit that fails leaves nothing":                            rollback,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: t.Context(), unit: unit})
		})
	}
}

func newDataset(agentID int64) core.Dataset {
	return core.Dataset{OrganizationID: org, AgentID: agentID, Name: "Leave", Description: "d", Version: 1, QueryCount: 3, Audit: audit.New("jo@example.com", storetest.Now())}
}

func (f fixture) dataset(agentID int64) core.Dataset {
	f.t.Helper()
	return storetest.Must[core.Dataset](f.t)(f.AddDataset(f.ctx, newDataset(agentID)))
}

// queries adds n queries to a version of a dataset.
func (f fixture) queries(d core.Dataset, version int64, n int) {
	f.t.Helper()
	list := make([]core.Query, n)
	for i := range list {
		list[i] = core.Query{
			DatasetID: d.ID, Version: version, Query: fmt.Sprintf("q%d.%d", version, i), ExpectedAnswer: "a", ExpectedDocuments: []string{"7", "Handbook"},
			SourceDocuments: []int64{}, Fingerprint: fmt.Sprint(i),
		}
	}
	if n > 1 {
		source := int64(12)
		list[1].SourceAgentResponse, list[1].SourceDocuments = &source, []int64{4, 5}
	}
	f.NoError(f.AddQueries(f.ctx, list))
}

func newTest(d core.Dataset) core.Test {
	threshold, baseline := 0.8, int64(9)
	return core.Test{
		OrganizationID: d.OrganizationID, AgentID: d.AgentID, DatasetID: d.ID, DatasetVersion: d.Version, UserID: 5, Name: "Nightly", Status: core.Pending, Run: 1,
		Metrics: []core.MetricRef{{Name: "bleu", Version: 2}}, Threshold: &threshold, BaselineID: &baseline, Total: d.QueryCount,
		Scores: map[string]core.Mean{}, AgentVersions: []int64{}, Models: []string{}, Audit: audit.New("jo@example.com", storetest.Now()),
	}
}

// test adds a test of three queries.
func (f fixture) test(agentID int64) core.Test {
	f.t.Helper()
	d := f.dataset(agentID)
	f.queries(d, 1, 3)
	return storetest.Must[core.Test](f.t)(f.AddTest(f.ctx, newTest(d)))
}

func (f fixture) waiting(t core.Test) []core.Asked {
	f.t.Helper()
	return storetest.Must[[]core.Asked](f.t)(f.WaitingResults(f.ctx, t.ID, 0, 100))
}

// ended is a query that has a score.
func ended(t core.Test, q core.Asked) core.Ended {
	value, passed, at := 0.75, true, storetest.Now()
	return core.Ended{
		Result: core.Result{
			ID: q.ResultID, TestID: t.ID, QueryID: q.ID, Status: core.Scored, AgentResponseID: 70 + q.ResultID, AgentVersion: 2, Model: "m",
			Scores: map[string]core.Score{"bleu": {Value: &value}, "judge": {Reason: "away"}}, Passed: &passed, DocumentIDs: []int64{3, 4}, EndedOn: &at,
		},
		Texts: core.Texts{ResultID: q.ResultID, Answer: "It's 20 days – 'twenty'.", Details: `{"bleu":[1]}`},
	}
}

func lost(t core.Test, q core.Asked) core.Ended {
	return core.Ended{
		Result: core.Result{ID: q.ResultID, TestID: t.ID, QueryID: q.ID, Status: core.QueryLost, Scores: map[string]core.Score{}, FailureReason: "no", DocumentIDs: []int64{}},
		Texts:  core.Texts{ResultID: q.ResultID, Details: "{}"},
	}
}

func datasets(f fixture) {
	d := f.dataset(agent)
	want := newDataset(agent)
	want.ID = d.ID
	f.Equal(want, d)
	f.Equal(want, storetest.Must[core.Dataset](f.t)(f.Dataset(f.ctx, org, d.ID)))
	_, err := f.Dataset(f.ctx, org+1, d.ID)
	f.ErrorIs(err, core.ErrNoDataset)
	_, err = f.UpdateDataset(f.ctx, org+1, d.ID, func(*core.Dataset) error { return nil })
	f.ErrorIs(err, core.ErrNoDataset)
	changed, err := f.UpdateDataset(f.ctx, org, d.ID, func(d *core.Dataset) error { d.IsDeleted = true; return nil })
	f.NoError(err)
	f.Equal(true, changed.IsDeleted)
	_, err = f.Dataset(f.ctx, org, d.ID)
	f.ErrorIs(err, core.ErrNoDataset)
}

func listing(f fixture) {
	var ids []int64
	for range 3 {
		ids = append(ids, f.dataset(agent).ID)
	}
	f.dataset(agent + 1)
	_, err := f.UpdateDataset(f.ctx, org, ids[1], func(d *core.Dataset) error { d.IsDeleted = true; return nil })
	f.NoError(err)
	got, err := f.DatasetsPage(f.ctx, org, agent, page.Request{})
	f.NoError(err)
	f.Equal([]int64{ids[2], ids[0]}, idsOf(got.Items, func(d core.Dataset) int64 { return d.ID }))
	f.Equal(int64(2), got.Count)
	first, err := f.DatasetsPage(f.ctx, org, agent, page.Request{Size: 1, ByCursor: true})
	f.NoError(err)
	second, err := f.DatasetsPage(f.ctx, org, agent, page.Request{Size: 1, Cursor: first.NextCursor})
	f.NoError(err)
	f.Equal([]int64{ids[0]}, idsOf(second.Items, func(d core.Dataset) int64 { return d.ID }))
	f.Equal("", second.NextCursor)
}

func idsOf[V any](list []V, id func(V) int64) []int64 {
	out := make([]int64, len(list))
	for i, v := range list {
		out[i] = id(v)
	}
	return out
}

func versions(f fixture) {
	d := f.dataset(agent)
	f.queries(d, 1, 3)
	f.queries(d, 2, 2)
	got, err := f.QueriesPage(f.ctx, d.ID, 1, 3, page.Request{Size: 2})
	f.NoError(err)
	f.Equal(int64(3), got.Count)
	source := int64(12)
	f.Equal([]core.Query{
		{
			ID: got.Items[0].ID, DatasetID: d.ID, Version: 1, Query: "q1.0", ExpectedAnswer: "a", ExpectedDocuments: []string{"7", "Handbook"},
			SourceDocuments: []int64{}, Fingerprint: "0",
		},
		{
			ID: got.Items[1].ID, DatasetID: d.ID, Version: 1, Query: "q1.1", ExpectedAnswer: "a", ExpectedDocuments: []string{"7", "Handbook"},
			SourceAgentResponse: &source, SourceDocuments: []int64{4, 5}, Fingerprint: "1",
		},
	}, got.Items)
	rest, err := f.QueriesPage(f.ctx, d.ID, 1, 3, page.Request{Size: 2, Number: 2})
	f.NoError(err)
	f.Equal("q1.2", rest.Items[0].Query)
}

func (f fixture) count(d core.Dataset, version int64) int {
	f.t.Helper()
	got, err := f.QueriesPage(f.ctx, d.ID, version, 0, page.Request{})
	f.NoError(err)
	return len(got.Items)
}

func pruning(f fixture) {
	d := f.dataset(agent)
	for version := range int64(4) {
		f.queries(d, version+1, 3)
	}
	tested := newTest(d)
	tested.DatasetVersion = 2
	_, err := f.AddTest(f.ctx, tested)
	f.NoError(err)
	f.NoError(f.PruneQueries(f.ctx, d.ID, 4))
	for version, want := range map[int64]int{1: 0, 2: 3, 3: 0, 4: 3} {
		f.Equal(want, f.count(d, version))
	}
	f.NoError(f.PruneQueries(f.ctx, d.ID, 0))
	f.Equal(0, f.count(d, 4))
	f.Equal(3, f.count(d, 2))
}

func waiting(f fixture) {
	t := f.test(agent)
	want := newTest(core.Dataset{ID: t.DatasetID, OrganizationID: org, AgentID: agent, Version: 1, QueryCount: 3})
	want.ID = t.ID
	f.Equal(want, t)
	f.Equal(t, storetest.Must[core.Test](f.t)(f.Test(f.ctx, org, t.ID)))
	f.Equal(t, storetest.Must[core.Test](f.t)(f.TestByID(f.ctx, t.ID)))
	_, err := f.Test(f.ctx, org+1, t.ID)
	f.ErrorIs(err, core.ErrNoTest)
	_, err = f.UpdateTest(f.ctx, t.ID+1, func(*core.Test) error { return nil })
	f.ErrorIs(err, core.ErrNoTest)
	all := f.waiting(t)
	f.Equal([]string{"q1.0", "q1.1", "q1.2"}, []string{all[0].Query.Query, all[1].Query.Query, all[2].Query.Query})
	f.Equal([]int64{4, 5}, all[1].SourceDocuments)
	rest, err := f.WaitingResults(f.ctx, t.ID, all[0].ResultID, 1)
	f.NoError(err)
	f.Equal(all[1:2], rest)
	found, err := f.TestsPage(f.ctx, org, agent, page.Request{})
	f.NoError(err)
	f.Equal([]core.Test{t}, found.Items)
}

func once(f fixture) {
	t := f.test(agent)
	all := f.waiting(t)
	n, err := f.EndResults(f.ctx, t.ID, []core.Ended{ended(t, all[0]), lost(t, all[1])})
	f.NoError(err)
	f.Equal(int64(2), n)
	f.Equal(all[2:], f.waiting(t))
	n, err = f.EndResults(f.ctx, t.ID, []core.Ended{lost(t, all[0])})
	f.NoError(err)
	f.Equal(int64(0), n)
	briefs, err := f.Briefs(f.ctx, t.ID)
	f.NoError(err)
	first, none := ended(t, all[0]), map[string]core.Score{}
	f.Equal([]core.Brief{
		{ID: all[0].ResultID, QueryID: all[0].ID, Fingerprint: "0", Status: core.Scored, Scores: first.Scores, Passed: first.Passed},
		{ID: all[1].ResultID, QueryID: all[1].ID, Fingerprint: "1", Status: core.QueryLost, Scores: none, FailureReason: "no"},
		{ID: all[2].ResultID, QueryID: all[2].ID, Fingerprint: "2", Status: core.Waiting, Scores: none},
	}, briefs)
}

func showing(f fixture) {
	t := f.test(agent)
	all := f.waiting(t)
	e := ended(t, all[1])
	_, err := f.EndResults(f.ctx, t.ID, []core.Ended{e})
	f.NoError(err)
	got, err := f.ResultsPage(f.ctx, t.ID, 3, page.Request{Size: 2})
	f.NoError(err)
	f.Equal(int64(3), got.Count)
	f.Equal([]core.Shown{
		{
			Result: core.Result{ID: all[0].ResultID, TestID: t.ID, QueryID: all[0].ID, Status: core.Waiting, Scores: map[string]core.Score{}, DocumentIDs: []int64{}},
			Query:  all[0].Query,
		},
		{Result: e.Result, Query: all[1].Query, Texts: e.Texts},
	}, got.Items)
	rest, err := f.ResultsPage(f.ctx, t.ID, 3, page.Request{Size: 2, Number: 2})
	f.NoError(err)
	f.Equal(all[2].ResultID, rest.Items[0].Result.ID)
}
