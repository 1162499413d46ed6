package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
)

// gatherer is a consumer of batches that notes each call in calls.
func (r *rig) gatherer(name string, calls *list, refuse func(h happened) error) Consumer {
	return Consumer{Name: name, Handlers: []Handler{
		OnMany(func(ctx context.Context, _ uow.Tx, facts []Fact[happened]) error {
			calls.add("%d happened", len(facts))
			for _, f := range facts {
				if err := refuse(f.Event); err != nil {
					return err
				}
				if err := r.effect(ctx, name, f.Event); err != nil {
					return err
				}
			}
			return nil
		}),
		On(func(ctx context.Context, _ uow.Tx, f followed, _ event.Envelope) error {
			calls.add("followed %d", f.N)
			return r.effect(ctx, name, happened{Key: "followed", N: f.N})
		}),
	}}
}

func accept(happened) error { return nil }

// order answers what a consumer did, in order.
func (r *rig) order(consumer string) []string {
	r.t.Helper()
	column := "ctid"
	if !r.db.Postgres() {
		column = "rowid"
	}
	var out []string
	err := r.db.NewRaw("SELECT key || n FROM tests_effects WHERE consumer = ? ORDER BY "+column, consumer).Scan(r.ctx(), &out)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func numbered(key string, from, to int) []event.Event {
	var facts []event.Event
	for n := from; n <= to; n++ {
		facts = append(facts, happened{Key: key, N: n})
	}
	return facts
}

func TestWaitingEventsComeInOneUnitAndRunsOfOneKindInOneCall(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var calls list
		r.publish(happened{Key: "a", N: 1}, happened{Key: "b", N: 2}, followed{N: 3}, followed{N: 4}, happened{Key: "a", N: 5})
		b := r.start(r.gatherer("tests.many", &calls, accept))
		r.drain(b)
		if diff := cmp.Diff([]string{"2 happened", "followed 3", "followed 4", "1 happened"}, calls.all()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"a1", "b2", "followed3", "followed4", "a5"}, r.order("tests.many")); diff != "" {
			t.Error(diff)
		}
		calls = list{}
		r.publish(happened{Key: "a", N: 6})
		r.drain(b)
		if diff := cmp.Diff([]string{"1 happened"}, calls.all()); diff != "" {
			t.Errorf("an event alone: %s", diff)
		}
	})
}

func TestABatchHasAtMost128EventsAndSkipsThoseHandledBefore(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var calls list
		consumer := r.gatherer("tests.many", &calls, accept)
		r.publish(numbered("a", 1, 100)...)
		b := r.start(consumer)
		r.drain(b)
		r.stop(b)
		r.publish(numbered("a", 101, 300)...)
		r.exec("UPDATE bus_cursors SET xid = 0, seq = 0")
		calls = list{}
		b = r.start(consumer)
		r.drain(b)
		// 300 come: 128 of which 100 are known, 128, and 44, at most in
		// smaller pieces.
		for _, call := range calls.all() {
			var n int
			if _, err := fmt.Sscan(call, &n); err != nil || n > maxBatch {
				t.Errorf("a call with %s, %v", call, err)
			}
		}
		if n := len(calls.all()); n > 6 {
			t.Errorf("%d calls", n)
		}
		if n := r.effects("tests.many"); n != 300 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestAPoisonedEventInABatchIsPutAsideAndTheOthersAreHandledInOrder(t *testing.T) {
	for name, refusal := range map[string]func() error{
		"error": func() error { return errors.New("poison") },
		"panic": func() error { panic("poison") },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				var calls list
				var mended atomic.Bool
				var facts []event.Event
				var want []string
				for n := range 20 {
					facts = append(facts, happened{Key: "a", N: n}, happened{Key: "b", N: n})
					want = append(want, fmt.Sprint("a", n))
				}
				r.publish(facts...)
				b := r.start(r.gatherer("tests.many", &calls, func(h happened) error {
					if h.Key == "b" && h.N == 7 && !mended.Load() {
						return refusal()
					}
					return nil
				}))
				r.drain(b)
				if n := r.count("SELECT count(*) FROM bus_deliveries WHERE key = 'b' AND NOT dead"); n != 13 {
					t.Errorf("%d deliveries wait, not the poisoned one and the 12 behind it", n)
				}
				if n := r.count("SELECT attempts FROM bus_deliveries WHERE error LIKE '%poison%'"); n != 1 {
					t.Errorf("%d attempts are counted", n)
				}
				r.publish(happened{Key: "a", N: 20}, happened{Key: "b", N: 20}, happened{Key: "a", N: 21})
				r.drain(b)
				want = append(want, "a20", "a21")
				var a, others []string
				mended.Store(true)
				r.clock.Advance(2 * time.Minute)
				r.drain(b)
				for _, e := range r.order("tests.many") {
					if e[0] == 'a' {
						a = append(a, e)
					} else {
						others = append(others, e)
					}
				}
				if diff := cmp.Diff(want, a); diff != "" {
					t.Error(diff)
				}
				want = nil
				for n := range 21 {
					want = append(want, fmt.Sprint("b", n))
				}
				if diff := cmp.Diff(want, others); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestABatchOfAConsumerThatWasTakenOverChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		// Another owner comes between two batches: the inbox refuses the
		// second, and the next owner handles it once.
		var tries atomic.Int64
		r.publish(numbered("a", 0, 199)...)
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{OnMany(func(ctx context.Context, _ uow.Tx, facts []Fact[happened]) error {
			if tries.Add(1) == 1 {
				if _, err := r.db.On(ctx).NewRaw("UPDATE bus_cursors SET epoch = epoch + 1").Exec(ctx); err != nil {
					return err
				}
			}
			for _, f := range facts {
				if err := r.effect(ctx, "tests.one", f.Event); err != nil {
					return err
				}
			}
			return nil
		})}})
		r.drain(b)
		if n := r.effects("tests.one"); n != 200 {
			t.Errorf("%d effects", n)
		}
		if n := r.count("SELECT count(*) FROM (SELECT DISTINCT n FROM tests_effects) AS d"); n != 200 {
			t.Errorf("%d of them differ", n)
		}
		if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 0 {
			t.Errorf("%d deliveries", n)
		}
	})
}

func TestABatchUnderWayWhenItsConsumerIsLostChangesNothing(t *testing.T) {
	r := processes(t, 1)[0]
	var tries atomic.Int64
	entered := make(chan struct{})
	r.publish(numbered("a", 0, 9)...)
	b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{OnMany(func(ctx context.Context, _ uow.Tx, facts []Fact[happened]) error {
		for _, f := range facts {
			if err := r.effect(ctx, "tests.one", f.Event); err != nil {
				return err
			}
		}
		if tries.Add(1) == 1 {
			close(entered)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})}})
	within(t, entered, "the batch")
	// As another process does that takes it over.
	r.exec("UPDATE bus_cursors SET epoch = epoch + 1")
	r.drain(b)
	if n := r.effects("tests.one"); n != 10 || tries.Load() != 2 {
		t.Errorf("%d effects in %d tries", n, tries.Load())
	}
}

func TestALongBatchCommitsWhatIsDoneAndLeavesTheRest(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var b *Bus
		var done list
		r.publish(numbered("a", 0, 9)...)
		b = r.bus(Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			if h.N < 2 {
				<-time.After(batchTime)
			}
			done.add("a%d", h.N)
			return r.effect(ctx, "tests.one", h)
		})}})
		if err := b.Start(r.ctx()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.stop(b) })
		r.drain(b)
		var want []string
		for n := range 10 {
			want = append(want, fmt.Sprint("a", n))
		}
		if diff := cmp.Diff(want, done.all()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, r.order("tests.one")); diff != "" {
			t.Error(diff)
		}
		if n := r.count("SELECT count(*) FROM bus_inbox"); n != 10 {
			t.Errorf("%d inbox rows", n)
		}
	})
}

func TestAThousandEventsCostFewStatements(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		count, n := sqldb.CountQueries(r.ctx())
		b := r.bus(r.bulkRecorder("tests.one"), r.bulkRecorder("tests.two"), r.bulkRecorder("tests.three"))
		if err := b.Start(count); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.stop(b) })
		r.drain(b)
		n.Store(0)
		for round := range 10 {
			var facts []event.Event
			for i := range 100 {
				facts = append(facts, happened{Key: fmt.Sprint(i % 7), N: round*100 + i})
			}
			r.publish(facts...) // in a context of its own, so not counted
		}
		r.drain(b)
		for _, c := range b.workers {
			if n := r.effects(c.spec.Name); n != 1000 {
				t.Errorf("%s: %d effects", c.spec.Name, n)
			}
		}
		// A batch of 128 is four statements; reads and cursors come on top, more of
		// them on a slow machine. One by one it would be 12,000.
		t.Logf("%d statements", n.Load())
		if got := n.Load(); got == 0 || got > 1000 {
			t.Errorf("%d statements for 1,000 events and 3 consumers", got)
		}
	})
}
