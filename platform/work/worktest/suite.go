// Package worktest is the suite that every store of jobs must pass.
package worktest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/storetest"
	"parley/platform/work"
)

var now = storetest.Now()

const kind = "tests.job"

type fixture struct {
	storetest.Assert
	work.Store
	t    *testing.T
	ctx  context.Context
	unit uow.Unit
}

// TestStore runs the suite; open answers a fresh, empty store and its unit.
func TestStore(t *testing.T, open func(t *testing.T) (work.Store, uow.Unit)) {
	cases := map[string]func(f fixture){
		"a job comes back as it was put":                       roundTrip,
		"a failed unit leaves nothing behind and wakes nobody": rollback,
		"a job is due from its time on, by kind":               dueTime,
		"one look says which kinds have jobs that are due":     looking,
		"the jobs of a tenant come by priority and due time":   order,
		"tenants with fewer running jobs come first":           shares,
		"tenants take turns, however many jobs one has":        turns,
		"a claim of many is fair, too":                         batches,
		"a key is there once until its job is finished":        keys,
		"each job is claimed once, however many claim":         claimingAtOnce,
		"every write of a stale worker is refused":             stale,
		"a job ends together with its worker's writes":         finishing,
		"a failure waits for its time; a dead job for a retry": failing,
		"dead jobs of some kinds are revived after a rest":     reviving,
		"a job that is given back is as it was":                returning,
		"leases are renewed; what was lost is not among them":  renewing,
		"the jobs of a process are taken over, all or expired": takingOver,
		"what must run alone is claimed by itself":             alone,
		"cancelling removes what waits and marks what runs":    cancelling,
		"progress is kept for the next claim":                  progress,
		"jobs are counted by kind and state":                   counting,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: t.Context(), unit: unit})
		})
	}
}

// put adds one job for a tenant.
func (f fixture) put(tenant int64, key string, change ...func(*kernel.Job)) {
	f.t.Helper()
	j := kernel.Job{Kind: kind, Tenant: tenant, Key: key, Payload: "{}", DueAt: now}
	for _, c := range change {
		c(&j)
	}
	f.NoError(f.Add(f.ctx, []kernel.Job{j}, now))
}

func request(at time.Time, n int) work.ClaimRequest {
	return work.ClaimRequest{Kind: kind, Limit: n, Owner: "me", Now: at, Until: at.Add(time.Minute)}
}

func (f fixture) claim(r work.ClaimRequest) []work.Stored {
	f.t.Helper()
	claimed, err := f.Claim(f.ctx, r)
	f.NoError(err)
	return claimed
}

// one claims the next job.
func (f fixture) one(at time.Time) work.Stored {
	f.t.Helper()
	claimed := f.claim(request(at, 1))
	if len(claimed) != 1 {
		f.t.Fatalf("%d jobs were claimed", len(claimed))
	}
	return claimed[0]
}

func (f fixture) none(at time.Time) {
	f.t.Helper()
	if claimed := f.claim(request(at, 1)); len(claimed) > 0 {
		f.t.Errorf("claimed %+v", claimed)
	}
}

func keysOf(jobs []work.Stored) (out []string) {
	for _, j := range jobs {
		out = append(out, j.Key)
	}
	return out
}

func roundTrip(f fixture) {
	j := kernel.Job{Kind: kind, Tenant: 7, Key: "it’s \"ü\"", Payload: `{"a":"it's?"}`, Priority: 3, DueAt: now}
	f.NoError(f.Add(f.ctx, []kernel.Job{j}, now))
	at := now.Add(time.Second)
	got := f.one(at)
	until := at.Add(time.Minute)
	want := work.Stored{ID: got.ID, Job: j, State: work.Running, Owner: "me", Token: 1, LeasedUntil: &until, ChangedOn: at}
	f.Equal(want, got)
	f.none(at)
}

func rollback(f fixture) {
	boom := errors.New("boom")
	woken := 0
	put := func(ctx context.Context, key string) {
		f.NoError(f.Add(ctx, []kernel.Job{{Kind: kind, Key: key, DueAt: now}}, now))
		uow.AfterCommit(ctx, func() { woken++ })
	}
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { put(ctx, "a"); return boom }), boom)
	f.none(now)
	if woken != 0 {
		f.t.Error("woken by a unit that failed")
	}
	f.NoError(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		put(ctx, "b")
		if woken != 0 {
			f.t.Error("woken before the commit")
		}
		return nil
	}))
	if f.Equal("b", f.one(now).Key); woken != 1 {
		f.t.Errorf("woken %d times", woken)
	}
}

func dueTime(f fixture) {
	f.put(1, "later", func(j *kernel.Job) { j.DueAt = now.Add(time.Hour) })
	f.put(1, "other", func(j *kernel.Job) { j.Kind = "tests.other" })
	f.none(now)
	f.none(now.Add(time.Hour - time.Microsecond))
	f.Equal("later", f.one(now.Add(time.Hour)).Key)
	f.none(now.Add(2 * time.Hour))
}

func looking(f fixture) {
	due := func(at time.Time, kinds ...string) map[string]work.Due {
		f.t.Helper()
		got, err := f.Due(f.ctx, kinds, at)
		f.NoError(err)
		return got
	}
	f.Equal(map[string]work.Due{}, due(now))
	f.Equal(map[string]work.Due{}, due(now, kind))
	f.put(1, "running")
	f.one(now)
	f.put(1, "later", func(j *kernel.Job) { j.DueAt = now.Add(time.Hour) })
	f.put(1, "other", func(j *kernel.Job) { j.Kind = "tests.other" })
	f.put(1, "unasked", func(j *kernel.Job) { j.Kind = "tests.third" })
	f.Equal(map[string]work.Due{"tests.other": {Jobs: true}}, due(now, kind, "tests.other", "tests.none"))
	f.Equal(map[string]work.Due{kind: {Jobs: true}, "tests.other": {Jobs: true}}, due(now.Add(time.Hour), kind, "tests.other"))
	_, err := f.TakeOver(f.ctx, work.Takeover{Owner: "me", Now: now})
	f.NoError(err)
	f.Equal(map[string]work.Due{kind: {Alone: true}}, due(now, kind))
	f.Equal(map[string]work.Due{kind: {Jobs: true, Alone: true}}, due(now.Add(time.Hour), kind))
}

func order(f fixture) {
	f.put(1, "second")
	f.put(1, "third", func(j *kernel.Job) { j.DueAt = now.Add(time.Second) })
	f.put(1, "fourth", func(j *kernel.Job) { j.Priority = -1 })
	f.put(1, "first", func(j *kernel.Job) { j.Priority, j.DueAt = 5, now.Add(time.Second) })
	f.put(1, "not yet", func(j *kernel.Job) { j.Priority, j.DueAt = 9, now.Add(time.Hour) })
	f.Equal([]string{"first", "second", "third", "fourth"}, keysOf(f.claim(request(now.Add(time.Minute), 10))))
}

func shares(f fixture) {
	for i := range 5 {
		f.put(1, fmt.Sprint("a", i), func(j *kernel.Job) { j.Priority = 9 })
	}
	f.Equal([]string{"a0", "a1"}, keysOf(f.claim(request(now, 2))))
	f.put(2, "b0")
	f.put(2, "b1")
	f.put(2, "b2")
	at := now.Add(time.Second)
	f.Equal([]string{"b0", "b1"}, []string{f.one(at).Key, f.one(at.Add(1)).Key})
	// Two of each run: the one that was served longest ago is next.
	f.Equal("a2", f.one(at.Add(time.Second)).Key)
}

// turns has one place, so that nobody ever has a running job at a claim.
func turns(f fixture) {
	for i := range 40 {
		f.put(1, fmt.Sprint("a", i))
	}
	at := now
	var got []string
	work := func(n int) {
		for range n {
			at = at.Add(time.Second)
			j := f.one(at)
			got = append(got, j.Key)
			f.NoError(f.Finish(f.ctx, j.Fence()))
		}
	}
	work(3)
	f.put(2, "b0")
	f.put(2, "b1")
	f.put(3, "c0")
	work(6)
	f.Equal([]string{"a0", "a1", "a2", "b0", "c0", "a3", "b1", "a4", "a5"}, got)
}

func batches(f fixture) {
	for i := range 10 {
		f.put(1, fmt.Sprint("a", i))
	}
	f.put(2, "b0")
	f.put(3, "c0")
	f.put(3, "c1")
	f.Equal([]string{"a0", "b0", "c0", "a1", "c1", "a2"}, keysOf(f.claim(request(now, 6))))
}

func keys(f fixture) {
	f.put(1, "a", func(j *kernel.Job) { j.Payload = "first" })
	f.put(1, "a", func(j *kernel.Job) { j.Payload = "second" })
	f.put(1, "a", func(j *kernel.Job) { j.Kind = "tests.other" })
	f.put(1, "")
	f.put(1, "")
	claimed := f.claim(request(now, 10))
	f.Equal([]string{"a", "", ""}, keysOf(claimed))
	f.Equal("first", claimed[0].Payload)
	f.put(1, "a")
	f.none(now)
	f.NoError(f.Finish(f.ctx, claimed[0].Fence()))
	f.put(1, "a")
	f.Equal("a", f.one(now).Key)
}

func claimingAtOnce(f fixture) {
	want := map[string]int{}
	for i := range 48 {
		f.put(int64(i%3), fmt.Sprint(i))
		want[fmt.Sprint(i)] = 1
	}
	var mu sync.Mutex
	got := map[string]int{}
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			for {
				r := request(now, 2)
				r.Owner = fmt.Sprint("worker ", worker)
				claimed, err := f.Claim(f.ctx, r)
				if err != nil {
					f.t.Error(err)
				}
				mu.Lock()
				for _, c := range claimed {
					got[c.Key]++
				}
				done := len(got) == len(want)
				mu.Unlock()
				if err != nil || done {
					return
				}
			}
		})
	}
	group.Wait()
	f.Equal(want, got)
}

// stale lets the claim of a worker end in each way there is, and another
// worker claim the job; then the first writes.
func stale(f fixture) {
	ways := map[string]func(old work.Stored){
		"the lease ended": func(old work.Stored) {
			_, err := f.TakeOver(f.ctx, work.Takeover{Owner: "me", Expired: true, Now: now.Add(time.Hour)})
			f.NoError(err)
		},
		"the process seemed dead": func(work.Stored) {
			_, err := f.TakeOver(f.ctx, work.Takeover{Owner: "me", Counts: true, Now: now})
			f.NoError(err)
		},
		"it was given back": func(old work.Stored) { f.NoError(f.Return(f.ctx, []work.Fence{old.Fence()}, now)) },
		"it failed": func(old work.Stored) {
			f.NoError(f.Fail(f.ctx, old.Fence(), work.Failure{DueAt: now, Attempts: 1}, now))
		},
		"it died and was retried": func(old work.Stored) {
			f.NoError(f.Fail(f.ctx, old.Fence(), work.Failure{Dead: true, DueAt: now}, now))
			_, err := f.Retry(f.ctx, []int64{old.ID}, now)
			f.NoError(err)
		},
	}
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		f.put(1, way)
		old := f.one(now)
		ways[way](old)
		refused := func() {
			f.t.Helper()
			progress := "stale"
			f.ErrorIs(f.Hold(f.ctx, old.Fence(), now.Add(time.Hour), nil), kernel.ErrLost)
			f.ErrorIs(f.Hold(f.ctx, old.Fence(), now.Add(time.Hour), &progress), kernel.ErrLost)
			f.ErrorIs(f.Finish(f.ctx, old.Fence()), kernel.ErrLost)
			f.ErrorIs(f.Fail(f.ctx, old.Fence(), work.Failure{Attempts: 9, Error: "stale", Dead: true, DueAt: now}, now), kernel.ErrLost)
			f.NoError(f.Return(f.ctx, []work.Fence{old.Fence()}, now))
		}
		refused() // while nobody has it
		r := request(now.Add(time.Minute), 1)
		r.Alone = way == "the lease ended"
		claimed := f.claim(r) // by the same process, in another of its workers
		if len(claimed) != 1 || claimed[0].Token <= old.Token {
			f.t.Fatalf("%s: claimed %+v after %+v", way, claimed, old)
		}
		refused()
		held, err := f.Renew(f.ctx, "me", []int64{old.ID}, *claimed[0].LeasedUntil)
		f.NoError(err)
		f.Equal(claimed, held) // nothing changed
		f.NoError(f.Finish(f.ctx, claimed[0].Fence()))
		f.ErrorIs(f.Finish(f.ctx, claimed[0].Fence()), kernel.ErrLost)
	}
}
