package work_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/work"
)

func TestAJobIsDoneOnceItsUnitCommits(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		done := make(chan string, 10)
		p := r.process("me", doing(2, func(_ context.Context, c kernel.Claim) error { done <- c.Job().Key; return nil })).start()
		boom := errors.New("boom")
		err := r.unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error {
			r.check(p.queue.Put(ctx, kernel.Job{Kind: kind, Key: "never"}))
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		p.put(1, "a")
		if got := within(t, done); got != "a" {
			t.Errorf("did %s", got)
		}
		p.stop()
		if n := r.states(); len(n) > 0 || len(done) > 0 {
			t.Errorf("left are %v, done %d more", n, len(done))
		}
	})
}

func TestTheLastWriteOfAJobAndItsEndAreOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		boom := errors.New("boom")
		calls := 0
		var p process
		p = r.process("me", doing(1, func(ctx context.Context, c kernel.Claim) error {
			if c.Job().Key == "effect" {
				return nil
			}
			calls++
			return r.unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
				r.check(p.queue.Put(ctx, kernel.Job{Kind: kind, Key: "effect"}))
				r.check(c.Finish(ctx))
				if calls == 1 {
					return boom
				}
				return nil
			})
		}))
		p.put(1, "a")
		if n := p.drain(); n != 3 || calls != 2 { // a fails, a, effect
			t.Errorf("%d jobs, %d calls", n, calls)
		}
	})
}

func TestAJobThatFailsTooOftenIsDeadUntilAnOperatorRetriesIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var log []string
		broken := true
		k := doing(1, func(_ context.Context, c kernel.Claim) error {
			log = append(log, fmt.Sprint("try ", c.Attempts()))
			if !broken {
				return nil
			}
			panic("nobody\x00is home")
		})
		k.GiveUp = func(_ context.Context, c kernel.Claim, cause error) error {
			log = append(log, fmt.Sprint("give up ", c.Attempts()))
			if len(log) == 4 {
				return errors.New("not now")
			}
			return nil
		}
		p := r.process("me", k)
		p.put(1, "a")
		p.drain()
		// GiveUp itself failed once and is called again.
		if diff := cmp.Diff([]string{"try 0", "try 1", "try 2", "give up 3", "give up 3"}, log); diff != "" {
			t.Error(diff)
		}
		dead, err := p.queue.Dead(t.Context(), 10)
		r.check(err)
		if len(dead) != 1 || dead[0].Key != "a" || dead[0].Attempts != 3 || !strings.HasPrefix(dead[0].Error, "panic: nobodyis home") {
			t.Fatalf("%+v", dead)
		}
		if p.drain() != 0 {
			t.Error("a dead job was done")
		}
		if err := p.queue.Retry(t.Context(), dead[0].ID+1); !errors.Is(err, work.ErrNotDead) {
			t.Error(err)
		}
		broken, log = false, nil
		r.check(p.queue.Retry(t.Context(), dead[0].ID, dead[0].ID))
		p.drain()
		if diff := cmp.Diff([]string{"try 0"}, log); diff != "" || len(r.states()) > 0 {
			t.Error(diff, r.states())
		}
	})
}

func TestADeadJobOfAKindThatIsTriedAnewRestsForAnHour(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		tries, broken := 0, true
		k := doing(1, func(context.Context, kernel.Claim) error {
			if tries++; broken {
				return errors.New("the disk is full")
			}
			return nil
		})
		k.TriedAnew = true
		p := r.process("me", k)
		p.put(1, "a")
		p.drain()
		for n := range 3 { // as often as it dies
			if want := 3 * (n + 1); tries != want || r.states()[work.Dead] != 1 {
				t.Fatalf("%d tries and not %d, %v", tries, want, r.states())
			}
			p.put(1, "a") // is left out, and wakes nobody
			r.clock.Advance(time.Hour - time.Microsecond)
			r.check(p.Revive(t.Context()))
			if p.drain() != 0 {
				t.Fatal("it was not left alone")
			}
			r.clock.Advance(time.Microsecond)
			r.check(p.Revive(t.Context()))
			broken = n < 2
			p.drain()
		}
		if tries != 10 || len(r.states()) > 0 {
			t.Errorf("%d tries, %v", tries, r.states())
		}
	})
}

func TestAStartedRunnerTriesDeadJobsAnew(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		broken, done := true, make(chan string, 1)
		k := doing(1, func(_ context.Context, c kernel.Claim) error {
			if broken {
				return kernel.Permanent(errors.New("not today"))
			}
			done <- c.Job().Key
			return nil
		})
		k.TriedAnew = true
		p := r.process("me", k)
		p.put(1, "a")
		p.drain()
		broken = false
		r.clock.Advance(2 * time.Hour)
		p.start()
		within(t, done)
	})
}

func TestAPermanentErrorIsNotTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		boom := errors.New("boom")
		k := doing(1, func(context.Context, kernel.Claim) error { return fmt.Errorf("working: %w", kernel.Permanent(boom)) })
		k.GiveUp = func(ctx context.Context, c kernel.Claim, cause error) error {
			if !errors.Is(cause, boom) {
				t.Errorf("the cause is %v", cause)
			}
			return r.unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return c.MarkDead(ctx) })
		}
		p := r.process("me", k)
		p.put(1, "a")
		if n := p.drain(); n != 1 || r.states()[work.Dead] != 1 {
			t.Errorf("%d calls, %v", n, r.states())
		}
	})
}

func TestACancelledJobEndsAndIsNotTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		started, causes := make(chan struct{}, 1), make(chan error, 1)
		p := r.process("me", doing(1, func(ctx context.Context, _ kernel.Claim) error {
			started <- struct{}{}
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		})).start()
		p.put(1, "running")
		within(t, started)
		p.put(1, "waiting")
		r.check(p.queue.Cancel(t.Context(), kind, "running", "waiting", ""))
		if cause := within(t, causes); !errors.Is(cause, kernel.ErrCancelled) {
			t.Error(cause)
		}
		p.stop()
		if n := r.states(); len(n) > 0 {
			t.Errorf("left are %v", n)
		}
	})
}

func TestAJobCancelledWhileItsProcessDiesIsNotDone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		p := r.process("me", doing(1, func(context.Context, kernel.Claim) error { t.Error("it is done"); return nil }))
		p.put(1, "a")
		_, err := r.store.Claim(t.Context(), work.ClaimRequest{Kind: kind, Limit: 1, Owner: "dead", Now: r.clock.Now(), Until: r.clock.Now()})
		r.check(err)
		r.check(p.queue.Cancel(t.Context(), kind, "a"))
		r.peers.dies("dead")
		r.check(p.TakeOver(t.Context()))
		if p.drain() != 1 || len(r.states()) > 0 {
			t.Errorf("left are %v", r.states())
		}
	})
}

func TestATenantWithManyJobsDelaysAnotherByOne(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var order []int64
		var p process
		p = r.process("me", doing(1, func(_ context.Context, c kernel.Claim) error {
			r.clock.Advance(time.Second)
			if order = append(order, c.Job().Tenant); len(order) == 10 {
				p.put(2, "x", "y")
			}
			return nil
		}))
		var keys []string
		for i := range 60 {
			keys = append(keys, fmt.Sprint(i))
		}
		p.put(1, keys...)
		p.drain()
		if first := slices.Index(order, 2); first != 10 || order[12] != 2 || len(order) != 62 {
			t.Errorf("the turns were %v", order)
		}
	})
}

func TestPlacesAreBounded(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		started, end := make(chan struct{}, 10), make(chan struct{})
		p := r.process("me", doing(2, func(context.Context, kernel.Claim) error {
			started <- struct{}{}
			<-end
			return nil
		})).start()
		p.put(1, "a", "b", "c", "d")
		within(t, started)
		within(t, started)
		if n := r.states(); n[work.Running] != 2 || n[work.Ready] != 2 {
			t.Errorf("%v", n)
		}
		close(end)
		within(t, started)
		within(t, started)
	})
}

func TestPausesGrowAndDiffer(t *testing.T) {
	for attempts, middle := range map[int]time.Duration{1: 5 * time.Second, 2: 20 * time.Second, 4: 320 * time.Second, 9: time.Hour, 1000: time.Hour} {
		seen := map[time.Duration]bool{}
		for range 50 {
			d := work.Backoff(attempts)
			seen[d] = true
			if d < middle/2 || d > middle*3/2 {
				t.Errorf("after %d attempts %s", attempts, d)
			}
		}
		if len(seen) < 10 {
			t.Errorf("after %d attempts the pauses are alike", attempts)
		}
	}
}

func TestWrongKindsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		good := doing(1, func(context.Context, kernel.Claim) error { return nil })
		for name, change := range map[string]func(*kernel.Kind){
			"no name": func(k *kernel.Kind) { k.Name = "" }, "no place": func(k *kernel.Kind) { k.Concurrency = 0 },
			"no attempts": func(k *kernel.Kind) { k.MaxAttempts = 0 }, "no end": func(k *kernel.Kind) { k.Timeout = 0 },
			"no handler": func(k *kernel.Kind) { k.Work = nil }, "twice": func(*kernel.Kind) {},
		} {
			k := good
			change(&k)
			if _, err := work.NewRunner(work.Config{Queue: work.NewQueue(r.store, nil, r.clock), Kinds: []kernel.Kind{good, k}, Owner: "me", Log: discard}); err == nil {
				t.Errorf("%s: it was taken", name)
			}
		}
		q := work.NewQueue(r.store, nil, r.clock)
		for name, j := range map[string]kernel.Job{
			"no kind": {}, "a long key": {Kind: kind, Key: strings.Repeat("x", 201)}, "a long payload": {Kind: kind, Payload: strings.Repeat("x", 64<<10+1)},
		} {
			if err := q.Put(t.Context(), j); err == nil {
				t.Errorf("%s: it was taken", name)
			}
		}
		if err := q.Put(t.Context(), make([]kernel.Job, 1001)...); err == nil {
			t.Error("too many were taken")
		}
	})
}

// looks counts what an idle runner asks the store.
type looks struct {
	work.Store
	due, others atomic.Int64
}

func (l *looks) Due(ctx context.Context, kinds []string, now time.Time) (map[string]work.Due, error) {
	l.due.Add(1)
	return l.Store.Due(ctx, kinds, now)
}

func (l *looks) Claim(ctx context.Context, r work.ClaimRequest) ([]work.Stored, error) {
	l.others.Add(1)
	return l.Store.Claim(ctx, r)
}

func TestAnIdleRunnerLooksOnceForAllKinds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		counting := &looks{Store: r.store}
		r.store = counting
		done := make(chan string, 1)
		kinds := []kernel.Kind{doing(1, func(_ context.Context, c kernel.Claim) error { done <- c.Job().Key; return nil })}
		for n := range 20 {
			k := doing(1, func(context.Context, kernel.Claim) error { return nil })
			k.Name = fmt.Sprint("tests.other", n)
			kinds = append(kinds, k)
		}
		p := r.process("me", kinds...).start()
		for counting.due.Load() < 3 {
			time.Sleep(time.Millisecond)
		}
		if n := counting.others.Load(); n != 0 {
			t.Errorf("%d claims in vain", n)
		}
		p.put(1, "a")
		within(t, done)
		if n := counting.others.Load(); n != 1 {
			t.Errorf("%d claims for one job", n)
		}
	})
}
