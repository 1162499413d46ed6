package consumer_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/analytics"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
)

// actors are the people of a directory to access decisions; the first of a
// project are those of the organization.
type actors struct {
	users.Actors
	users.Roles
	*directory
}

// Actor implements users.Actors.
func (a actors) Actor(ctx context.Context, org, id int64) (actor.Actor, error) {
	found, err := a.Users(ctx, org, []int64{id})
	if err != nil || len(found) == 0 {
		return actor.Actor{}, users.ErrNotFound
	}
	return actor.Actor{UserID: id, OrganizationID: org}, nil
}

// Forget implements users.Actors.
func (actors) Forget(...int64) {}

// PeoplePage implements users.Roles.
func (a actors) PeoplePage(ctx context.Context, org int64, of users.UserFilter, _ page.Request) (page.Of[users.User], error) {
	found, err := a.Users(ctx, org, []int64{3, 4})
	if len(of.Grants) != 2 || of.Grants[0].Resource != actor.Project || of.Grants[0].ID != 5 || of.Grants[1].Resource != actor.Team || of.Grants[1].ID != 6 {
		found = nil
	}
	return page.Of[users.User]{Items: found}, err
}

// everything lets everybody see everything.
func everything() []access.Decider {
	var all []access.Decider
	for _, kind := range []actor.Resource{actor.Organization, actor.Team, actor.Project, actor.Agent, actor.Document, actor.Answer} {
		all = append(all, access.Decider{Resource: kind, May: func(context.Context, actor.Actor, int64, access.Action) error { return nil }})
	}
	return all
}

func TestWhatHappensElsewhereIsToldToWhomItConcernsOnce(t *testing.T) {
	run := func(state, source string) event.Event {
		return chat.RunFailed{Run: chat.Run{OrganizationID: 1, UserID: 4, AgentID: 2, AgentResponseID: 9, State: state, QuerySource: source}}
	}
	for name, c := range map[string]struct {
		fact event.Event
		want []string // what user 4 is told, as kind and link
	}{
		"a role on a team": {
			users.RoleChanged{UserID: 4, OrganizationID: 1, ResourceType: "team", ResourceID: 6, Role: "member", ChangedBy: 1}, []string{"membership_changed /api/team/6"}},
		"a higher role": {
			users.RoleChanged{UserID: 4, OrganizationID: 1, ResourceType: "project", ResourceID: 5, Role: "admin", PreviousRole: "member", ChangedBy: 1}, []string{"role_changed /api/project/5"}},
		"a role on an agent": {
			users.RoleChanged{UserID: 4, OrganizationID: 1, ResourceType: "agent", ResourceID: 2, Role: "member", ChangedBy: 1}, []string{"agent_shared /api/agent/2"}},
		"a role of their own doing": {users.RoleChanged{UserID: 4, OrganizationID: 1, ResourceType: "team", ResourceID: 6, Role: "admin", ChangedBy: 4}, nil},
		"an agent that is shared": {
			agents.AgentShared{AgentID: 2, OrganizationID: 1, ProjectID: 5, TeamID: 6, Access: "Only team", SharedBy: 1}, []string{"agent_shared /api/agent/2"}},
		"one that they share":          {agents.AgentShared{AgentID: 2, OrganizationID: 1, ProjectID: 5, TeamID: 6, Access: "Only team", SharedBy: 4}, nil},
		"a document that failed":       {corpora.DocumentIndexed{DocumentID: 8, OrganizationID: 1, UserID: 4, Step: "failed"}, []string{"document_failed /api/document/8"}},
		"a document that is found":     {corpora.DocumentIndexed{DocumentID: 8, OrganizationID: 1, UserID: 4, Step: "completed"}, nil},
		"an interrupted answer":        {run("interrupted", "api"), []string{"run_interrupted /api/agent-response/9"}},
		"one of an evaluation":         {run("interrupted", "evaluation"), nil},
		"a failed answer":              {run("failed", "api"), nil},
		"an answer that was cancelled": {run("cancelled", "api"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := openWith(t, func(d *core.Deps, people *directory) {
				a := actors{directory: people}
				d.Actors, d.Roles = a, a
			})
			h.service.Decided(everything())
			e := h.seal(c.fact)
			h.happens(e)
			h.happens(e)
			var got []string
			for _, n := range h.inbox(4) {
				got = append(got, n.Kind+" "+*n.Link)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheGlobalAdminsAreToldOfTheTokenBudget(t *testing.T) {
	h := open(t)
	for _, fact := range []event.Event{
		analytics.BudgetNearlyUsed{OrganizationID: 1, Period: "2026-05", Tokens: 100, WarnAtPercent: 80, Used: 81},
		analytics.BudgetUsedUp{OrganizationID: 1, Period: "2026-05", Tokens: 100, Used: 100},
		analytics.BudgetUsedUp{OrganizationID: 9, Period: "2026-05", Tokens: 100, Used: 100},
	} {
		e := h.seal(fact)
		h.happens(e)
		h.happens(e)
	}
	want := []string{
		"budget /api/analytics/budget The token budget is used up: 100 of the 100 tokens for 2026-05 (UTC) are used. Questions are still answered.",
		"budget /api/analytics/budget The token budget is nearly used: 81 of the 100 tokens for 2026-05 (UTC) are used, which is 80 % or more.",
	}
	for _, admin := range []int64{1, 2} {
		var got []string
		for _, n := range h.inbox(admin) {
			got = append(got, fmt.Sprintf("%s %s %s: %s", n.Kind, *n.Link, n.Title, n.Message))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("user %d: %s", admin, diff)
		}
	}
	if got := h.inbox(4); len(got) != 0 {
		t.Errorf("a user got %+v", got)
	}
}

func TestAFollowerIsWokenByTheEventOfAnotherProcess(t *testing.T) {
	h := open(t)
	h.happens(h.deleted(9, 1))
	first := int64(0)
	st, err := h.service.Follow(t.Context(), actor.Actor{UserID: 2, OrganizationID: 1}, &first)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	published := h.db.Published()
	if len(published) != 2 {
		t.Fatalf("published %v", published)
	}
	h.happens(h.seal(published[0]))
	for _, want := range []int64{0, 1} {
		if told, err := st.Next(t.Context()); err != nil || told.Sequence != want {
			t.Errorf("got %+v, %v", told, err)
		}
	}
}
