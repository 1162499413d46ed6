package httpv1

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/money"
	"parley/platform/memory"
	"parley/platform/webtest"
)

var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// api has two runs of organization 1: one of today in team 2, project 3,
// agent 4, one at 23:00 UTC ten days before in no team, project 30, agent 40.
func api(t *testing.T) webtest.Client {
	t.Helper()
	c := clock.NewFixed(now)
	db := memory.New(c)
	service := core.New(memstore.New(db), c)
	runs := []core.Fact{
		{Origin: "run/1", OrganizationID: 1, TeamID: 2, ProjectID: 3, AgentID: 4, UserID: 5, QuerySource: "api", Model: "m", OccurredOn: now, Measures: core.Measures{Runs: 1, PromptTokens: 100, CompletionTokens: 20, Cost: money.Amount{Nano: 16_920_000}}},
		{Origin: "run/2", OrganizationID: 1, ProjectID: 30, AgentID: 40, UserID: 6, QuerySource: "mail", Model: "n", OccurredOn: time.Date(2026, 5, 10, 23, 0, 0, 0, time.UTC), Measures: core.Measures{Runs: 1, PromptTokens: 7, Cost: money.Amount{Nano: 5_000_000_000}}},
	}
	items := []core.Item{
		{Kind: core.User, EntityID: 5}, {Kind: core.User, EntityID: 6}, {Kind: core.User, EntityID: 7}, {Kind: core.Team, EntityID: 2},
		{Kind: core.Project, EntityID: 3, TeamID: 2}, {Kind: core.Project, EntityID: 30}, {Kind: core.Agent, EntityID: 4, ProjectID: 3}, {Kind: core.Agent, EntityID: 40, ProjectID: 30},
		{Kind: core.Corpus, EntityID: 1}, {Kind: core.Document, EntityID: 1},
	}
	if err := service.Record(context.Background(), runs...); err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		i.OrganizationID = 1
		if err := service.AddItem(context.Background(), i); err != nil {
			t.Fatal(err)
		}
	}
	names := []core.Name{
		{Kind: core.User, EntityID: 5, Name: "=Jo, \"the\" first"}, {Kind: core.Agent, EntityID: 4, Name: "Guide"}, {Kind: core.Agent, EntityID: 40, Name: "Élan"},
		{Kind: core.Team, EntityID: 2, Name: "Sales"}, {Kind: core.Project, EntityID: 3, Name: "Handbook"},
	}
	for i := range names {
		names[i].OrganizationID = 1
	}
	if err := service.SetNames(context.Background(), names...); err != nil {
		t.Fatal(err)
	}
	on := func(r actor.Resource, id int64, role actor.Role) actor.Actor {
		return actor.Actor{UserID: 8, OrganizationID: 1, Grants: []actor.Grant{{Resource: r, ID: id, Role: role}}}
	}
	return webtest.Serve(t, webtest.Actors{
		"global": {UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}, "stranger": {UserID: 2, OrganizationID: 2, Level: actor.GlobalAdmin},
		"application": {UserID: 3, OrganizationID: 1, Level: actor.ApplicationAdmin}, "user": {UserID: 4, OrganizationID: 1},
		"team": on(actor.Team, 2, actor.Admin), "project": on(actor.Project, 30, actor.Admin), "agent": on(actor.Agent, 40, actor.Admin), "member": on(actor.Team, 2, actor.Member),
	}, New(service).Routes()).Watching(db)
}

func totals(users, active, teams, projects, agents, corpora, documents, queries, tokens int, cost string) string {
	return fmt.Sprintf(`{"users":%d,"active_users":%d,"teams":%d,"projects":%d,"agents":%d,"corpora":%d,"documents":%d,"threads":0,"queries":%d,"upvotes":0,"downvotes":0,"total_tokens":%d,"cost":"%s"}`,
		users, active, teams, projects, agents, corpora, documents, queries, tokens, cost)
}

func TestTotalCountHasTheReadersPartOfThePeriod(t *testing.T) {
	client := api(t)
	for name, c := range map[string]struct{ who, query, want string }{
		"the organization":                       {"global", "", totals(3, 2, 1, 2, 2, 1, 1, 2, 127, "5.01692")},
		"a team's admin sees the team":           {"team", "", totals(1, 1, 1, 1, 1, 0, 0, 1, 120, "0.01692")},
		"a project's admin sees the project":     {"project", "", totals(1, 1, 0, 1, 1, 0, 0, 1, 7, "5")},
		"an agent's admin sees the agent":        {"agent", "", totals(1, 1, 0, 0, 1, 0, 0, 1, 7, "5")},
		"a filter can't reach out of one's part": {"team", "?agent_id=40", totals(1, 0, 1, 1, 1, 0, 0, 0, 0, "0")},
		"another organization has none of it":    {"stranger", "?agent_id=4", totals(0, 0, 0, 0, 0, 0, 0, 0, 0, "0")},
		"of the last days":                       {"global", "?days=10", totals(3, 1, 1, 2, 2, 1, 1, 1, 120, "0.01692")},
		"the reader's day begins earlier":        {"global", "?days=10&tz=Asia/Kathmandu", totals(3, 2, 1, 2, 2, 1, 1, 2, 127, "5.01692")},
		"between two dates":                      {"global", "?start_date=2026-05-10&end_date=2026-05-10", totals(3, 1, 1, 2, 2, 1, 1, 1, 7, "5")},
		"between two moments":                    {"global", "?start_date=2026-05-11T01:00:00%2B02:00&end_date=2026-05-20T11:59:59.999999Z", totals(3, 1, 1, 2, 2, 1, 1, 1, 7, "5")},
		"of one source":                          {"global", "?query_source=mail", totals(3, 1, 1, 2, 2, 1, 1, 1, 7, "5")},
		"of one model":                           {"global", "?model=m", totals(3, 1, 1, 2, 2, 1, 1, 1, 120, "0.01692")},
		"of one user, agent, project and team":   {"global", "?user_id=5&agent_id=4&project_id=3&team_id=2", totals(3, 1, 1, 2, 2, 1, 1, 1, 120, "0.01692")},
	} {
		t.Run(name, func(t *testing.T) {
			answer := client.On(t).As(c.who).Do("GET", "/api/analytics/total-count"+c.query, nil).Want(200)
			want := `{"success":true,"message":"Total count retrieved successfully.","data":` + c.want + `}`
			if diff := cmp.Diff(want, strings.TrimSpace(string(answer.Body))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTokensByDateHasARowForEveryDayOfTheReaders(t *testing.T) {
	client := api(t)
	var days []tokensOfDayView
	client.As("global").Do("GET", "/api/analytics/tokens/date", nil).Want(200).Data(&days)
	if len(days) != 30 || days[0].Date != "2026-04-21" || days[29].Date != "2026-05-20" {
		t.Fatalf("%d days: %v", len(days), days)
	}
	for query, want := range map[string][]tokensOfDayView{
		"?start_date=2026-05-10&end_date=2026-05-11":                  {{"2026-05-10", tokensView{7, 0, 7, "5"}}, {"2026-05-11", tokensView{0, 0, 0, "0"}}},
		"?start_date=2026-05-10&end_date=2026-05-11&tz=Europe/Berlin": {{"2026-05-10", tokensView{0, 0, 0, "0"}}, {"2026-05-11", tokensView{7, 0, 7, "5"}}},
		"?days=2":                              {{"2026-05-19", tokensView{0, 0, 0, "0"}}, {"2026-05-20", tokensView{100, 20, 120, "0.01692"}}},
		"?days=1&agent_id=40":                  {{"2026-05-20", tokensView{0, 0, 0, "0"}}},
		"?days=1&tz=Pacific/Kiritimati":        {{"2026-05-21", tokensView{100, 20, 120, "0.01692"}}},
		"?days=1&tz=America/Argentina/Ushuaia": {{"2026-05-20", tokensView{100, 20, 120, "0.01692"}}},
	} {
		t.Run(query, func(t *testing.T) {
			var got []tokensOfDayView
			client.On(t).As("global").Do("GET", "/api/analytics/tokens/date"+query, nil).Want(200).Data(&got)
			if !slices.Equal(want, got) {
				t.Errorf("got %v", got)
			}
		})
	}
	var mine []tokensOfDayView
	client.As("agent").Do("GET", "/api/analytics/tokens/date?days=11", nil).Want(200).Data(&mine)
	if mine[0] != (tokensOfDayView{"2026-05-10", tokensView{7, 0, 7, "5"}}) || mine[10] != (tokensOfDayView{"2026-05-20", tokensView{0, 0, 0, "0"}}) {
		t.Errorf("the agent's admin sees %v", mine)
	}
}
