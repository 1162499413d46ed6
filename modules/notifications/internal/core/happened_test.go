package core_test

import (
	"context"
	"testing"

	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/uow"
)

func TestUsersAreToldOfTheirRolesInPlainSentences(t *testing.T) {
	for want, e := range map[string]users.RoleChanged{
		"You were added to team 7 as a member by Ann (user 1).":                 {ResourceType: "team", ResourceID: 7, Role: "member", ChangedBy: 1},
		"You were added to project 7 as an admin by the server.":                {ResourceType: "project", ResourceID: 7, Role: "admin"},
		"You were removed from team 7 by user 99, who is no longer there.":      {ResourceType: "team", ResourceID: 7, PreviousRole: "member", ChangedBy: 99},
		"Ann (user 1) made you an admin of project 7; you were a member.":       {ResourceType: "project", ResourceID: 7, Role: "admin", PreviousRole: "member", ChangedBy: 1},
		"Ann (user 1) made you a member of agent 7.":                            {ResourceType: "agent", ResourceID: 7, Role: "member", ChangedBy: 1},
		"Your role as admin of agent 7 was taken away by Ann (user 1).":         {ResourceType: "agent", ResourceID: 7, PreviousRole: "admin", ChangedBy: 1},
		"Ann (user 1) made you an application admin of the organization.":       {ResourceType: "organization", ResourceID: 1, Role: "application_admin", PreviousRole: "user", ChangedBy: 1},
		"User 99, who is no longer there, made you a user of the organization.": {ResourceType: "organization", ResourceID: 1, Role: "user", PreviousRole: "global_admin", ChangedBy: 99},
		"The server made you a global admin of the organization.":               {ResourceType: "organization", ResourceID: 1, Role: "global_admin"},
	} {
		s := newScene(t, nil)
		e.UserID, e.OrganizationID = 3, 1
		s.happens(func(ctx context.Context, tx uow.Tx) error {
			return s.RolesChanged(ctx, tx, core.Role{Cause: "cause", RoleChanged: e})
		})
		s.happens(func(ctx context.Context, tx uow.Tx) error {
			return s.RolesChanged(ctx, tx, core.Role{Cause: "cause", RoleChanged: e})
		})
		got := s.inbox(3)
		if len(got) != 1 || got[0].Message != want {
			t.Errorf("want %q, got %+v", want, got)
			continue
		}
		if took := e.Role == ""; took != (got[0].Link == nil) {
			t.Errorf("%s: the link is %v", want, got[0].Link)
		}
	}
}

func TestNobodyIsToldOfWhatTheyDidThemselvesOrMayNotSee(t *testing.T) {
	s := newScene(t, nil)
	gone := s.people.all[3]
	gone.IsActive = false
	s.people.all[3] = gone
	for name, do := range map[string]func(ctx context.Context, tx uow.Tx) error{
		"their own doing": func(ctx context.Context, tx uow.Tx) error {
			return s.RolesChanged(ctx, tx, core.Role{Cause: "1", RoleChanged: users.RoleChanged{UserID: 3, OrganizationID: 1, ResourceType: "team", ResourceID: 7, Role: "admin", ChangedBy: 3}})
		},
		"a suspended user's document": func(ctx context.Context, tx uow.Tx) error { return s.DocumentFailed(ctx, tx, "2", 1, 4, 9) },
		"a deleted user's answer":     func(ctx context.Context, tx uow.Tx) error { return s.RunInterrupted(ctx, tx, "3", 1, 99, 2, 9) },
		"another organization's":      func(ctx context.Context, tx uow.Tx) error { return s.RunInterrupted(ctx, tx, "4", 2, 3, 2, 9) },
		"nobody's document":           func(ctx context.Context, tx uow.Tx) error { return s.DocumentFailed(ctx, tx, "5", 1, 0, 9) },
		"a document that was taken away": func(ctx context.Context, tx uow.Tx) error {
			s.people.hidden = map[int64]bool{3: true}
			defer func() { s.people.hidden = nil }()
			return s.DocumentFailed(ctx, tx, "6", 1, 3, 9)
		},
	} {
		s.happens(do)
		for user := range int64(5) {
			if got := s.texts(user); len(got) > 0 {
				t.Errorf("%s: user %d was told %v", name, user, got)
			}
		}
	}
}

func TestUsersAreToldOfTheirWork(t *testing.T) {
	s := newScene(t, nil)
	s.happens(func(ctx context.Context, tx uow.Tx) error { return s.DocumentFailed(ctx, tx, "1", 1, 3, 9) })
	s.happens(func(ctx context.Context, tx uow.Tx) error { return s.RunInterrupted(ctx, tx, "2", 1, 3, 2, 9) })
	s.happens(func(ctx context.Context, tx uow.Tx) error {
		return s.EvaluationEnded(ctx, tx, "3", 1, 3, 2, 9, "completed")
	})
	s.Equal([]string{
		"Evaluation 9 of agent 2 has ended: completed.",
		"The server stopped while agent 2 answered your question (response 9). The text that had come is kept; ask again for a whole answer.",
		"Document 9 could not be read, so no question finds it. Its failure_reason says why.",
	}, s.texts(3))
	s.Equal([]string{"/api/evaluation/9", "/api/agent-response/9", "/api/document/9"}, links(s.inbox(3)))
}

func links(ns []core.Notification) []string {
	var out []string
	for _, n := range ns {
		out = append(out, *n.Link)
	}
	return out
}

func TestGlobalAdminsAreToldOfAWebhookThatWasSwitchedOff(t *testing.T) {
	s := newScene(t, nil)
	for range 2 {
		s.happens(func(ctx context.Context, tx uow.Tx) error {
			return s.WebhookDisabled(ctx, tx, "cause", 1, 5, "https://hooks.example/x", "It answered 410 Gone.")
		})
	}
	for user, want := range map[int64]int{1: 1, 2: 1, 3: 0} {
		if got := s.texts(user); len(got) != want || want > 0 && got[0] != "Webhook 5 to https://hooks.example/x was switched off. It answered 410 Gone." {
			t.Errorf("user %d was told %v", user, got)
		}
	}
}

func TestThePeopleOfAProjectAreToldOfAnAgentThatIsSharedWithThem(t *testing.T) {
	s := newScene(t, nil)
	share := func(cause string) {
		s.happens(func(ctx context.Context, tx uow.Tx) error {
			return s.AgentShared(ctx, tx, cause, core.Shared{OrganizationID: 1, AgentID: 2, ProjectID: 5, TeamID: 6, Access: "Only team", SharedBy: 1})
		})
	}
	share("1")
	share("1")
	for user, want := range map[int64]int{1: 0, 2: 1, 3: 1, 4: 1} {
		if got := s.texts(user); len(got) != want || want > 0 && got[0] != "Ann (user 1) made agent 2 visible to you; its access is Only team now." {
			t.Errorf("user %d was told %v", user, got)
		}
	}
	s.people.hidden = map[int64]bool{2: true, 3: true, 4: true} // narrowed again since
	share("2")
	s.Equal(1, len(s.texts(3)))
}
