package bus

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// queued waits until so many events wait in memory for the only consumer.
func (r *rig) queued(b *Bus, n int) {
	r.t.Helper()
	for {
		moved := b.progress.next()
		b.workers[0].mu.Lock()
		now := len(b.workers[0].ownership.queue)
		b.workers[0].mu.Unlock()
		if now == n {
			return
		}
		select {
		case <-moved:
		case <-r.ctx().Done():
			r.t.Fatalf("%d events wait, not %d", now, n)
		}
	}
}

func TestEventsThatFollowOthersGatherUntilTheyAreABatch(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var calls list
		c := r.gatherer("tests.many", &calls, accept)
		c.Gather = time.Hour
		b := r.start(c)
		r.publish(happened{Key: "a", N: 0}) // after a pause: it does not wait
		r.drain(b)
		r.publish(numbered("a", 1, 60)...)
		r.queued(b, 60)
		r.publish(numbered("a", 61, 120)...)
		r.queued(b, 120)
		if diff := cmp.Diff([]string{"1 happened"}, calls.all()); diff != "" {
			t.Error(diff)
		}
		r.publish(numbered("a", 121, 140)...)
		r.queued(b, 140-maxBatch)
		for r.effects("tests.many") < 1+maxBatch {
			select {
			case <-b.progress.next():
			case <-time.After(10 * time.Millisecond):
			}
		}
		if diff := cmp.Diff([]string{"1 happened", "128 happened"}, calls.all()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEventsThatGatheredAreHandledWithoutAnotherThatComes(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var calls list
		c := r.gatherer("tests.many", &calls, accept)
		c.Gather = 20 * time.Millisecond
		b := r.start(c)
		for n := range 4 {
			r.publish(happened{Key: "a", N: n})
			r.drain(b)
		}
		if diff := cmp.Diff([]string{"a0", "a1", "a2", "a3"}, r.order("tests.many")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEventsOfABatchThatFailedDoNotGather(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var calls list
		c := r.gatherer("tests.many", &calls, func(h happened) error {
			if h.Key == "b" {
				return errors.New("poison")
			}
			return nil
		})
		c.Gather = time.Hour
		r.publish(numbered("a", 1, 5)...)
		r.publish(numbered("b", 1, 5)...)
		r.publish(numbered("a", 6, 9)...)
		b := r.start(c)
		r.drain(b)
		if n := r.effects("tests.many"); n != 9 {
			t.Errorf("%d effects", n)
		}
		if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 5 {
			t.Errorf("%d events wait", n)
		}
	})
}

func TestAConsumerOfSeveralBatchesAtATimeCannotGather(t *testing.T) {
	if check([]Consumer{{Name: "tests.many", Concurrency: 2, Gather: time.Second, relay: deadLetters{}}}) == nil {
		t.Error("it was taken")
	}
}
