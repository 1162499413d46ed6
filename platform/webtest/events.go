package webtest

import (
	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
)

// Published knows the events that were published so far, oldest first. A
// memory.DB does.
type Published interface{ Published() []event.Event }

// Watching holds each request to the events that Expecting names: one that
// publishes others, or that names none and publishes any, fails the test. What is
// published between requests is nobody's. Requests that go on at once are watched
// as a whole, by Together, and so is a Stream, which is read while others go on.
// With nil nothing is watched.
func (c Client) Watching(log Published) Client {
	c.log = log
	return c
}

// Expecting names all events that each request of the client publishes, in order.
// Its client has to be one that is Watching.
func (c Client) Expecting(events ...event.Event) Client {
	c.expected = events
	return c
}

// Together is for requests that go on at once, of which nobody can say which
// published what. It hands send a client that watches none of them, and holds all
// that is published meanwhile to the events that Expecting names.
func (c Client) Together(what string, send func(c Client)) {
	c.t.Helper()
	published := c.watch()
	one := c
	one.log, one.expected = nil, nil
	send(one)
	c.holds(what, published())
}

// watch answers a function that answers what was published since.
func (c Client) watch() func() []event.Event {
	c.t.Helper()
	if c.log == nil {
		if c.expected != nil {
			c.t.Fatal("events are expected of a client that watches no log")
		}
		return func() []event.Event { return nil }
	}
	before := len(c.log.Published())
	return func() []event.Event { return c.log.Published()[before:] }
}

// holds fails the test when other events were published than the expected ones.
func (c Client) holds(what string, published []event.Event) {
	c.t.Helper()
	if diff := different(c.expected, published); diff != "" {
		c.t.Errorf("%s: events (- expected, + published):\n%s", what, diff)
	}
}

// Named is any event of a name, where what it says is tested elsewhere or is new
// each time.
type Named string

// EventName implements event.Event.
func (n Named) EventName() string { return string(n) }

// AggregateKey implements event.Event.
func (Named) AggregateKey() string { return "" }

// different shows how what was published differs from what is expected.
func different(expected, published []event.Event) string {
	got := append([]event.Event{}, published...)
	for i := range got[:min(len(got), len(expected))] {
		if name, ok := expected[i].(Named); ok && got[i].EventName() == string(name) {
			got[i] = name
		}
	}
	return cmp.Diff(append([]event.Event{}, expected...), got)
}
