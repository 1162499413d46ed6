package webtest

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/web"
)

// touching is an API with a route that publishes touched{7} and one that publishes
// nothing.
func touching(t *testing.T) (Client, *memory.DB) {
	t.Helper()
	db := memory.New(clock.System{})
	touch := func(ctx context.Context, _ nothing) (*nothing, error) {
		return nil, db.Do(ctx, func(_ context.Context, tx uow.Tx) error { tx.Publish(touched{7}); return nil })
	}
	look := func(context.Context, nothing) (*nothing, error) { return nil, nil }
	return Serve(t, Actors{"jo": {UserID: 7}}, []web.Route{
		web.POST("/api/touch", "Touch", touch, web.User()),
		web.GET("/api/look", "Look", look, web.User()),
	}).As("jo"), db
}

func TestARequestOfAWatchingClientPublishesTheEventsThatItNamesAndNoOthers(t *testing.T) {
	api, db := touching(t)
	const name = Named("things.thing_touched.v1")
	for what, c := range map[string]struct {
		path     string
		expected []event.Event
		fails    bool
	}{
		"the event that is named":      {"touch", []event.Event{touched{7}}, false},
		"an event of that name":        {"touch", []event.Event{name}, false},
		"an event of another name":     {"touch", []event.Event{Named("things.thing_made.v1")}, true},
		"an event that none names":     {"touch", nil, true},
		"another event":                {"touch", []event.Event{touched{8}}, true},
		"one of two that are named":    {"touch", []event.Event{touched{7}, touched{7}}, true},
		"none, and none is named":      {"look", nil, false},
		"none, but one is named":       {"look", []event.Event{touched{7}}, true},
		"none, but a name is":          {"look", []event.Event{name}, true},
		"none of a refusal":            {"none", nil, false},
		"none, but one of a refusal's": {"none", []event.Event{touched{7}}, true},
	} {
		method := map[string]string{"touch": "POST"}[c.path]
		if method == "" {
			method = "GET"
		}
		r := &recorder{TB: t}
		api.On(r).Watching(db).Expecting(c.expected...).Do(method, "/api/"+c.path, nil)
		if got := strings.Join(r.failures, "\n"); (got != "") != c.fails || !strings.Contains(got, map[bool]string{true: "events"}[c.fails]) {
			t.Errorf("%s: the test fails with %q", what, got)
		}
	}
}

// stopper notes that a test was ended.
type stopper struct {
	testing.TB
	ended bool
}

func (s *stopper) Fatal(...any) {
	s.ended = true
	runtime.Goexit()
}

func TestNoEventsCanBeExpectedWhereNothingWatches(t *testing.T) {
	api, db := touching(t)
	for name, c := range map[string]struct {
		send func(c Client)
		ends bool
	}{
		"a request":             {func(c Client) { c.Do("GET", "/api/look", nil) }, false},
		"a request with events": {func(c Client) { c.Expecting(touched{7}).Do("POST", "/api/touch", nil) }, true},
		"several with events":   {func(c Client) { c.Expecting(touched{7}).Together("none", func(Client) {}) }, true},
		"a scenario":            {func(c Client) { c.Play(Scenario{Who: "jo", Method: "GET", Path: "/api/look", Status: 200}) }, true},
		"a watched scenario": {func(c Client) {
			c.Watching(db).Play(Scenario{Who: "jo", Method: "GET", Path: "/api/look", Status: 200})
		}, false},
		"a stream with events":      {func(c Client) { c.Watching(db).Expecting(touched{7}).Stream("POST", "/api/touch", nil) }, true},
		"watched, and then no more": {func(c Client) { c.Watching(db).Watching(nil).Do("POST", "/api/touch", nil) }, false},
	} {
		s := &stopper{TB: t}
		var wg sync.WaitGroup
		wg.Go(func() { c.send(api.On(s)) })
		wg.Wait()
		if s.ended != c.ends {
			t.Errorf("%s: the test was ended: %t", name, s.ended)
		}
	}
}

func TestWhatIsPublishedBetweenRequestsIsNobodys(t *testing.T) {
	api, db := touching(t)
	watched := api.Watching(db)
	watched.Do("GET", "/api/look", nil).Want(200)
	api.Do("POST", "/api/touch", nil).Want(200) // it watches nothing
	watched.Do("GET", "/api/look", nil).Want(200)
	watched.Expecting(touched{7}).Do("POST", "/api/touch", nil).Want(200)
}

func TestRequestsThatAreSentAtOnceAreHeldToTheirEventsTogether(t *testing.T) {
	api, db := touching(t)
	for expected, fails := range map[int]bool{0: true, 9: true, 10: false, 11: true} {
		var events []event.Event
		for range expected {
			events = append(events, touched{7})
		}
		r := &recorder{TB: t}
		api.On(r).Watching(db).Expecting(events...).Together("ten touches", func(c Client) {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { c.Do("POST", "/api/touch", nil) })
			}
			wg.Wait()
		})
		if (len(r.failures) > 0) != fails {
			t.Errorf("%d events expected: the test fails with %v", expected, r.failures)
		}
	}
}
