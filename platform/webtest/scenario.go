package webtest

import (
	"net/http"

	"parley/platform/kernel/event"
)

// Scenario is one request with all that comes of it, as a row of a table.
type Scenario struct {
	Who    string // the caller's token; "" sends none
	Method string
	Path   string
	Body   any // as Client.Do takes it
	Status int
	Code   string // of an error
	// Events are all that the request publishes, in order. A scenario that
	// names none expects none.
	Events []event.Event
}

// Play sends the request of a scenario and fails the test when its answer or
// its events are not the expected ones. Its client has to be one that is Watching.
func (c Client) Play(s Scenario) Answer {
	c.t.Helper()
	if c.log == nil {
		c.t.Fatal("a scenario is played by a client that watches no log")
	}
	a := c.Expecting(s.Events...).As(s.Who).Do(s.Method, s.Path, s.Body).Want(s.Status)
	if s.Code != "" || a.Status >= http.StatusBadRequest {
		if code := a.Code(); code != s.Code {
			c.t.Errorf("%s: code %q, want %q: %s", a.What, code, s.Code, a.Body)
		}
	}
	return a
}
