package consumer_test

import (
	"context"
	"testing"

	"parley/modules/agents"
	"parley/modules/analytics/internal/adapters/consumer"
	"parley/modules/analytics/internal/core"
	"parley/modules/chat"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
)

// called is what the first of a kind is called on a leaderboard.
func (h house) called(k core.Kind) string {
	h.t.Helper()
	rows, err := h.service.Leaderboard(context.Background(), actor.System(1), core.Period{}, core.Filter{}, k, core.ByQueries, 1)
	if err != nil || len(rows) != 1 {
		h.t.Fatalf("%v, %v", rows, err)
	}
	return rows[0].Name
}

func TestNamesFollowTheirEvents(t *testing.T) {
	h := open(t)
	h.publish(chat.RunCompleted{Run: run(1, answer)}) // of user 5, agent 4, project 3, team 2
	for _, k := range []core.Kind{core.User, core.Agent, core.Project, core.Team} {
		h.same("", h.called(k))
	}
	for _, step := range []struct {
		told event.Event
		kind core.Kind
		want string
	}{
		{users.UserCreated{UserID: 5, OrganizationID: 1, Email: "jo@example.com", FirstName: "Jo", LastName: "Smith"}, core.User, "Jo Smith"},
		{users.UserChanged{UserID: 5, OrganizationID: 1, Email: "jo@example.com", LastName: "Smith"}, core.User, "Smith"},
		{users.UserChanged{UserID: 5, OrganizationID: 1, Email: "jo@example.com"}, core.User, "jo@example.com"},
		{users.UserChanged{UserID: 5, OrganizationID: 1}, core.User, "service-user-5"},
		{users.UserDeleted{UserID: 5, OrganizationID: 2}, core.User, "service-user-5"},
		{users.UserDeleted{UserID: 5, OrganizationID: 1}, core.User, ""},
		{projects.TeamCreated{TeamID: 2, OrganizationID: 1, Name: "Sales"}, core.Team, "Sales"},
		{projects.TeamUpdated{TeamID: 2, OrganizationID: 1, Name: "Support"}, core.Team, "Support"},
		{projects.TeamCreated{TeamID: 2, OrganizationID: 1}, core.Team, "Support"}, // of an older version
		{projects.TeamDeleted{TeamID: 2, OrganizationID: 1}, core.Team, "Support"},
		{projects.ProjectCreated{ProjectID: 3, OrganizationID: 1, TeamID: 2, Name: "Book"}, core.Project, "Book"},
		{projects.ProjectUpdated{ProjectID: 3, OrganizationID: 1, Name: "Handbook"}, core.Project, "Handbook"},
		{agents.AgentCreated{AgentID: 4, OrganizationID: 1, ProjectID: 3, AgentName: "Guide"}, core.Agent, "Guide"},
		{agents.AgentUpdated{AgentID: 4, OrganizationID: 1, ProjectID: 3, FromProjectID: 3, AgentName: "Pilot"}, core.Agent, "Pilot"},
		{agents.AgentUpdated{AgentID: 4, OrganizationID: 1, ProjectID: 3, FromProjectID: 3}, core.Agent, "Pilot"},
		{agents.AgentDeleted{AgentID: 4, OrganizationID: 1, ProjectID: 3}, core.Agent, "Pilot"},
	} {
		h.publish(step.told)
		if got := h.called(step.kind); got != step.want {
			t.Errorf("after %s it is called %q, not %q", step.told.EventName(), got, step.want)
		}
	}
}

// A replay tells everything once more, with what the deletion left of it.
func TestNoReplayBringsTheNameOfADeletedUserBack(t *testing.T) {
	h := open(t)
	h.publish(chat.RunCompleted{Run: run(1, answer)})
	sealed, err := event.Seal(now, []event.Event{
		users.UserCreated{UserID: 5, OrganizationID: 1, Email: "jo@example.com", FirstName: "Jo"}, users.UserDeleted{UserID: 5, OrganizationID: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		deliver := bus.Inline(h.db, consumer.Consumers(h.service)...)
		for _, e := range sealed {
			if err := deliver(context.Background(), e); err != nil {
				t.Fatal(err)
			}
		}
		h.same("", h.called(core.User))
	}
}
