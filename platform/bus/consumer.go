package bus

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// maxConcurrency bounds the keys that one consumer handles at a time.
const maxConcurrency = 64

// Consumer is one reader of the event stream with its own place in it.
type Consumer struct {
	// Name is "<module>.<purpose>", such as "analytics.usage". It is the key
	// of the stored place, so it stays for ever: a new name starts from the
	// oldest event still kept.
	Name     string
	Handlers []Handler
	// Concurrency is how many keys are handled at the same time, at most 64;
	// 0 and 1 mean one event after the other. Each key keeps its order.
	Concurrency int
	// PerProcess makes the consumer run in every process rather than in one,
	// for what lives in memory, such as caches. It sees the events that
	// commit after Start returned, and on PostgreSQL also those that
	// committed while a transaction was open that is older than they are and
	// outlived Start, in whichever database of the server. It has no inbox, so an event may come
	// twice, as the last 1,000 do when PostgreSQL has lost some, and after failing its retries in place an event is logged and
	// dropped. Its handlers get a tx that refuses to publish and no
	// transaction in their context.
	PerProcess bool
	// Wants answers for each event whether the consumer has anything to do about
	// it; nil wants all. What it does not want is passed over, without a unit of
	// work and without an inbox row. It is asked when the events have committed,
	// outside a unit of work and maybe again, and only reads: whatever committed
	// before an event it must see. Its error is like that of a handler. Events
	// that wait in bus_deliveries are wanted.
	Wants func(ctx context.Context, list []event.Envelope) ([]bool, error)
	// Gather is the longest that events gather under load, so that one unit of
	// work takes more of them. Up to 250 events a second each is taken at once,
	// from 500 on they gather for all of it, and in between for a part. Besides,
	// a consumer that is dear, or on a slow machine, works for a third of the time:
	// it owes a rest of twice the time of each batch, and what it owes above Gather
	// it takes before the next. Six events or more within about 10 ms gather for all
	// of it, after a pause too: those who caused them go on at once, and are served
	// first. An event that comes alone after a pause of this length never waits.
	Gather time.Duration

	relay message.Publisher // see Relay
}

// Handler is what a consumer does about one kind of event. Make it with On or
// OnMany.
type Handler struct {
	Event  string
	many   bool // handle takes any number of events, not one
	mixed  *mixed
	handle func(ctx context.Context, tx uow.Tx, list []event.Envelope) error
}

// mixed is shared by the handlers whose events are handled together.
type mixed struct{ _ byte }

// OnEnvelopes makes the handlers of all events of these names as they are
// stored, for consumers that know no types. handle takes all that wait, of
// whatever names, as that of OnMany does.
func OnEnvelopes(names []string, handle func(ctx context.Context, tx uow.Tx, list []event.Envelope) error) []Handler {
	together := &mixed{}
	out := make([]Handler, len(names))
	for i, name := range names {
		out[i] = Handler{Event: name, many: true, mixed: together, handle: handle}
	}
	return out
}

// joins reports whether an event of another handler may come in the same call.
func (h Handler) joins(other Handler) bool {
	return h.Event == other.Event || (h.mixed != nil && h.mixed == other.mixed)
}

// Fact is an event with the envelope that it came in.
type Fact[E event.Event] struct {
	Event    E
	Envelope event.Envelope
}

// On makes the handler of events E, a struct type (not a pointer).
//
// handle runs within a unit of work; its writes through ctx, what it
// publishes, and the note that the event was handled commit together. It must
// not call the network and must end within 30 seconds. Its error rolls
// everything back and brings the event again later. Under load one unit has
// many events, so what handle does outside the database may happen again.
func On[E event.Event](handle func(ctx context.Context, tx uow.Tx, fact E, e event.Envelope) error) Handler {
	h := OnMany(func(ctx context.Context, tx uow.Tx, facts []Fact[E]) error {
		for _, f := range facts {
			if err := handle(ctx, tx, f.Event, f.Envelope); err != nil {
				return err
			}
		}
		return nil
	})
	h.many = false
	return h
}

// OnMany makes the handler of events E that takes all that wait, at least one
// and at most 128, in order. It is worth it when many events cost as few
// statements as one. What On says of handle holds for it, too; when it fails,
// the events come again one at a time.
func OnMany[E event.Event](handle func(ctx context.Context, tx uow.Tx, facts []Fact[E]) error) Handler {
	var zero E
	return Handler{Event: zero.EventName(), many: true, handle: func(ctx context.Context, tx uow.Tx, list []event.Envelope) error {
		facts := make([]Fact[E], len(list))
		for i, e := range list {
			facts[i].Envelope = e
			if err := e.Decode(&facts[i].Event); err != nil {
				return final{error: err, permanent: true}
			}
		}
		return handle(ctx, tx, facts)
	}}
}

// final is an error that is not worth a retry in place; a permanent one is
// not worth a later one either.
type final struct {
	error
	permanent bool
}

// Unwrap gives the error itself.
func (f final) Unwrap() error { return f.error }

var consumerName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

// check answers every mistake in the list at once.
func check(consumers []Consumer) error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	names := map[string]bool{}
	for _, c := range consumers {
		if len(c.Name) > 100 || !consumerName.MatchString(c.Name) {
			bad("the consumer name %q is not like module.purpose", c.Name)
		}
		if names[c.Name] {
			bad("two consumers are named %s", c.Name)
		}
		names[c.Name] = true
		if c.Concurrency < 0 || c.Concurrency > maxConcurrency {
			bad("consumer %s: the concurrency %d is not between 0 and %d", c.Name, c.Concurrency, maxConcurrency)
		}
		if len(c.Handlers) == 0 && c.relay == nil {
			bad("consumer %s has no handlers", c.Name)
		}
		if c.PerProcess && c.Wants != nil {
			bad("consumer %s runs in every process, so it has no inbox that Wants could spare", c.Name)
		}
		if c.Gather != 0 && (c.Gather < 0 || c.PerProcess || c.Concurrency > 1) {
			bad("consumer %s can't let events gather: only one that takes one batch after the other can", c.Name)
		}
		events := map[string]bool{}
		for _, h := range c.Handlers {
			switch {
			case h.Event == "" || h.handle == nil:
				bad("consumer %s has a handler that was not made with On or OnMany", c.Name)
			case events[h.Event]:
				bad("consumer %s has two handlers of %s", c.Name, h.Event)
			}
			events[h.Event] = true
		}
	}
	return errors.Join(all...)
}

// noPublish is the tx of handlers that have no unit of work.
type noPublish struct{ tried bool }

// Publish implements uow.Tx.
func (n *noPublish) Publish(...event.Event) { n.tried = true }

var errPublished = errors.New("a consumer that runs in every process cannot publish")

// runLoose calls a handler without a unit of work.
func runLoose(ctx context.Context, h Handler, e event.Envelope) error {
	tx := &noPublish{}
	err := h.handle(ctx, tx, []event.Envelope{e})
	if err == nil && tx.tried {
		err = final{error: errPublished, permanent: true}
	}
	return err
}
