package coretest

import (
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/storetest"
)

func beginning(f fixture) {
	r := f.run(newRun(f.thread().ID))
	later := now.Add(time.Hour)
	b := core.Beginning{Model: "stub", EstimatedPrompt: 1234, SearchQuery: "what it is", LeaseUntil: later}
	f.ErrorIs(f.begin(r.ID, there, b), core.ErrNoLongerOurs)
	f.ErrorIs(f.begin(99999, here, b), core.ErrNoLongerOurs)
	f.Equal(r, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)))
	f.NoError(f.begin(r.ID, here, b))
	r.State, r.Model, r.EstimatedPrompt, r.LeaseUntil = core.InProgress, "stub", 1234, later
	f.Equal(r, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)))
	f.Equal("what it is", storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].SearchQuery)
}

func renewing(f fixture) {
	a, b := f.running(), f.run(newRun(f.thread().ID))
	foreign := f.running(func(r *core.Run) { r.Owner = there })
	unnamed := f.running()
	storetest.Must[core.Run](f.t)(f.RequestCancel(f.ctx, jo, b.ID))
	storetest.Must[core.Run](f.t)(f.RequestCancel(f.ctx, jo, foreign.ID))
	storetest.Must[core.Run](f.t)(f.RequestCancel(f.ctx, jo, unnamed.ID))
	until := now.Add(time.Hour)
	cancelled := storetest.Must[[]int64](f.t)(f.Renew(f.ctx, here, []int64{a.ID, b.ID, foreign.ID, 99999}, until))
	f.Equal([]int64{b.ID}, cancelled)
	lease := func(r core.Run) time.Time {
		return storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)).LeaseUntil
	}
	f.Equal([]time.Time{until, until, foreign.LeaseUntil, unnamed.LeaseUntil}, []time.Time{lease(a), lease(b), lease(foreign), lease(unnamed)})
}

func expired(f fixture) {
	until := func(owner string, at time.Time) func(*core.Run) {
		return func(r *core.Run) { r.Owner, r.LeaseUntil = owner, at }
	}
	thread := f.thread().ID
	past, future := now.Add(-time.Second), now.Add(time.Minute)
	over := f.run(newRun(thread, until(here, past)))
	alive := f.run(newRun(thread, until(here, future)))
	foreign := f.run(newRun(thread, until(there, future)))
	foreignOver := f.run(newRun(thread, until(there, past)))
	storetest.Must[core.Run](f.t)(f.close(f.run(newRun(thread, until(here, past))), core.Outcome{State: core.Failed, Sources: "[]"}))
	f.run(newRun(thread, until(here, now))) // to the end of the moment
	found := func(limit int, dead ...string) []core.Run {
		f.t.Helper()
		return storetest.Must[[]core.Run](f.t)(f.Expired(f.ctx, now, dead, limit))
	}
	f.Equal([]core.Run{over, foreignOver}, found(10))
	f.Equal([]core.Run{over, foreign, foreignOver}, found(10, there))
	f.Equal([]core.Run{over}, found(1, there))
	owners := storetest.Must[[]string](f.t)(f.Owners(f.ctx))
	slices.Sort(owners)
	f.Equal([]string{here, there}, owners)
	f.Equal(alive, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, alive.ID)))
}

func cancelling(f fixture) {
	r := f.running()
	got := storetest.Must[core.Run](f.t)(f.RequestCancel(f.ctx, jo, r.ID))
	r.CancelRequested = true
	f.Equal(r, got)
	f.Equal(r, storetest.Must[core.Run](f.t)(f.RequestCancel(f.ctx, jo, r.ID))) // again
	storetest.Must[core.Run](f.t)(f.close(r, core.Outcome{State: core.Cancelled, Sources: "[]"}))
	_, err := f.RequestCancel(f.ctx, jo, r.ID)
	f.ErrorIs(err, core.ErrEnded)
}
