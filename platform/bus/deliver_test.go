package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

func TestARollbackLeavesNeitherRowNorEvent(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(r.recorder("tests.one"))
		refused := errors.New("refused")
		err := r.unit.Do(r.ctx(), func(ctx context.Context, tx uow.Tx) error {
			if err := r.effect(ctx, "source", happened{}); err != nil {
				return err
			}
			tx.Publish(happened{Key: "a"})
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		r.drain(b)
		if n := r.count("SELECT count(*) FROM tests_effects") + r.count("SELECT count(*) FROM bus_outbox"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestEveryConsumerSeesEveryEventOnceAlsoThoseBeforeItsFirstStart(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for i := range 600 { // more than a batch and than a queue
			r.publish(happened{Key: "a", N: i})
		}
		b := r.start(r.recorder("tests.one"), r.recorder("tests.two"))
		r.publish(followed{}, happened{Key: "a", N: 600})
		r.drain(b)
		for _, c := range []string{"tests.one", "tests.two"} {
			if n := r.effects(c); n != 601 {
				t.Errorf("%s has %d effects", c, n)
			}
		}
		if n := r.count("SELECT count(*) FROM (SELECT DISTINCT consumer, n FROM tests_effects) AS d"); n != 1202 {
			t.Errorf("%d of them differ", n)
		}
	})
}

func TestARewoundCursorRepeatsNoEffect(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(r.recorder("tests.one"))
		for i := range 50 {
			r.publish(happened{Key: "a", N: i})
		}
		r.drain(b)
		r.exec("UPDATE bus_cursors SET xid = 0, seq = 0, epoch = epoch + 1")
		r.publish(happened{Key: "a", N: 50})
		r.drain(b)
		if n := r.effects("tests.one"); n != 51 {
			t.Errorf("%d effects of 51 events", n)
		}
	})
}

func TestAHandlerThatFailsTwiceThenSucceedsHasOneEffect(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var tries atomic.Int64
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, tx uow.Tx, h happened, _ event.Envelope) error {
			tx.Publish(followed{N: 1})
			if err := r.effect(ctx, "tests.one", h); err != nil {
				return err
			}
			if tries.Add(1) <= 2 {
				return errors.New("not yet")
			}
			return nil
		})}})
		r.publish(happened{Key: "a"})
		r.drain(b)
		if n := tries.Load(); n != 3 {
			t.Errorf("%d tries", n)
		}
		if n := r.effects("tests.one"); n != 1 {
			t.Errorf("%d effects", n)
		}
		if n := r.count("SELECT count(*) FROM bus_outbox"); n != 2 {
			t.Errorf("%d events, not the one and what it led to", n)
		}
	})
}

func TestAFailureAndAPanicEndDeadWithTheirReasonAndRetryRevivesThem(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var mended atomic.Bool
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			switch {
			case mended.Load():
				return r.effect(ctx, "tests.one", h)
			case h.Key == "panic":
				panic("out of its mind")
			}
			return errors.New("will not\x00do \xff")
		})}})
		r.publish(happened{Key: "fail", N: 1}, happened{Key: "panic", N: 2})
		r.drain(b)
		if d, err := b.Dead(r.ctx(), 10); err != nil || len(d) != 0 {
			t.Fatalf("dead after the first round: %v %v", d, err)
		}
		r.clock.Advance(2 * time.Minute)
		r.drain(b)
		dead, err := b.Dead(r.ctx(), 10)
		if err != nil || len(dead) != 2 {
			t.Fatalf("%v %v", dead, err)
		}
		var ids []int64
		for _, d := range dead {
			ids = append(ids, d.ID)
			want := map[string]string{"fail": "will not do ?", "panic": "out of its mind"}[d.Event.Key]
			if !strings.Contains(d.Error, want) || d.Attempts != 2 || d.Consumer != "tests.one" || d.Event.Name != "tests.happened.v1" {
				t.Errorf("%+v", d)
			}
		}
		lag, err := b.Lag(r.ctx())
		if err != nil || len(lag) != 1 || lag[0].Dead != 2 || lag[0].Waiting != 0 {
			t.Errorf("lag %+v %v", lag, err)
		}
		r.exec("UPDATE bus_cursors SET xid = 0, seq = 0, epoch = epoch + 1")
		r.drain(b)
		if n := r.effects("tests.one"); n != 0 {
			t.Errorf("a dead event came to life by itself")
		}

		mended.Store(true)
		if err := b.Retry(r.ctx(), append(ids, 999)...); err == nil || !strings.Contains(err.Error(), "no failed delivery 999") {
			t.Fatalf("retrying an unknown delivery: %v", err)
		}
		// As another process would, without running.
		if err := r.bus().Retry(r.ctx(), ids...); err != nil {
			t.Fatal(err)
		}
		r.drain(b)
		if n := r.effects("tests.one"); n != 2 {
			t.Errorf("%d effects after the retry", n)
		}
		if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 0 {
			t.Errorf("%d deliveries are left", n)
		}
	})
}

func TestAPayloadThatCannotBeReadIsDeadAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.publish(happened{Key: "a"})
		r.exec(`UPDATE bus_outbox SET payload = '{"n": "seven"}'`)
		b := r.start(r.recorder("tests.one"))
		r.drain(b)
		if dead, err := b.Dead(r.ctx(), 10); err != nil || len(dead) != 1 || !strings.Contains(dead[0].Error, "decoding tests.happened.v1") {
			t.Errorf("%v %v", dead, err)
		}
	})
}

func TestAPoisonedKeyHoldsUpNoOtherAndKeepsItsOrder(t *testing.T) {
	for _, concurrency := range []int{1, 4} {
		t.Run(fmt.Sprintf("concurrency %d", concurrency), func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				var mended atomic.Bool
				var seen list
				consumer := Consumer{Name: "tests.one", Concurrency: concurrency, Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
					if h.Key == "bad" && h.N == 1 && !mended.Load() {
						return errors.New("poison")
					}
					if h.Key == "bad" {
						seen.add("%d", h.N)
					}
					return nil
				})}}
				b := r.start(consumer)
				r.publish(happened{Key: "bad", N: 1})
				for i := range 20 {
					r.publish(happened{Key: "bad", N: i + 2}, happened{Key: fmt.Sprint("good", i)})
				}
				r.drain(b)
				if got := seen.all(); len(got) != 0 {
					t.Fatalf("%v went past the poisoned event", got)
				}
				if n := r.count("SELECT count(*) FROM bus_inbox"); n != 20 {
					t.Fatalf("%d of 20 others were handled", n)
				}
				// What waits must survive a restart.
				r.stop(b)
				b = r.start(consumer)
				r.publish(happened{Key: "bad", N: 22})
				r.drain(b)
				mended.Store(true)
				r.clock.Advance(2 * time.Minute)
				r.drain(b)
				r.publish(happened{Key: "bad", N: 23})
				r.drain(b)
				var want []string
				for i := range 23 {
					want = append(want, fmt.Sprint(i+1))
				}
				if diff := cmp.Diff(want, seen.all()); diff != "" {
					t.Error(diff)
				}
				if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 0 {
					t.Errorf("%d deliveries are left", n)
				}
			})
		})
	}
}

func TestADeadEventNoLongerHoldsItsKey(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			if h.N == 1 {
				return errors.New("poison")
			}
			return r.effect(ctx, "tests.one", h)
		})}})
		r.publish(happened{Key: "a", N: 1}, happened{Key: "a", N: 2}, happened{Key: "a", N: 3})
		r.drain(b)
		r.clock.Advance(2 * time.Minute)
		r.drain(b)
		r.publish(happened{Key: "a", N: 4})
		r.drain(b)
		if n := r.effects("tests.one"); n != 3 {
			t.Errorf("%d effects of the 3 behind the dead one", n)
		}
	})
}

func TestManyKeysAtATimeKeepTheOrderOfEach(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		const keys, events = 20, 30
		var seen [keys]list
		var inFlight, most atomic.Int64
		b := r.start(Consumer{Name: "tests.one", Concurrency: 8, Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			most.Store(max(most.Load(), inFlight.Add(1)))
			defer inFlight.Add(-1)
			var key int
			if _, err := fmt.Sscan(h.Key, &key); err != nil {
				return err
			}
			seen[key].add("%d", h.N)
			return nil
		})}})
		for n := range events {
			var facts []event.Event
			for k := range keys {
				facts = append(facts, happened{Key: fmt.Sprint(k), N: n})
			}
			r.publish(facts...)
		}
		r.drain(b)
		var want []string
		for n := range events {
			want = append(want, fmt.Sprint(n))
		}
		for k := range keys {
			if diff := cmp.Diff(want, seen[k].all()); diff != "" {
				t.Errorf("key %d: %s", k, diff)
			}
		}
		if most.Load() > 8 {
			t.Errorf("%d at the same time", most.Load())
		}
	})
}

func TestASlowConsumerDelaysNoOther(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		go_on := make(chan struct{})
		quickDone := make(chan struct{}, 1)
		b := r.start(
			Consumer{Name: "tests.slow", PerProcess: true, Handlers: []Handler{On(func(context.Context, uow.Tx, happened, event.Envelope) error {
				<-go_on
				return nil
			})}},
			Consumer{Name: "tests.quick", PerProcess: true, Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
				if h.N == 1499 {
					quickDone <- struct{}{}
				}
				return nil
			})}})
		for i := range 30 {
			var facts []event.Event
			for j := range 50 {
				facts = append(facts, happened{Key: "a", N: i*50 + j})
			}
			r.publish(facts...)
		}
		within(t, quickDone, "the quick consumer")
		close(go_on)
		r.drain(b)
	})
}

func TestDrainCoversWhatHandlersPublish(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		step := func(name string) Consumer {
			return Consumer{Name: name, Handlers: []Handler{On(func(ctx context.Context, tx uow.Tx, f followed, _ event.Envelope) error {
				if f.N > 0 {
					tx.Publish(followed{N: f.N - 1})
				}
				return r.effect(ctx, name, happened{N: f.N})
			})}}
		}
		b := r.start(step("tests.one"))
		r.publish(followed{N: 9})
		r.drain(b)
		if n := r.effects("tests.one"); n != 10 {
			t.Errorf("%d links of a chain of 10", n)
		}
	})
}

func TestAnEventThatCannotEvenBePutAsideComesAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var tries atomic.Int64
		third := make(chan struct{})
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{On(func(context.Context, uow.Tx, happened, event.Envelope) error {
			if tries.Add(1) == 9 { // three rounds of four
				close(third)
			}
			return errors.New("no luck")
		})}})
		r.drain(b)
		r.exec("ALTER TABLE bus_deliveries RENAME TO tests_away")
		r.publish(happened{Key: "a", N: 1}, happened{Key: "a", N: 2})
		within(t, third, "the third round")
		r.exec("ALTER TABLE tests_away RENAME TO bus_deliveries")
		r.drain(b)
		if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 2 {
			t.Errorf("%d of 2 events were put aside", n)
		}
	})
}

func TestStopLetsAHandlerFinishAndTheNextStartDoesNotRepeatIt(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		entered, go_on := make(chan struct{}), make(chan struct{})
		consumer := Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			if h.N == 1 {
				close(entered)
				<-go_on
			}
			return r.effect(ctx, "tests.one", h)
		})}}
		b := r.start(consumer)
		r.publish(happened{Key: "a", N: 1}, happened{Key: "a", N: 2})
		within(t, entered, "the handler")
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			r.stop(b)
		}()
		close(go_on)
		within(t, stopped, "the stop")
		b = r.start(consumer)
		r.drain(b)
		if n := r.effects("tests.one"); n != 2 {
			t.Errorf("%d effects", n)
		}
	})
}
