package worktest

import (
	"context"
	"errors"
	"time"

	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/work"
)

// finishing uses a second job as the worker's own write.
func finishing(f fixture) {
	f.put(1, "a")
	a := f.one(now)
	boom := errors.New("boom")
	end := func(fail error) error {
		return f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			if err := f.Finish(ctx, a.Fence()); err != nil {
				return err
			}
			if err := f.Add(ctx, []kernel.Job{{Kind: kind, Key: "effect", DueAt: now}}, now); err != nil {
				return err
			}
			return fail
		})
	}
	f.ErrorIs(end(boom), boom)
	f.none(now)
	f.NoError(f.Hold(f.ctx, a.Fence(), now.Add(time.Hour), nil)) // it is still held
	f.NoError(end(nil))
	f.Equal("effect", f.one(now).Key)
	f.ErrorIs(end(nil), kernel.ErrLost)
}

func failing(f fixture) {
	f.put(1, "a")
	a := f.one(now)
	f.NoError(f.Fail(f.ctx, a.Fence(), work.Failure{Error: "it’s down", Attempts: 1, DueAt: now.Add(time.Minute)}, now))
	f.none(now)
	a = f.one(now.Add(time.Minute))
	f.Equal([]any{1, "it’s down", int64(2)}, []any{a.Attempts, a.Error, a.Token})
	f.NoError(f.Fail(f.ctx, a.Fence(), work.Failure{Error: "still down", Attempts: 2, Dead: true, DueAt: now}, now.Add(time.Minute)))
	f.none(now.Add(time.Hour))
	dead, err := f.DeadJobs(f.ctx, 10)
	f.NoError(err)
	a.State, a.Owner, a.LeasedUntil, a.Attempts, a.Error, a.DueAt, a.ChangedOn = work.Dead, "", nil, 2, "still down", now, now.Add(time.Minute)
	f.Equal([]work.Stored{a}, dead)
	f.put(1, "b")
	b := f.one(now.Add(time.Hour))
	n, err := f.Retry(f.ctx, []int64{a.ID, b.ID, 99}, now.Add(time.Hour))
	f.NoError(err)
	f.Equal(int64(1), n)
	a = f.one(now.Add(time.Hour))
	f.Equal([]any{"a", 0, "still down"}, []any{a.Key, a.Attempts, a.Error})
	for i, key := range []string{"c", "d", "e"} {
		f.put(1, key)
		j := f.one(now.Add(time.Hour))
		f.NoError(f.Fail(f.ctx, j.Fence(), work.Failure{Dead: true, DueAt: now}, now.Add(time.Duration(i)*time.Hour)))
	}
	dead, err = f.DeadJobs(f.ctx, 2)
	f.NoError(err)
	f.Equal([]string{"e", "d"}, keysOf(dead))
}

func reviving(f fixture) {
	dies := func(kind, key, why string, at time.Time) work.Stored {
		f.t.Helper()
		f.put(1, key, func(j *kernel.Job) { j.Kind, j.Payload = kind, "of old" })
		r := request(now, 1)
		r.Kind = kind
		j := f.claim(r)[0]
		f.NoError(f.Fail(f.ctx, j.Fence(), work.Failure{Error: why, Attempts: 3, Dead: true, DueAt: at}, at))
		return j
	}
	dies(kind, "late", "it’s down", now.Add(time.Microsecond))
	dies(kind, "killed", "killed", now)
	dies("tests.other", "other", "it’s down", now)
	old := dies(kind, "old", "it’s down", now)
	f.put(1, "old", func(j *kernel.Job) { j.Payload = "of now" }) // which is left out
	f.put(1, "ready", func(j *kernel.Job) { j.DueAt = now.Add(48 * time.Hour) })
	at := now.Add(time.Hour)
	r := work.Revival{Kinds: []string{kind, "tests.none"}, DiedBy: now, StayDead: []string{"killed", "crashed"}, Now: at}
	revive := func() int64 {
		f.t.Helper()
		n, err := f.Revive(f.ctx, r)
		f.NoError(err)
		return n
	}
	f.Equal(int64(1), revive())
	f.Equal(int64(0), revive())
	f.none(at.Add(-time.Microsecond))
	got := f.one(at)
	f.Equal([]any{old.ID, "old", "of old", 0, "it’s down", old.Token + 1}, []any{got.ID, got.Key, got.Payload, got.Attempts, got.Error, got.Token})
	f.ErrorIs(f.Finish(f.ctx, old.Fence()), kernel.ErrLost)
	f.NoError(f.Finish(f.ctx, got.Fence()))
	r.DiedBy = now.Add(time.Hour)
	f.Equal(int64(1), revive())
	f.Equal("late", f.one(at).Key)
}

func returning(f fixture) {
	f.put(1, "a")
	f.put(1, "b")
	claimed := f.claim(request(now, 2))
	f.NoError(f.Return(f.ctx, []work.Fence{claimed[0].Fence(), {ID: claimed[1].ID, Token: 9}, {ID: 99, Token: 1}}, now.Add(time.Second)))
	f.NoError(f.Return(f.ctx, nil, now))
	again := f.claim(request(now.Add(time.Second), 2))
	f.Equal([]string{"a"}, keysOf(again))
	f.Equal([]any{0, "", int64(2), now}, []any{again[0].Attempts, again[0].Error, again[0].Token, again[0].DueAt.UTC()})
}

func renewing(f fixture) {
	f.put(1, "a")
	f.put(1, "b")
	claimed := f.claim(request(now, 2))
	f.NoError(f.Finish(f.ctx, claimed[1].Fence()))
	until := now.Add(time.Hour)
	held, err := f.Renew(f.ctx, "me", []int64{claimed[0].ID, claimed[1].ID, 99}, until)
	f.NoError(err)
	claimed[0].LeasedUntil = &until
	f.Equal(claimed[:1], held)
	held, err = f.Renew(f.ctx, "another", []int64{claimed[0].ID}, until.Add(time.Hour))
	f.NoError(err)
	f.Equal(0, len(held))
	held, err = f.Renew(f.ctx, "me", nil, until)
	f.NoError(err)
	f.Equal(0, len(held))
	n, err := f.TakeOver(f.ctx, work.Takeover{Owner: "me", Expired: true, Now: until})
	f.NoError(err)
	f.Equal(int64(0), n)
}

func takingOver(f fixture) {
	for _, key := range []string{"a", "b", "c"} {
		f.put(1, key)
	}
	early := f.one(now)
	r := request(now.Add(time.Second), 1)
	f.claim(r)
	r.Owner = "other"
	f.claim(r)
	owners, err := f.Owners(f.ctx)
	f.NoError(err)
	for i := range owners {
		owners[i].Lease = owners[i].Lease.UTC()
	}
	f.Equal([]work.Owner{{ID: "me", Running: 2, Lease: now.Add(time.Minute)}, {ID: "other", Running: 1, Lease: now.Add(time.Minute + time.Second)}}, owners)
	at := now.Add(time.Minute + time.Second)
	take := func(t work.Takeover) int64 {
		f.t.Helper()
		n, err := f.TakeOver(f.ctx, t)
		f.NoError(err)
		return n
	}
	f.Equal(int64(1), take(work.Takeover{Owner: "me", Expired: true, Counts: true, Error: "why", Now: at}))
	got := f.one(at)
	f.Equal([]any{early.ID, 1, "why", int64(2), false}, []any{got.ID, got.Attempts, got.Error, got.Token, got.Alone})
	f.Equal(int64(0), take(work.Takeover{Owner: "nobody", Now: at}))
	f.Equal(int64(1), take(work.Takeover{Owner: "other", Counts: true, Now: now}))
	f.Equal("c", f.one(now).Key)
}

func alone(f fixture) {
	f.put(1, "a")
	f.put(2, "b")
	f.claim(request(now, 2))
	n, err := f.TakeOver(f.ctx, work.Takeover{Owner: "me", Error: "why", Now: now})
	f.NoError(err)
	f.Equal(int64(2), n)
	f.none(now)
	waits := func(want bool, kinds ...string) {
		f.t.Helper()
		got, err := f.Due(f.ctx, kinds, now)
		f.NoError(err)
		f.Equal(want, got[kind].Alone)
	}
	waits(true, "tests.other", kind)
	waits(false, "tests.other")
	f.put(1, "c")
	f.Equal("c", f.one(now).Key)
	r := request(now, 1)
	r.Alone = true
	a := f.claim(r)
	f.Equal([]string{"a"}, keysOf(a))
	f.Equal([]any{true, 0, "why"}, []any{a[0].Alone, a[0].Attempts, a[0].Error})
	f.NoError(f.Return(f.ctx, []work.Fence{a[0].Fence()}, now)) // and stays so
	f.Equal([]string{"a"}, keysOf(f.claim(r)))
	b := f.claim(r)
	f.Equal([]string{"b"}, keysOf(b))
	waits(false, kind)
	f.NoError(f.Fail(f.ctx, b[0].Fence(), work.Failure{Attempts: 1, DueAt: now}, now)) // it killed nobody
	f.Equal("b", f.one(now).Key)
}

func cancelling(f fixture) {
	f.put(1, "running")
	f.put(1, "dead")
	f.put(1, "waiting")
	f.put(1, "")
	claimed := f.claim(request(now, 2))
	f.NoError(f.Fail(f.ctx, claimed[1].Fence(), work.Failure{Dead: true, DueAt: now}, now))
	boom := errors.New("boom")
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := f.Cancel(ctx, kind, []string{"running", "waiting"}, now); err != nil {
			return err
		}
		return boom
	}), boom)
	f.NoError(f.Hold(f.ctx, claimed[0].Fence(), now.Add(time.Minute), nil))
	running, err := f.Cancel(f.ctx, kind, []string{"waiting", "dead", "never"}, now)
	f.NoError(err)
	f.Equal(false, running)
	running, err = f.Cancel(f.ctx, "tests.other", []string{"running"}, now)
	f.NoError(err)
	f.Equal(false, running)
	running, err = f.Cancel(f.ctx, kind, []string{"running", ""}, now)
	f.NoError(err)
	f.Equal(true, running)
	f.ErrorIs(f.Hold(f.ctx, claimed[0].Fence(), now.Add(time.Minute), nil), kernel.ErrCancelled)
	held, err := f.Renew(f.ctx, "me", []int64{claimed[0].ID}, now.Add(time.Minute))
	f.NoError(err)
	f.Equal(true, len(held) == 1 && held[0].IsCancelled)
	f.NoError(f.Finish(f.ctx, claimed[0].Fence()))
	f.Equal([]string{""}, keysOf(f.claim(request(now, 10))))
	counts, err := f.Counts(f.ctx)
	f.NoError(err)
	f.Equal([]work.Count{{Kind: kind, State: work.Running, Jobs: 1}}, counts)
}

func progress(f fixture) {
	f.put(1, "a")
	a := f.one(now)
	half := `{"half":"it's"}`
	f.NoError(f.Hold(f.ctx, a.Fence(), now.Add(time.Minute), &half))
	f.NoError(f.Hold(f.ctx, a.Fence(), now.Add(time.Minute), nil))
	f.NoError(f.Fail(f.ctx, a.Fence(), work.Failure{Attempts: 1, DueAt: now}, now))
	f.Equal(half, f.one(now).Progress)
}

func counting(f fixture) {
	counts, err := f.Counts(f.ctx)
	f.NoError(err)
	f.Equal(0, len(counts))
	for _, key := range []string{"a", "b", "c", "d"} {
		f.put(1, key)
	}
	f.put(1, "e", func(j *kernel.Job) { j.Kind = "tests.other" })
	f.one(now)
	d := f.one(now)
	f.NoError(f.Fail(f.ctx, d.Fence(), work.Failure{Dead: true, DueAt: now}, now))
	counts, err = f.Counts(f.ctx)
	f.NoError(err)
	f.Equal([]work.Count{
		{Kind: kind, State: work.Dead, Jobs: 1}, {Kind: kind, State: work.Ready, Jobs: 2}, {Kind: kind, State: work.Running, Jobs: 1},
		{Kind: "tests.other", State: work.Ready, Jobs: 1},
	}, counts)
}
