package core

import (
	"context"
	"fmt"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// mostTold bounds how many people are told of one shared agent.
const mostTold = 10_000

// Shared is an agent that was its admins' alone, and is not any more.
type Shared struct {
	OrganizationID int64
	AgentID        int64
	ProjectID      int64
	TeamID         int64 // of the project; 0 when it has none
	Access         string
	SharedBy       int64 // user id; 0 for the server
}

// AgentShared tells the people of the agent's project and of its team, but for
// who shared it, at most 10,000 of them. A public agent is announced to them
// alone, too, and not to the whole organization.
func (s *Service) AgentShared(ctx context.Context, tx uow.Tx, cause string, e Shared) error {
	by, err := s.whoDid(ctx, e.OrganizationID, e.SharedBy)
	if err != nil {
		return err
	}
	link := fmt.Sprintf("/api/agent/%d", e.AgentID)
	n := Notification{
		OrganizationID: e.OrganizationID, Kind: KindAgentShared, Cause: cause, Link: &link, CreatedBy: audit.System, CreatedOn: s.Clock.Now(),
		Title: "An agent was shared with you", Message: fmt.Sprintf("%s made agent %d visible to you; its access is %s now.", capital(by), e.AgentID, e.Access),
	}
	of := users.UserFilter{Grants: []actor.Grant{{Resource: actor.Project, ID: e.ProjectID, Role: actor.Member}}}
	if e.TeamID != 0 {
		of.Grants = append(of.Grants, actor.Grant{Resource: actor.Team, ID: e.TeamID, Role: actor.Member})
	}
	told := 0
	for req := (page.Request{Size: page.MaxSize, ByCursor: true}); told < mostTold; {
		people, err := s.Roles.PeoplePage(ctx, e.OrganizationID, of, req)
		if err != nil {
			return fmt.Errorf("finding who sees agent %d: %w", e.AgentID, err)
		}
		if told == 0 { // one of them stands for all, who see it by the same rule
			sees, err := s.anySees(ctx, e, people.Items)
			if err != nil || !sees {
				return err
			}
		}
		var ns []Notification
		for _, u := range people.Items {
			if told++; u.ID != e.SharedBy {
				n.UserID = u.ID
				ns = append(ns, n)
			}
		}
		if _, err := s.tell(ctx, tx, ns...); err != nil {
			return err
		}
		if req.Cursor = people.NextCursor; req.Cursor == "" {
			return nil
		}
	}
	return nil
}

// anySees reports whether the people of a shared agent see it still.
func (s *Service) anySees(ctx context.Context, e Shared, people []users.User) (bool, error) {
	for _, u := range people {
		if u.ID == e.SharedBy {
			continue
		}
		return s.sees(ctx, news{organizationID: e.OrganizationID, userID: u.ID, about: actor.Agent, id: e.AgentID})
	}
	return false, nil
}
