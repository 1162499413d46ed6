package core_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/event"
	"parley/platform/work"
)

// until waits for a message.
func (r *receiver) until(t testing.TB) message {
	t.Helper()
	select {
	case m := <-r.arrived:
		return m
	case <-time.After(time.Minute):
		t.Fatal("nothing arrived")
		return message{}
	}
}

// hanging is a receiver that answers nothing until release, or until the
// sender hangs up.
func hanging(t testing.TB) (r *receiver, release func()) {
	t.Helper()
	free := make(chan struct{})
	release = sync.OnceFunc(func() { close(free) })
	t.Cleanup(release) // before the server is closed, which waits for its requests
	r = receive(t, func(_ http.ResponseWriter, q *http.Request, _ message) {
		select {
		case <-free:
		case <-q.Context().Done():
		}
	})
	t.Cleanup(release)
	return r, release
}

func TestAReceiverThatHangsHoldsUpNoOther(t *testing.T) {
	s := newHooks(t)
	dead, release := hanging(t)
	alive := receive(t, nil)
	stuck := s.hook(dead)
	s.hook(alive)
	s.start()
	s.happen(ran(0, "first"))
	dead.until(t)
	same(t, "first", alive.until(t).run())
	for i := range 100 {
		s.happen(ran(int64(i), fmt.Sprint(i)))
	}
	seen := map[string]bool{}
	for range 100 {
		seen[alive.until(t).run()] = true
	}
	same(t, 100, len(seen))
	// No more than four at a time went to the one that hangs.
	if n := 1 + len(dead.messages()); n > 4 {
		t.Errorf("%d messages are with the receiver that hangs", n)
	}
	if got := s.get(stuck).Pending; got != 101 {
		t.Errorf("%d wait for it", got)
	}
	release()
	for range 97 {
		dead.until(t)
	}
}

func TestASubjectThatHangsHoldsUpNoOtherOfTheSameReceiver(t *testing.T) {
	free := make(chan struct{})
	s := newHooks(t)
	r := receive(t, func(_ http.ResponseWriter, q *http.Request, m message) {
		if m.run() == "hangs" {
			select {
			case <-free:
			case <-q.Context().Done():
			}
		}
	})
	t.Cleanup(sync.OnceFunc(func() { close(free) }))
	s.hook(r)
	s.start()
	s.happen(ran(1, "hangs"))
	same(t, "hangs", r.until(t).run())
	s.happen(ran(1, "behind it"), ran(2, "another"), ran(2, "one more"))
	same(t, "another", r.until(t).run())
	same(t, "one more", r.until(t).run())
}

func TestDeletingAWebhookBreaksOffWhatIsOnItsWay(t *testing.T) {
	broken := make(chan struct{})
	s := newHooks(t)
	r := receive(t, func(_ http.ResponseWriter, q *http.Request, _ message) {
		<-q.Context().Done()
		close(broken)
	})
	w := s.hook(r)
	s.start()
	s.happen(ran(1, "a"), ran(1, "b"))
	r.until(t)
	_, err := s.Delete(s.ctx, boss, w.ID)
	s.must(err)
	select {
	case <-broken:
	case <-time.After(time.Minute):
		t.Fatal("the request goes on")
	}
	same(t, 0, len(r.messages()))
}

// A stop between the sending and the note of it lets the same message come
// again, under the same id.
func TestWhatAStoppedProcessSentComesAgainUnderItsID(t *testing.T) {
	s := newHooks(t)
	r, release := hanging(t)
	w := s.hook(r)
	s.must(s.runner.Start(s.ctx))
	s.happen(ran(1, "a"))
	first := r.until(t)
	s.must(s.runner.Stop(context.WithoutCancel(s.ctx)))
	same(t, []any{core.DeliveryReady, int64(0)}, []any{s.log(w)[0].State, s.log(w)[0].Attempts})
	release()
	s.restart()
	s.start()
	second := r.until(t)
	same(t, []string{first.ID, string(first.Raw)}, []string{second.ID, string(second.Raw)})
}

func TestAReceiverThatIsSlowGetsEverythingInOrder(t *testing.T) {
	s := newHooks(t)
	r := receive(t, nil)
	s.hook(r)
	s.start()
	var facts []event.Event
	for i := range 300 {
		facts = append(facts, ran(int64(i%3), fmt.Sprintf("%03d", i)))
	}
	s.happen(facts...)
	last := map[string]string{}
	for range 300 {
		m := r.until(t)
		if m.run() <= last[m.Event.Subject] {
			t.Errorf("%s came after %s", m.run(), last[m.Event.Subject])
		}
		last[m.Event.Subject] = m.run()
	}
}

func TestAReceiverThatCannotBeReachedIsNotTriedForEachSubject(t *testing.T) {
	s := newHooks(t)
	r := receive(t, nil)
	w := s.hook(r)
	r.Close()
	var facts []event.Event
	for i := range 50 {
		facts = append(facts, ran(int64(i), fmt.Sprint(i)))
	}
	s.happen(facts...)
	s.drain()
	attempts := int64(0)
	for _, d := range s.log(w) {
		attempts += d.Attempts
	}
	if attempts < 4 || attempts > 8 { // four in a row, and those that were under way
		t.Errorf("%d attempts", attempts)
	}
	// It comes back, and gets everything.
	alive := receiveAt(t, r.Listener.Addr().String())
	for range 3 {
		s.clock.Advance(2 * time.Minute)
		s.drain()
	}
	same(t, 50, len(alive.messages()))
	same(t, int64(0), s.get(w).Pending)
}

// attempts are those of all deliveries of a webhook.
func (s *hooks) attempts(w core.Webhook) (n int64) {
	s.t.Helper()
	for _, d := range s.log(w) {
		n += d.Attempts
	}
	return n
}

// Neither the retries of what failed nor new events wake a receiver that rests.
func TestAReceiverThatCannotBeReachedRests(t *testing.T) {
	for name, c := range map[string]struct {
		behind int   // deliveries that are due already
		most   int64 // attempts in a minute
	}{
		"while much is due":             {70, 2 * 7},
		"while one event after another": {0, 11*3 + 7}, // a short rest after three at most
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newHooks(t), receive(t, nil)
			w := s.hook(r)
			r.Close()
			want := map[string][]string{}
			event := func(n int) {
				thread := int64(n % 80) // with much due, the last events wait behind others of their subjects
				want[fmt.Sprint("thread/", thread)] = append(want[fmt.Sprint("thread/", thread)], fmt.Sprint(n))
				s.happen(ran(thread, fmt.Sprint(n)))
			}
			for n := range c.behind {
				event(n)
			}
			for second := range 60 {
				if second%3 == 0 {
					event(c.behind + second/3)
				}
				s.drain()
				s.clock.Advance(time.Second)
			}
			if n := s.attempts(w); n < 8 || n > c.most {
				t.Errorf("%d attempts in a minute", n)
			}
			alive := receiveAt(t, r.Listener.Addr().String())
			for range 3 {
				s.clock.Advance(2 * time.Minute)
				s.drain()
			}
			got := map[string][]string{}
			for _, m := range alive.messages() {
				got[m.Event.Subject] = append(got[m.Event.Subject], m.run())
			}
			same(t, want, got)
			same(t, int64(0), s.get(w).Pending)
		})
	}
}

func TestAReceiverThatCannotBeReachedForADayIsSwitchedOffThoughItRests(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	r.Close()
	began := s.clock.Now()
	for n := range 60 {
		s.happen(ran(int64(n), fmt.Sprint(n)))
	}
	for s.get(w).IsEnabled {
		s.drain()
		s.clock.Advance(10 * time.Minute)
		if s.clock.Now().Sub(began) > 27*time.Hour {
			t.Fatal("it is still on")
		}
	}
	if took := s.clock.Now().Sub(began); took < 24*time.Hour {
		t.Errorf("it was switched off after %v", took)
	}
}

// lagging is a store in which something happens before a process looks again
// for what is due.
type lagging struct {
	core.WebhookStore
	looks     int
	meanwhile func()
}

// DueDeliveries implements core.DeliveryStore.
func (l *lagging) DueDeliveries(ctx context.Context, webhookID int64, now time.Time, except []int64, limit int) ([]core.Delivery, error) {
	if l.looks++; l.looks == 2 {
		l.meanwhile()
	}
	return l.WebhookStore.DueDeliveries(ctx, webhookID, now, except, limit)
}

func TestARetryThatAProcessWhoseClockIsFastWakesTooEarlyComes(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	r.answer(func(w http.ResponseWriter, _ *http.Request, _ message) { w.WriteHeader(500) })
	s.Store = &lagging{WebhookStore: s.Store, meanwhile: func() {
		r.answer(nil)
		other, err := work.NewRunner(work.Config{Queue: s.queue, Kinds: s.WorkKinds(), Owner: "other", Log: slog.New(slog.DiscardHandler)})
		s.must(err)
		s.clock.Advance(10 * time.Second)
		_, err = other.Drain(s.ctx)
		s.must(err)
		s.clock.Advance(-10 * time.Second)
	}}
	s.happen(ran(5, "5a"))
	s.drain()
	same(t, 1, len(r.messages()))
	s.clock.Advance(10 * time.Second)
	s.drain()
	same(t, core.DeliveryDelivered, s.log(w)[0].State)
}
