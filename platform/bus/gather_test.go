package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
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
		r.publish(numbered("a", 1, maxBatch)...) // after a pause, so they do not wait; a load for those that follow
		r.drain(b)
		r.publish(numbered("b", 1, 60)...)
		r.queued(b, 60)
		r.publish(numbered("b", 61, 120)...)
		r.queued(b, 120)
		if diff := cmp.Diff([]string{"128 happened"}, calls.all()); diff != "" {
			t.Error(diff)
		}
		r.publish(numbered("b", 121, 140)...)
		r.queued(b, 140-maxBatch)
		ctx := r.ctx()
		for r.effects("tests.many") < 2*maxBatch {
			select {
			case <-b.progress.next():
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				t.Fatalf("%d effects", r.effects("tests.many"))
			}
		}
		if diff := cmp.Diff([]string{"128 happened", "128 happened"}, calls.all()); diff != "" {
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
		for range 3 {
			r.publish(numbered("a", 1, maxBatch)...)
			r.publish(happened{Key: "b", N: 1})
			r.drain(b)
		}
		if n := r.effects("tests.many"); n != 3*maxBatch+3 {
			t.Errorf("%d effects", n)
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
		r.publish(numbered("a", 1, 2)...) // in all fewer than a burst
		r.publish(numbered("b", 1, 2)...)
		r.publish(numbered("a", 3, 3)...)
		b := r.start(c)
		r.drain(b)
		if n := r.effects("tests.many"); n != 3 {
			t.Errorf("%d effects", n)
		}
		if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 2 {
			t.Errorf("%d events wait", n)
		}
	})
}

func TestAConsumerOfSeveralBatchesAtATimeCannotGather(t *testing.T) {
	if check([]Consumer{{Name: "tests.many", Concurrency: 2, Gather: time.Second, relay: deadLetters{}}}) == nil {
		t.Error("it was taken")
	}
}

// arrivals is a transport that notes how long each event waited in the queue.
type arrivals struct {
	takes   func(batch int) time.Duration
	mu      sync.Mutex
	came    map[string]time.Time
	waited  []time.Duration
	batches int
}

func (a *arrivals) Publish(_ string, messages ...*message.Message) error {
	time.Sleep(a.takes(a.note(messages)))
	return nil
}

func (a *arrivals) note(messages []*message.Message) (batch int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.batches++
	for _, m := range messages {
		a.waited = append(a.waited, time.Since(a.came[m.UUID]))
	}
	return a.batches
}

func (a *arrivals) comes(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.came[id] = time.Now()
}

func (a *arrivals) Close() error { return nil }

// gathered feeds a consumer that lets events gather for 100 ms with two seconds
// of events at a rate, and answers how they waited. takes is how long a batch
// takes, by its number.
func gathered(t *testing.T, rate int, takes func(batch int) time.Duration) *arrivals {
	times := make([]time.Duration, 2*rate)
	for i := range times {
		times[i] = time.Duration(i+1) * (time.Second / time.Duration(rate))
	}
	return gatheredAt(t, times, takes)
}

// gatheredAt is gathered with events at these times from the beginning.
func gatheredAt(t *testing.T, times []time.Duration, takes func(batch int) time.Duration) *arrivals {
	a := &arrivals{takes: takes, came: map[string]time.Time{}}
	synctest.Test(t, func(t *testing.T) {
		b := &Bus{metrics: newMetrics(), nudged: make(chan struct{}, 1), urgent: make(chan struct{}, 1)}
		w := newWorker(b, Consumer{Name: "tests.relay", Gather: 100 * time.Millisecond, relay: a})
		w.begin(context.Background(), 1, position{}, position{}, map[string]*blockedKey{})
		go func() { // in the place of the router
			for m := range w.out {
				_ = a.Publish("", m)
				m.Ack()
			}
		}()
		began := time.Now()
		for n := 0; n < len(times); {
			time.Sleep(times[n] - time.Since(began))
			var came []outboxRow
			for at := times[n]; n < len(times) && times[n] == at; n++ {
				came = append(came, outboxRow{Seq: int64(n) + 1, ID: fmt.Sprint(n), Key: fmt.Sprint(n), Name: "tests.happened.v1"})
				a.comes(fmt.Sprint(n))
			}
			w.offer(came, false)
			synctest.Wait()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		w.close()
		if len(a.waited) != len(times) {
			t.Errorf("%d of %d events arrived", len(a.waited), len(times))
		}
	})
	return a
}

func TestAtALowRateEventsAreTakenAtOnceAndAtAHighRateTheyGather(t *testing.T) {
	none := func(int) time.Duration { return 0 }
	for _, rate := range []int{1, 20, 200} {
		if a := gathered(t, rate, none); slices.Max(a.waited) != 0 {
			t.Errorf("at %d a second an event waited for %s", rate, slices.Max(a.waited))
		}
	}
	for _, rate := range []int{500, 1000} {
		a := gathered(t, rate, none)
		second := a.waited[rate:]
		if slices.Max(second) < 80*time.Millisecond || slices.Max(a.waited) > 100*time.Millisecond {
			t.Errorf("at %d a second events waited for up to %s, at the beginning %s", rate, slices.Max(second), slices.Max(a.waited))
		}
		if most := 2*10 + rate/4; a.batches > most {
			t.Errorf("at %d a second there were %d batches, more than %d", rate, a.batches, most)
		}
	}
}

func TestAConsumerThatTakesLongWorksForAThirdOfTheTime(t *testing.T) {
	a := gathered(t, 200, func(int) time.Duration { return 4 * time.Millisecond })
	if longest := slices.Max(a.waited); longest > 12*time.Millisecond {
		t.Errorf("an event waited for %s", longest)
	}
	// In the beginning it may owe 100 ms of rest, 7 ms more each 5 ms.
	if most := int(2*time.Second/(12*time.Millisecond)) + 16; a.batches > most {
		t.Errorf("%d batches in two seconds, more than %d", a.batches, most)
	}
	a = gathered(t, 200, func(int) time.Duration { return time.Second / 2 })
	if slices.Max(a.waited) > time.Second/2+100*time.Millisecond {
		t.Errorf("an event waited for %s, longer than the batch before it and the longest pause", slices.Max(a.waited))
	}
}

func TestNobodyWaitsAfterABatchThatWasSlowByChance(t *testing.T) {
	a := gathered(t, 200, func(batch int) time.Duration {
		if batch%50 == 0 {
			return 40 * time.Millisecond
		}
		return time.Millisecond
	})
	if longest := slices.Max(a.waited); longest > 40*time.Millisecond {
		t.Errorf("an event waited for %s, longer than for the end of the slow batch", longest)
	}
}

// atOnce are n events that come at the same time.
func atOnce(n int, at time.Duration) []time.Duration { return slices.Repeat([]time.Duration{at}, n) }

func TestAConsumerStandsBackForThoseWhoCausedABurst(t *testing.T) {
	none := func(int) time.Duration { return 0 }
	const quiet = time.Second // before it
	few := gatheredAt(t, atOnce(burstBegins-1, quiet), none)
	if longest := slices.Max(few.waited); longest != 0 {
		t.Errorf("of few events one waited for %s", longest)
	}
	ends := gatheredAt(t, atOnce(16, quiet), none)
	if first := slices.Min(ends.waited); first != 100*time.Millisecond || ends.batches != 1 {
		t.Errorf("16 events that came at once took %d batches and waited for at least %s", ends.batches, first)
	}
	later := gatheredAt(t, slices.Concat(atOnce(4, quiet), atOnce(4, quiet+2*time.Millisecond), atOnce(4, quiet+4*time.Millisecond), atOnce(4, quiet+50*time.Millisecond)), none)
	if later.batches != 2 || slices.Max(later.waited[4:]) != 100*time.Millisecond {
		t.Errorf("16 events, some at a time, took %d batches and waited for up to %s", later.batches, slices.Max(later.waited))
	}
	next := gatheredAt(t, append(atOnce(16, quiet), atOnce(16, quiet+400*time.Millisecond)...), none)
	if first := slices.Min(next.waited); first != 100*time.Millisecond {
		t.Errorf("of two bursts an event waited for %s", first)
	}
}

func TestABurstThatDoesNotEndIsWaitedForNoLongerThanEventsGather(t *testing.T) {
	var times []time.Duration
	for at := time.Duration(0); at < 400*time.Millisecond; at += 10 * time.Millisecond {
		times = append(times, atOnce(10, time.Second+at)...)
	}
	if a := gatheredAt(t, times, func(int) time.Duration { return 0 }); slices.Max(a.waited) > 101*time.Millisecond {
		t.Errorf("an event waited for %s", slices.Max(a.waited))
	}
}
