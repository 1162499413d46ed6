package sqlstore_test

import (
	"context"
	"fmt"
	"testing"

	"parley/modules/evaluations/internal/adapters/sqlstore"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/coretest"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAListCostsTheSameHoweverLongItIs(t *testing.T) {
	db := dbtest.SQLite(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	service := core.New(core.Deps{Store: store, Agents: coretest.Agents{Admins: map[int64][]int64{3: {5}}}, Documents: &coretest.Documents{}})
	who, ctx := actor.Actor{UserID: 5, OrganizationID: 1}, t.Context()
	for _, n := range []int{1, 200} {
		var test core.Test
		for range n { // as many datasets and tests, and the last ones as long
			d, err := store.AddDataset(ctx, core.Dataset{OrganizationID: 1, AgentID: 3, Version: 1, QueryCount: int64(n)})
			if err != nil {
				t.Fatal(err)
			}
			queries := make([]core.Query, n)
			for i := range queries {
				queries[i] = core.Query{DatasetID: d.ID, Version: 1, Query: fmt.Sprint(i), SourceDocuments: []int64{int64(i)}}
			}
			if err := store.AddQueries(ctx, queries); err != nil {
				t.Fatal(err)
			}
			test, err = store.AddTest(ctx, core.Test{OrganizationID: 1, AgentID: 3, DatasetID: d.ID, DatasetVersion: 1, Total: int64(n), Metrics: []core.MetricRef{{Name: "bleu"}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		var ended []core.Ended
		for name, c := range map[string]struct {
			want int64
			call func(ctx context.Context) error
		}{
			"a page of datasets": {2, func(ctx context.Context) error { _, err := service.Datasets(ctx, who, 3, page.Request{}); return err }},
			"a part of them": {1, func(ctx context.Context) error {
				_, err := service.Datasets(ctx, who, 3, page.Request{ByCursor: true})
				return err
			}},
			"a page of tests": {2, func(ctx context.Context) error { _, err := service.Tests(ctx, who, 3, page.Request{}); return err }},
			"a page of queries": {2, func(ctx context.Context) error {
				_, err := service.DatasetQueries(ctx, who, test.DatasetID, page.Request{})
				return err
			}},
			"a test with a page of results": {4, func(ctx context.Context) error { _, err := service.Test(ctx, who, test.ID, page.Request{}); return err }},
			"what is yet to ask":            {1, func(ctx context.Context) error { _, err := store.WaitingResults(ctx, test.ID, 0, n); return err }},
			"the scores of a test":          {1, func(ctx context.Context) error { _, err := store.Briefs(ctx, test.ID); return err }},
		} {
			ctx, counted := sqldb.CountQueries(ctx)
			if err := c.call(ctx); err != nil || counted.Load() != c.want {
				t.Errorf("%s of %d: %d statements, want %d, %v", name, n, counted.Load(), c.want, err)
			}
		}
		waiting, err := store.WaitingResults(ctx, test.ID, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range waiting {
			ended = append(ended, core.Ended{Result: core.Result{ID: q.ResultID, Status: core.Scored}, Texts: core.Texts{ResultID: q.ResultID}})
		}
		counting, counted := sqldb.CountQueries(ctx)
		if stored, err := store.EndResults(counting, test.ID, ended); err != nil || stored != int64(n) || counted.Load() != 2 {
			t.Errorf("storing %d results: %d were stored by %d statements, %v", n, stored, counted.Load(), err)
		}
	}
}
