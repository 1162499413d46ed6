package work_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/work"
)

func TestTheJobOfADeadProcessIsTakenOverAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		claimed, died := make(chan kernel.Claim, 1), make(chan struct{})
		first := r.process("first", doing(1, func(_ context.Context, c kernel.Claim) error {
			claimed <- c
			<-died // it never notices
			return nil
		})).start()
		first.put(1, "a")
		old := within(t, claimed)
		done := make(chan int, 1)
		second := r.process("second", doing(1, func(_ context.Context, c kernel.Claim) error { done <- c.Attempts(); return nil })).start()
		r.peers.dies("first")
		if attempts := within(t, done); attempts != 1 { // and the clock stands still
			t.Errorf("%d attempts", attempts)
		}
		second.stop()
		progress := "late"
		for name, write := range map[string]func(context.Context) error{
			"hold": old.Hold, "finish": old.Finish, "mark dead": old.MarkDead,
			"save": func(ctx context.Context) error { return old.Save(ctx, progress) },
		} {
			if err := write(t.Context()); !errors.Is(err, kernel.ErrLost) {
				t.Errorf("%s: %v", name, err)
			}
		}
		close(died)
		first.stop()
		if n := r.states(); len(n) > 0 {
			t.Errorf("left are %v", n)
		}
	})
}

func TestAFrozenProcessLosesItsJobWhenTheLeaseEnds(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		started, thaw := make(chan struct{}, 1), make(chan struct{})
		lost := make(chan error, 1)
		frozen := r.process("frozen", doing(1, func(ctx context.Context, c kernel.Claim) error {
			started <- struct{}{}
			<-thaw
			err := r.unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return c.Hold(ctx) })
			lost <- err
			return err
		}))
		frozen.put(1, "a")
		go func() { _, _ = frozen.Drain(context.WithoutCancel(t.Context())) }()
		within(t, started)
		done := 0
		other := r.process("other", doing(1, func(context.Context, kernel.Claim) error { done++; return nil }))
		r.check(other.TakeOver(t.Context()))
		if other.drain() != 0 {
			t.Error("taken over within the lease")
		}
		r.clock.Advance(50 * time.Second)
		r.check(frozen.Renew(t.Context()))
		r.clock.Advance(50 * time.Second)
		r.check(other.TakeOver(t.Context()))
		if other.drain() != 0 {
			t.Error("taken over in spite of the renewal")
		}
		r.clock.Advance(time.Minute)
		r.check(other.TakeOver(t.Context()))
		if other.drain() != 1 || done != 1 {
			t.Error("not taken over")
		}
		close(thaw)
		if err := within(t, lost); !errors.Is(err, kernel.ErrLost) {
			t.Error(err)
		}
	})
}

func TestOrderlyStopsAreNoAttempts(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for i := range 5 { // more often than there are attempts
			started := make(chan int, 1)
			p := r.process(fmt.Sprint("process ", i), doing(1, func(ctx context.Context, c kernel.Claim) error {
				started <- c.Attempts()
				<-ctx.Done()
				if !errors.Is(context.Cause(ctx), kernel.ErrStopped) {
					t.Errorf("stopped by %v", context.Cause(ctx))
				}
				return ctx.Err()
			})).start()
			p.put(1, "a")
			if n := within(t, started); n != 0 {
				t.Errorf("start %d: %d attempts", i, n)
			}
			p.stop()
			if n := r.states(); n[work.Ready] != 1 || len(n) != 1 {
				t.Fatalf("after the stop: %v", n)
			}
		}
	})
}

func TestAHandlerThatDoesNotStopLosesItsJob(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		started, end := make(chan kernel.Claim, 1), make(chan struct{})
		p := r.process("me", doing(1, func(_ context.Context, c kernel.Claim) error {
			started <- c
			<-end
			return nil
		})).start()
		defer close(end)
		p.put(1, "a")
		c := within(t, started)
		p.stop()
		if n := r.states(); n[work.Ready] != 1 {
			t.Errorf("after the stop: %v", n)
		}
		if err := c.Finish(t.Context()); !errors.Is(err, kernel.ErrLost) {
			t.Error(err)
		}
	})
}

func TestADeathCountsOnlyForAJobThatWasAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		dead := 0
		// dies is a process that claims all it may and is killed.
		dies := func(places int) (keys []string) {
			dead++
			owner := fmt.Sprint("dead ", dead)
			for _, alone := range []bool{true, false} {
				if alone && len(keys) > 0 {
					continue
				}
				claimed, err := r.store.Claim(t.Context(), work.ClaimRequest{
					Kind: kind, Limit: places, Alone: alone, Owner: owner, Now: r.clock.Now(), Until: r.clock.Now().Add(time.Hour),
				})
				r.check(err)
				for _, c := range claimed {
					keys = append(keys, c.Key)
				}
				if alone && len(keys) > 0 {
					break
				}
			}
			r.peers.dies(owner)
			r.check(r.process("reaper").TakeOver(t.Context()))
			return keys
		}
		var attempts []int
		k := doing(2, func(_ context.Context, c kernel.Claim) error {
			attempts = append(attempts, c.Attempts())
			return nil
		})
		k.TriedAnew = true // which is not for what kills
		p := r.process("me", k)
		p.put(1, "poison", "harmless")
		if diff := cmp.Diff([]string{"poison", "harmless"}, dies(2)); diff != "" {
			t.Fatal(diff)
		}
		for range 3 {
			if diff := cmp.Diff([]string{"poison"}, dies(1)); diff != "" { // alone
				t.Fatal(diff)
			}
		}
		p.drain()
		if diff := cmp.Diff([]int{0}, attempts); diff != "" { // harmless, and nothing counted
			t.Error(diff)
		}
		r.clock.Advance(48 * time.Hour)
		r.check(p.Revive(t.Context()))
		left, err := p.queue.Dead(t.Context(), 10)
		r.check(err)
		if len(left) != 1 || left[0].Key != "poison" || left[0].Error != "The process that worked on it died." {
			t.Errorf("%+v", left)
		}
	})
}

func TestJobsThatMayBePoisonRunAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		running, most := 0, map[string]int{}
		events := make(chan func())
		done := make(chan string, 100)
		p := r.process("me", doing(3, func(_ context.Context, c kernel.Claim) error {
			reply := make(chan struct{})
			events <- func() {
				running++
				most[c.Job().Key] = running
				close(reply)
			}
			<-reply
			events <- func() { running-- }
			done <- c.Job().Key
			return nil
		}))
		p.put(1, "a", "b")
		claimed, err := r.store.Claim(t.Context(), work.ClaimRequest{Kind: kind, Limit: 2, Owner: "dead", Now: r.clock.Now(), Until: r.clock.Now()})
		r.check(err)
		if len(claimed) != 2 {
			t.Fatal(claimed)
		}
		r.peers.dies("dead")
		for i := range 20 {
			p.put(2, fmt.Sprint(i))
		}
		p.start()
		for n := 0; n < 22; {
			select {
			case e := <-events:
				e()
			case <-done:
				n++
			case <-time.After(30 * time.Second):
				t.Fatal("the jobs are not done")
			}
		}
		if most["a"] != 1 || most["b"] != 1 {
			t.Errorf("beside them ran others: %v", most)
		}
	})
}
