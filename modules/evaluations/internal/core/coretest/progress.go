package coretest

import (
	"context"
	"errors"
	"slices"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func closing(f fixture) {
	t, other := f.test(agent), f.test(agent)
	all := f.waiting(t)
	_, err := f.EndResults(f.ctx, t.ID, []core.Ended{ended(t, all[0])})
	f.NoError(err)
	n, err := f.CloseResults(f.ctx, t.ID, core.NotScored, "cancelled")
	f.NoError(err)
	f.Equal(int64(2), n)
	f.Equal(0, len(f.waiting(t)))
	f.Equal(3, len(f.waiting(other)))
	briefs, err := f.Briefs(f.ctx, t.ID)
	f.NoError(err)
	f.Equal(core.Scored, briefs[0].Status)
	f.Equal([]any{core.NotScored, "cancelled"}, []any{briefs[2].Status, briefs[2].FailureReason})
}

func reopening(f fixture) {
	t := f.test(agent)
	all := f.waiting(t)
	_, err := f.EndResults(f.ctx, t.ID, []core.Ended{lost(t, all[0]), ended(t, all[1])})
	f.NoError(err)
	_, err = f.CloseResults(f.ctx, t.ID, core.NotScored, "cancelled")
	f.NoError(err)
	scored, err := f.ReopenResults(f.ctx, t.ID)
	f.NoError(err)
	f.Equal(int64(1), scored)
	f.Equal([]core.Asked{all[0], all[2]}, f.waiting(t))
	again, err := f.EndResults(f.ctx, t.ID, []core.Ended{ended(t, all[0])})
	f.NoError(err)
	f.Equal(int64(1), again)
	got, err := f.ResultsPage(f.ctx, t.ID, 3, page.Request{})
	f.NoError(err)
	f.Equal(ended(t, all[0]).Texts, got.Items[0].Texts)
	f.Equal(ended(t, all[1]).Texts, got.Items[1].Texts)
}

func openTests(f fixture) {
	one, two, three := f.test(agent), f.test(agent), f.test(agent+1)
	_, err := f.UpdateTest(f.ctx, two.ID, func(t *core.Test) error { t.Status, t.UserID = core.Running, 6; return nil })
	f.NoError(err)
	done := f.test(agent)
	_, err = f.UpdateTest(f.ctx, done.ID, func(t *core.Test) error { t.Status = core.Completed; return nil })
	f.NoError(err)
	for _, c := range []struct {
		of   core.OpenFilter
		want []int64
	}{
		{core.OpenFilter{Limit: 9}, []int64{one.ID, two.ID, three.ID}},
		{core.OpenFilter{Limit: 9, After: one.ID}, []int64{two.ID, three.ID}},
		{core.OpenFilter{Limit: 1, AgentID: agent}, []int64{one.ID}},
		{core.OpenFilter{Limit: 9, AgentID: agent + 1}, []int64{three.ID}},
		{core.OpenFilter{Limit: 9, UserID: 6}, []int64{two.ID}},
		{core.OpenFilter{Limit: 9, DatasetID: done.DatasetID}, []int64{}},
	} {
		got, err := f.OpenTests(f.ctx, c.of)
		f.NoError(err)
		f.Equal(c.want, idsOf(got, func(t core.Test) int64 { return t.ID }))
	}
}

func progress(f fixture) {
	t := f.test(agent)
	for n := range int64(3) {
		f.NoError(f.AddProgress(f.ctx, core.Progress{TestID: t.ID, Sequence: n + 1, Step: core.StepProgress, Message: "m", Status: core.Running, Total: 3, Done: n, Failed: 1}))
	}
	got, err := f.ProgressAfter(f.ctx, t.ID, 1, 1)
	f.NoError(err)
	f.Equal(1, len(got))
	f.Equal(core.Progress{ID: got[0].ID, TestID: t.ID, Sequence: 2, Step: core.StepProgress, Message: "m", Status: core.Running, Total: 3, Done: 1, Failed: 1}, got[0])
	other := f.test(agent)
	_, err = f.UpdateTest(f.ctx, t.ID, func(t *core.Test) error { t.LastEvent = 3; return nil })
	f.NoError(err)
	last, err := f.LastEvents(f.ctx, []int64{t.ID, 99999, other.ID})
	f.NoError(err)
	f.Equal(map[int64]int64{t.ID: 3, other.ID: other.LastEvent}, last)
	last, err = f.LastEvents(f.ctx, nil)
	f.NoError(err)
	f.Equal(0, len(last))
	f.NoError(f.ClearProgress(f.ctx, t.ID))
	got, err = f.ProgressAfter(f.ctx, t.ID, 0, 9)
	f.NoError(err)
	f.Equal(0, len(got))
}

func comparing(f fixture) {
	t := f.test(agent)
	none, err := f.Comparison(f.ctx, t.ID)
	f.NoError(err)
	f.Equal((*core.Comparison)(nil), none)
	value := 0.5
	for n := range int64(2) {
		c := core.Comparison{
			BaselineID: 9, Queries: n, Regressions: []core.Change{{QueryID: 1, ResultID: 2, Before: &value, Reason: "r"}}, Improvements: []core.Change{},
			Difference: map[string]core.Difference{"bleu": {Mean: 0.25, Low: -0.125, High: 0.5, Count: n}}, RegressionCount: 1,
		}
		f.NoError(f.SaveComparison(f.ctx, t.ID, c))
		got, err := f.Comparison(f.ctx, t.ID)
		f.NoError(err)
		f.Equal(&c, got)
	}
}

func erasing(f fixture) {
	t, kept := f.test(agent), f.test(agent+1)
	for _, t := range []core.Test{t, kept} {
		_, err := f.EndResults(f.ctx, t.ID, []core.Ended{ended(t, f.waiting(t)[0])})
		f.NoError(err)
		f.NoError(f.AddProgress(f.ctx, core.Progress{TestID: t.ID, Sequence: 1}))
		f.NoError(f.SaveComparison(f.ctx, t.ID, core.Comparison{}))
	}
	for more := true; more; {
		var err error
		more, err = f.EraseAgent(f.ctx, org, agent, 2)
		f.NoError(err)
	}
	_, err := f.Test(f.ctx, org, t.ID)
	f.ErrorIs(err, core.ErrNoTest)
	_, err = f.Dataset(f.ctx, org, t.DatasetID)
	f.ErrorIs(err, core.ErrNoDataset)
	f.Equal(0, f.count(core.Dataset{ID: t.DatasetID}, 1))
	left, err := f.ResultsPage(f.ctx, t.ID, 0, page.Request{})
	f.NoError(err)
	f.Equal(0, len(left.Items))
	got, err := f.ResultsPage(f.ctx, kept.ID, 3, page.Request{})
	f.NoError(err)
	f.Equal(3, len(got.Items))
	f.Equal(false, slices.ContainsFunc(got.Items[:1], func(s core.Shown) bool { return s.Answer == "" }))
}

func rollback(f fixture) {
	t := f.test(agent)
	all := f.waiting(t)
	broken := errors.New("broken")
	err := f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := f.EndResults(ctx, t.ID, []core.Ended{ended(t, all[0])}); err != nil {
			return err
		}
		if _, err := f.UpdateTest(ctx, t.ID, func(t *core.Test) error { t.Done = 1; return nil }); err != nil {
			return err
		}
		return broken
	})
	f.ErrorIs(err, broken)
	f.Equal(all, f.waiting(t))
	f.Equal(int64(0), storetest.Must[core.Test](f.t)(f.TestByID(f.ctx, t.ID)).Done)
}
