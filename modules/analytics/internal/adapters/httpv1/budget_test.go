package httpv1

import (
	"strings"
	"testing"

	"parley/modules/analytics"
	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
	"parley/platform/webtest"
)

func TestTheTokenBudgetOfAnOrganization(t *testing.T) {
	c := clock.NewFixed(now)
	db := memory.New(c)
	service := core.New(memstore.New(db), c).ChangeBy(db)
	if err := service.Record(t.Context(), core.Fact{Origin: "run/1", OrganizationID: 1, OccurredOn: now, Measures: core.Measures{Runs: 1, PromptTokens: 100, CompletionTokens: 20}},
		core.Fact{Origin: "run/2", OrganizationID: 1, OccurredOn: now.AddDate(0, -1, 0), Measures: core.Measures{PromptTokens: 7}}); err != nil {
		t.Fatal(err)
	}
	client := webtest.Serve(t, webtest.Actors{
		"global": {UserID: 1, OrganizationID: 1, Email: "g@example.com", Level: actor.GlobalAdmin}, "stranger": {UserID: 2, OrganizationID: 2, Level: actor.GlobalAdmin},
		"application": {UserID: 3, OrganizationID: 1, Level: actor.ApplicationAdmin}, "user": {UserID: 4, OrganizationID: 1},
	}, New(service).Routes()).Watching(db)
	const path = "/api/analytics/budget"
	changed := func(tokens, warn int64) []event.Event {
		return []event.Event{analytics.BudgetChanged{OrganizationID: 1, Tokens: tokens, WarnAtPercent: warn, ChangedBy: 1}}
	}
	for _, s := range []webtest.Scenario{
		{Who: "global", Method: "GET", Path: path, Status: 404, Code: "analytics.no_budget"},
		{Who: "global", Method: "DELETE", Path: path, Status: 404, Code: "analytics.no_budget"},
		{Who: "global", Method: "PUT", Path: path, Body: `{}`, Status: 400, Code: "malformed_request"},
		{Who: "global", Method: "PUT", Path: path, Body: `{"tokens":0}`, Status: 422, Code: "unacceptable_value"},
		{Who: "global", Method: "PUT", Path: path, Body: `{"tokens":1000000000000001}`, Status: 422, Code: "unacceptable_value"},
		{Who: "global", Method: "PUT", Path: path, Body: `{"tokens":10,"warn_at_percent":101}`, Status: 422, Code: "unacceptable_value"},
		{Who: "global", Method: "PUT", Path: path, Body: `{"tokens":1000}`, Status: 200, Events: changed(1000, 80)},
		{Who: "global", Method: "PUT", Path: path, Body: `{"tokens":1000}`, Status: 200},
		{Who: "stranger", Method: "GET", Path: path, Status: 404, Code: "analytics.no_budget"},
		{Who: "application", Method: "GET", Path: path, Status: 403, Code: "forbidden"},
		{Who: "user", Method: "PUT", Path: path, Body: `{"tokens":1}`, Status: 403, Code: "forbidden"},
		{Who: "application", Method: "DELETE", Path: path, Status: 403, Code: "forbidden"},
	} {
		client.Play(s)
	}
	want := `"data":{"tokens":1000,"warn_at_percent":80,"used":120,"period":"2026-05","resets_on":"2026-06-01T00:00:00.000000Z","created_by":"g@example.com",`
	if a := client.As("global").Do("GET", path, nil).Want(200); !strings.Contains(string(a.Body), want) {
		t.Errorf("got %s", a.Body)
	}
	client.Play(webtest.Scenario{Who: "global", Method: "PUT", Path: path, Body: `{"tokens":1000,"warn_at_percent":50}`, Status: 200, Events: changed(1000, 50)})
	client.Play(webtest.Scenario{Who: "global", Method: "DELETE", Path: path, Status: 200, Events: changed(0, 0)})
	client.Play(webtest.Scenario{Who: "global", Method: "GET", Path: path, Status: 404, Code: "analytics.no_budget"})
}
