package coretest

import (
	"slices"
	"time"

	"parley/modules/chat/internal/core"
)

func beginning(f fixture) {
	r := f.run(newRun(f.thread().ID))
	later := now.Add(time.Hour)
	b := core.Beginning{Model: "stub", EstimatedPrompt: 1234, SearchQuery: "what it is", LeaseUntil: later}
	f.is(f.begin(r.ID, there, b), core.ErrNoLongerOurs)
	f.is(f.begin(99999, here, b), core.ErrNoLongerOurs)
	f.same(r, must[core.Run](f)(f.Run(f.ctx, jo, r.ID)))
	f.ok(f.begin(r.ID, here, b))
	r.State, r.Model, r.EstimatedPrompt, r.LeaseUntil = core.InProgress, "stub", 1234, later
	f.same(r, must[core.Run](f)(f.Run(f.ctx, jo, r.ID)))
	f.same("what it is", must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].SearchQuery)
}

func renewing(f fixture) {
	a, b := f.running(), f.run(newRun(f.thread().ID))
	foreign := f.running(func(r *core.Run) { r.Owner = there })
	unnamed := f.running()
	must[core.Run](f)(f.RequestCancel(f.ctx, jo, b.ID))
	must[core.Run](f)(f.RequestCancel(f.ctx, jo, foreign.ID))
	must[core.Run](f)(f.RequestCancel(f.ctx, jo, unnamed.ID))
	until := now.Add(time.Hour)
	cancelled := must[[]int64](f)(f.Renew(f.ctx, here, []int64{a.ID, b.ID, foreign.ID, 99999}, until))
	f.same([]int64{b.ID}, cancelled)
	lease := func(r core.Run) time.Time {
		return must[core.Run](f)(f.Run(f.ctx, jo, r.ID)).LeaseUntil
	}
	f.same([]time.Time{until, until, foreign.LeaseUntil, unnamed.LeaseUntil}, []time.Time{lease(a), lease(b), lease(foreign), lease(unnamed)})
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
	must[core.Run](f)(f.close(f.run(newRun(thread, until(here, past))), core.Outcome{State: core.Failed, Sources: "[]"}))
	f.run(newRun(thread, until(here, now))) // to the end of the moment
	found := func(limit int, dead ...string) []core.Run {
		f.t.Helper()
		return must[[]core.Run](f)(f.Expired(f.ctx, now, dead, limit))
	}
	f.same([]core.Run{over, foreignOver}, found(10))
	f.same([]core.Run{over, foreign, foreignOver}, found(10, there))
	f.same([]core.Run{over}, found(1, there))
	owners := must[[]string](f)(f.Owners(f.ctx))
	slices.Sort(owners)
	f.same([]string{here, there}, owners)
	f.same(alive, must[core.Run](f)(f.Run(f.ctx, jo, alive.ID)))
}

func cancelling(f fixture) {
	r := f.running()
	got := must[core.Run](f)(f.RequestCancel(f.ctx, jo, r.ID))
	r.CancelRequested = true
	f.same(r, got)
	f.same(r, must[core.Run](f)(f.RequestCancel(f.ctx, jo, r.ID))) // again
	must[core.Run](f)(f.close(r, core.Outcome{State: core.Cancelled, Sources: "[]"}))
	_, err := f.RequestCancel(f.ctx, jo, r.ID)
	f.is(err, core.ErrEnded)
}
