package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// stream is a transport between processes as JetStream is one: it keeps what
// was published, does not wait for one ack before it sends the next message,
// and sends again from the first that is not acked. It sends each twice.
type stream struct {
	mu       sync.Mutex
	messages []*message.Message
	acked    []bool
	grown    signal
}

func (s *stream) Publish(_ string, messages ...*message.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		s.messages = append(s.messages, m.Copy())
		s.acked = append(s.acked, false)
	}
	s.grown.raise()
	return nil
}

func (s *stream) Close() error { return nil }

// at is nil for a message that was acked.
func (s *stream) at(n int) *message.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.acked[n] {
		return nil
	}
	return s.messages[n].Copy()
}

func (s *stream) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.messages)
}

func (s *stream) unacked() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, is := range s.acked {
		if !is {
			n++
		}
	}
	return n
}

func (s *stream) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		for n := 0; ; {
			grown := s.grown.next()
			if n == s.size() {
				select {
				case <-grown:
					continue
				case <-ctx.Done():
					return
				}
			}
			for range 2 {
				msg := s.at(n)
				if msg == nil {
					break
				}
				select {
				case out <- msg:
				case <-ctx.Done():
					return
				}
				go s.await(ctx, n, msg)
			}
			n++
		}
	}()
	return out, nil
}

func (s *stream) await(ctx context.Context, n int, msg *message.Message) {
	select {
	case <-msg.Acked():
		s.mu.Lock()
		s.acked[n] = true
		s.mu.Unlock()
		s.grown.raise()
	case <-ctx.Done():
	}
}

// awaitAcked returns when everything in the stream was dealt with.
func (s *stream) awaitAcked(t *testing.T, want int) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		grown := s.grown.next()
		if s.size() >= want && s.unacked() == 0 {
			return
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("%d of %d messages are not acked", s.unacked(), s.size())
		}
	}
}

// over starts a bus whose consumers take what the relay put into s.
func (r *rig) over(s *stream, consumers ...Consumer) *Bus {
	r.t.Helper()
	b, err := New(Config{
		DB: r.db, Outbox: r.outbox, Unit: r.unit, Clock: r.clock, Log: r.log, tune: quick(), Consumers: append(consumers, Relay("tests.relay", s)),
		Subscriber: func(Consumer) (message.Subscriber, error) { return s, nil },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := b.Start(r.ctx()); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { r.stop(b) })
	return b
}

func TestEventsOverAnotherTransportHaveTheSameHandlersOrderAndEffects(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var s stream
		var mended atomic.Bool
		consumer := func() Consumer {
			return r.gatherer("tests.many", &list{}, func(h happened) error {
				if h.Key == "b" && h.N == 3 && !mended.Load() {
					return errors.New("poison")
				}
				return nil
			})
		}
		var facts []event.Event
		want := map[byte][]string{}
		for n := range 700 { // more than a queue
			facts = append(facts, happened{Key: "a", N: n})
			want['a'] = append(want['a'], fmt.Sprint("a", n))
			if n < 10 {
				facts = append(facts, happened{Key: "b", N: n})
				want['b'] = append(want['b'], fmt.Sprint("b", n))
			}
		}
		r.publish(facts...)
		b := r.over(&s, consumer())
		s.awaitAcked(t, len(facts))
		if n := r.count("SELECT count(*) FROM bus_deliveries WHERE key = 'b' AND payload LIKE '%\"n\":%'"); n != 7 {
			t.Errorf("%d deliveries wait, not the poisoned one and the 6 behind it", n)
		}
		r.stop(b)
		b = r.over(&s, consumer())
		mended.Store(true)
		r.clock.Advance(2 * time.Minute)
		r.drain(b)
		r.publish(happened{Key: "a", N: 700})
		want['a'] = append(want['a'], "a700")
		s.awaitAcked(t, len(facts)+1)
		got := map[byte][]string{}
		for _, e := range r.order("tests.many") {
			got[e[0]] = append(got[e[0]], e)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		lag, err := b.Lag(r.ctx())
		if err != nil || len(lag) != 2 || lag[0].Behind != 0 {
			t.Errorf("lag %+v, %v", lag, err)
		}
	})
}

func TestALostConsumerGivesItsMessagesBackToTheTransport(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var s stream
		var tries atomic.Int64
		var b *Bus
		consumer := Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			if tries.Add(1) == 1 {
				if _, err := r.db.On(ctx).NewRaw("UPDATE bus_cursors SET epoch = epoch + 1").Exec(ctx); err != nil {
					return err
				}
			}
			return r.effect(ctx, "tests.one", h)
		})}}
		r.publish(numbered("a", 1, 50)...)
		b = r.over(&s, consumer)
		s.awaitAcked(t, 50)
		r.drain(b)
		if n := r.effects("tests.one"); n != 50 {
			t.Errorf("%d effects", n)
		}
		if n := r.count("SELECT count(*) FROM bus_deliveries"); n != 0 {
			t.Errorf("%d deliveries", n)
		}
	})
}

func TestAnyWatermillSubscriberFeedsAConsumer(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		pubsub := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, nil)
		b, err := New(Config{DB: r.db, Outbox: r.outbox, Unit: r.unit, Clock: r.clock, Log: r.log, tune: quick(),
			Subscriber: func(Consumer) (message.Subscriber, error) { return pubsub, nil },
			Consumers:  []Consumer{r.recorder("tests.one")}})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Start(r.ctx()); err != nil {
			t.Fatal(err)
		}
		sealed, err := event.Seal(r.clock.Now(), []event.Event{happened{Key: "a", N: 1}, happened{Key: "a", N: 2}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range append(sealed, sealed...) {
			msg := messageOf(outboxRow{ID: e.ID, Name: e.Name, Key: e.Key, OccurredAt: e.OccurredAt, Payload: e.Payload})
			if err := pubsub.Publish(Topic, msg, message.NewMessage("no event", nil)); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"SELECT count(*) FROM tests_effects", "SELECT count(*) FROM bus_inbox"} {
			for moved := b.progress.next(); r.count(want) < 2; moved = b.progress.next() {
				within(t, moved, "the effects")
			}
		}
		r.stop(b)
		if err := pubsub.Close(); err != nil {
			t.Error(err)
		}
		if n := r.effects("tests.one"); n != 2 {
			t.Errorf("%d effects of 2 events that came twice", n)
		}
	})
}
