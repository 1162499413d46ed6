package bus

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// choosy is a recorder that wants the events of some keys.
func (r *rig) choosy(name string, wants func(key string) (bool, error)) Consumer {
	c := r.recorder(name)
	c.Wants = func(_ context.Context, list []event.Envelope) ([]bool, error) {
		out := make([]bool, len(list))
		for i, e := range list {
			var err error
			if out[i], err = wants(e.Key); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return c
}

func onlyB(key string) (bool, error) { return key == "b", nil }

func TestWhatAConsumerDoesNotWantHasNoInboxRowAndIsNotHandled(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		facts := numbered("a", 1, 150)
		for n := range 3 {
			facts = slices.Insert(facts, 40*n, event.Event(happened{Key: "b", N: n}))
		}
		r.publish(facts...)
		b := r.start(r.choosy("tests.choosy", onlyB))
		r.drain(b)
		r.publish(happened{Key: "a", N: 151}) // alone, by way of the router
		r.drain(b)
		r.publish(happened{Key: "b", N: 3})
		r.drain(b)
		if diff := cmp.Diff([]string{"b0", "b1", "b2", "b3"}, r.order("tests.choosy")); diff != "" {
			t.Error(diff)
		}
		if n := r.count("SELECT count(*) FROM bus_inbox"); n != 4 {
			t.Errorf("%d inbox rows", n)
		}
		r.stop(b)
		if n := r.count("SELECT count(*) FROM bus_cursors WHERE seq = (SELECT max(seq) FROM bus_outbox)"); n != 1 {
			t.Error("the place of the consumer did not pass what it does not want")
		}
	})
}

func TestNothingIsCommittedForEventsThatNobodyWants(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(r.choosy("tests.choosy", onlyB))
		r.drain(b)
		var units atomic.Int64
		b.unit = counted{b.unit, &units}
		r.publish(numbered("a", 1, 200)...)
		r.publish(happened{Key: "a", N: 201})
		r.drain(b)
		if n := units.Load(); n != 0 {
			t.Errorf("%d units of work", n)
		}
	})
}

func TestAnEventIsNotPassedOverWhenItCannotBeSaidWhetherItIsWanted(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var broken atomic.Bool
		broken.Store(true)
		r.publish(numbered("b", 1, 4)...)
		b := r.start(r.choosy("tests.choosy", func(key string) (bool, error) {
			if broken.Load() {
				return false, errors.New("the database is away")
			}
			return onlyB(key)
		}))
		r.drain(b)
		if n := r.count("SELECT count(*) FROM bus_deliveries WHERE NOT dead"); n != 4 {
			t.Errorf("%d events wait", n)
		}
		broken.Store(false)
		r.clock.Advance(2 * time.Minute)
		r.drain(b)
		if diff := cmp.Diff([]string{"b1", "b2", "b3", "b4"}, r.order("tests.choosy")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALongBatchLeavesTheRestWithThoseThatAreNotWantedAmongThem(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var facts []event.Event
		for n := range 4 {
			facts = append(facts, happened{Key: "a", N: n}, happened{Key: "b", N: n})
		}
		r.publish(facts...)
		c := r.choosy("tests.choosy", onlyB)
		record := c.Handlers[0].handle
		c.Handlers[0].handle = func(ctx context.Context, tx uow.Tx, list []event.Envelope) error {
			<-time.After(batchTime)
			return record(ctx, tx, list)
		}
		b := r.start(c)
		r.drain(b)
		if diff := cmp.Diff([]string{"b0", "b1", "b2", "b3"}, r.order("tests.choosy")); diff != "" {
			t.Error(diff)
		}
		if n := r.count("SELECT count(*) FROM bus_inbox"); n != 4 {
			t.Errorf("%d inbox rows", n)
		}
	})
}

// counted counts the units of work that the bus begins.
type counted struct {
	uow.Unit
	n *atomic.Int64
}

func (c counted) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	c.n.Add(1)
	return c.Unit.Do(ctx, fn)
}
