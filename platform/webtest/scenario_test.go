package webtest

import (
	"strings"
	"testing"

	"parley/platform/kernel/event"
)

type touched struct {
	ID int `json:"id"`
}

// EventName implements event.Event.
func (touched) EventName() string { return "things.thing_touched.v1" }

// AggregateKey implements event.Event.
func (touched) AggregateKey() string { return "thing/7" }

func TestAScenarioExpectsTheEventsThatItNamesAndNoOthers(t *testing.T) {
	api, db := touching(t)
	for name, c := range map[string]struct {
		scenario Scenario
		fails    string // what the failure speaks of; "" for none
	}{
		"the event that is named": {Scenario{Who: "jo", Method: "POST", Path: "/api/touch", Status: 200, Events: []event.Event{touched{7}}}, ""},
		"an event that is not":    {Scenario{Who: "jo", Method: "POST", Path: "/api/touch", Status: 200}, "events"},
		"another event":           {Scenario{Who: "jo", Method: "POST", Path: "/api/touch", Status: 200, Events: []event.Event{touched{8}}}, "events"},
		"none, and none is named": {Scenario{Who: "jo", Method: "GET", Path: "/api/look", Status: 200}, ""},
		"none, but one is named":  {Scenario{Who: "jo", Method: "GET", Path: "/api/look", Status: 200, Events: []event.Event{touched{7}}}, "events"},
		"a refusal":               {Scenario{Method: "GET", Path: "/api/look", Status: 401, Code: "unauthenticated"}, ""},
		"a refusal of its own":    {Scenario{Method: "GET", Path: "/api/look", Status: 401, Code: "forbidden"}, "code"},
	} {
		r := &recorder{TB: t}
		api.On(r).Watching(db).Play(c.scenario)
		if got := strings.Join(r.failures, "\n"); (got != "") != (c.fails != "") || !strings.Contains(got, c.fails) {
			t.Errorf("%s: the test fails with %q", name, got)
		}
	}
}
