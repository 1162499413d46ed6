package coretest

import (
	"fmt"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/storetest"
)

func closing(f fixture) {
	want := storetest.Must[core.Run](f.t)(f.add(newRun(f.thread().ID, withKey("k")), wholeContent()))
	f.NoError(f.begin(want.ID, here, core.Beginning{LeaseUntil: now.Add(time.Minute)}))
	f.NoError(f.extend(want.ID, here, deltas(2, 2)))
	o := full()
	said := o
	said.Thoughts = slices.Clone(o.Thoughts)
	said.Thoughts[0].Detail, said.Thoughts[0].Data = nil, struct {
		Query string  `json:"query"`
		IDs   []int64 `json:"ids"`
	}{"what it is", []int64{1, 2}}
	got := storetest.Must[core.Run](f.t)(f.close(want, storetest.Must[core.Outcome](f.t)(f.Prepare(said))))
	want.State, want.Model, want.PromptTokens, want.CompletionTokens, want.Cost = core.Completed, "m-1", 330, 44, "0.000005002"
	want.FinishReason, want.ModifiedOn, want.LastSequence, want.CacheHit, want.CacheKey = core.FinishLength, now.Add(time.Second), 4, true, "k+1"
	f.Equal(want, got)
	f.Equal(want, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, want.ID)))

	content := wholeContent()
	content.RunID, content.Answer, content.SearchQuery, content.Sources = want.ID, o.Answer, o.SearchQuery, o.Sources
	content.References, content.FollowUps, content.CorpusIDs = o.References, o.FollowUps, o.CorpusIDs
	f.Equal(content, storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{want.ID}))[want.ID])
	f.Equal(o.Thoughts, storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, want.ID)))
	f.Equal(o.Support, storetest.Must[[]core.Support](f.t)(f.Support(f.ctx, want.ID)))
	f.Equal(o.Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, want.ID)))
	stream := f.stream(want.ID)
	f.Equal(o.Last(4), stream[len(stream)-1])
	f.Equal(core.StepEnd, stream[len(stream)-1].Step)
}

func closingFailed(f fixture) {
	r := f.running()
	o := core.Outcome{State: core.Failed, FailureCode: "chat.model_failed", FailureDetails: "The model broke off.", Sources: "[]", Answer: "Half an"}
	got := storetest.Must[core.Run](f.t)(f.close(r, o))
	f.Equal([]any{core.Failed, o.FailureCode, o.FailureDetails, int64(0), int64(2)}, []any{got.State, got.FailureCode, got.FailureDetails, got.PromptTokens, got.LastSequence})
	f.Equal(core.StreamEvent{Sequence: 2, Step: core.StepError, Message: o.FailureDetails, Code: o.FailureCode, Details: o.FailureDetails}, f.stream(r.ID)[1])
	f.Equal("Half an", storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].Answer)
	f.Equal(0, len(storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID))))
	f.Equal(0, len(storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, r.ID))))
}

func closingAtOnce(f fixture) {
	r := f.running()
	f.oneWins(atOnce(func(i int) error {
		o := full()
		o.Answer = fmt.Sprintf("Answer %d", i)
		_, err := f.close(r, o)
		return err
	}), core.ErrNoLongerOurs)
	f.Equal(2, len(f.stream(r.ID)))
	f.Equal(full().Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID)))
	f.Equal(2, len(storetest.Must[[]core.Support](f.t)(f.Support(f.ctx, r.ID))))
}

func ended(f fixture) {
	r := f.running()
	want := storetest.Must[core.Run](f.t)(f.close(r, full()))
	_, err := f.close(r, core.Outcome{State: core.Failed, Sources: "[]"})
	f.ErrorIs(err, core.ErrNoLongerOurs)
	f.ErrorIs(f.begin(r.ID, here, core.Beginning{Model: "stub", EstimatedPrompt: 5, SearchQuery: "changed", LeaseUntil: now}), core.ErrNoLongerOurs)
	_, err = f.RequestCancel(f.ctx, jo, r.ID)
	f.ErrorIs(err, core.ErrEnded)
	f.Equal(0, len(storetest.Must[[]int64](f.t)(f.Renew(f.ctx, here, []int64{r.ID}, now.Add(time.Hour)))))
	f.Equal(want, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)))
	f.Equal("what it is", storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].SearchQuery)

	other := f.running()
	other.Owner = there
	_, err = f.close(other, full())
	f.ErrorIs(err, core.ErrNoLongerOurs)
	f.Equal(0, len(storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, other.ID))))
	f.ErrorIs(f.end(f.ctx, core.Run{ID: 99999, Owner: here}, full()), core.ErrNoLongerOurs)
}

func closingQueued(f fixture) {
	r := f.run(newRun(f.thread().ID))
	got := storetest.Must[core.Run](f.t)(f.close(r, core.Outcome{State: core.Cancelled, FailureCode: "chat.cancelled", Sources: "[]"}))
	f.Equal(core.Cancelled, got.State)
	f.Equal(core.StepError, f.stream(r.ID)[1].Step)
}
