package core

import (
	"context"
	"fmt"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// news is what one user is told of, unless they did it or can't see it.
type news struct {
	organizationID, userID int64
	cause                  string
	kind, title, message   string
	link                   string // "" for none
	by                     int64  // who did it; 0 for the server
	// about must be visible to the user; the zero value is no resource.
	about actor.Resource
	id    int64
}

// tellEach tells the users, who must be active, each of their news.
func (s *Service) tellEach(ctx context.Context, tx uow.Tx, all ...news) error {
	var ns []Notification
	for _, n := range all {
		if n.userID == 0 || n.userID == n.by {
			continue
		}
		sees, err := s.sees(ctx, n)
		if err != nil {
			return err
		}
		if sees {
			ns = append(ns, s.notification(n))
		}
	}
	_, err := s.tell(ctx, tx, ns...)
	return err
}

func (s *Service) notification(n news) Notification {
	out := Notification{
		OrganizationID: n.organizationID, UserID: n.userID, Kind: n.kind, Title: n.title, Message: n.message, Cause: n.cause,
		CreatedBy: audit.System, CreatedOn: s.Clock.Now(),
	}
	if n.link != "" {
		out.Link = &n.link
	}
	return out
}

// sees reports whether the user is there and may view what the news is about.
func (s *Service) sees(ctx context.Context, n news) (bool, error) {
	who, err := s.Actors.Actor(ctx, n.organizationID, n.userID)
	if err == nil && n.about != "" {
		err = s.deciders.Ask(ctx, n.about, who, n.id, access.View)
	}
	if gone(err) {
		return false, nil
	}
	return err == nil, err
}

// DocumentFailed tells who added a document that it could not be read.
func (s *Service) DocumentFailed(ctx context.Context, tx uow.Tx, cause string, organizationID, userID, documentID int64) error {
	return s.tellEach(ctx, tx, news{
		organizationID: organizationID,
		userID:         userID,
		cause:          cause,
		kind:           KindDocumentFailed,
		about:          actor.Document,
		id:             documentID,
		title:          "A document could not be read",
		message:        fmt.Sprintf("Document %d could not be read, so no question finds it. Its failure_reason says why.", documentID),
		link:           fmt.Sprintf("/api/document/%d", documentID),
	})
}

// RunInterrupted tells who asked a question that its answer was broken off.
func (s *Service) RunInterrupted(ctx context.Context, tx uow.Tx, cause string, organizationID, userID, agentID, responseID int64) error {
	return s.tellEach(ctx, tx, news{
		organizationID: organizationID,
		userID:         userID,
		cause:          cause,
		kind:           KindRunInterrupted,
		about:          actor.Answer,
		id:             responseID,
		title:          "An answer was interrupted",
		message: fmt.Sprintf(
			"The server stopped while agent %d answered your question (response %d). The text that had come is kept; ask again for a whole answer.",
			agentID,
			responseID,
		),
		link: fmt.Sprintf("/api/agent-response/%d", responseID),
	})
}

// EvaluationEnded tells who began an evaluation that it has ended, with its
// last status: completed, failed or cancelled.
func (s *Service) EvaluationEnded(ctx context.Context, tx uow.Tx, cause string, organizationID, userID, agentID, evaluationID int64, status string) error {
	return s.tellEach(ctx, tx, news{
		organizationID: organizationID, userID: userID, cause: cause, kind: KindEvaluationEnded, about: actor.Agent, id: agentID,
		title: "An evaluation has ended", message: fmt.Sprintf("Evaluation %d of agent %d has ended: %s.", evaluationID, agentID, status),
		link: fmt.Sprintf("/api/evaluation/%d", evaluationID),
	})
}

// WebhookDisabled tells the active global admins of an organization that the
// server has switched a webhook off, and why. reason is a sentence.
func (s *Service) WebhookDisabled(ctx context.Context, tx uow.Tx, cause string, organizationID, webhookID int64, url, reason string) error {
	link := fmt.Sprintf("/api/webhook/%d", webhookID)
	return s.tellAdmins(ctx, tx, organizationID, 0, Notification{
		Kind: KindWebhookDisabled, Cause: cause, Link: &link,
		Title: "A webhook was switched off", Message: fmt.Sprintf("Webhook %d to %s was switched off. %s", webhookID, url, reason),
	})
}

// Role is that a user has another role, with the id of the event.
type Role struct {
	Cause string
	users.RoleChanged
}

// RolesChanged tells users of roles that somebody else gave them, changed or
// took away: on a team or project as a membership, on an agent as an agent that
// is shared with them. Many are told in as many statements as one, but for
// looking at who may see what.
func (s *Service) RolesChanged(ctx context.Context, tx uow.Tx, roles ...Role) error {
	var all []news
	for _, r := range roles {
		by, err := s.whoDid(ctx, r.OrganizationID, r.ChangedBy)
		if err != nil {
			return err
		}
		s.Actors.Forget(r.UserID) // that they have another role may come later to this process
		all = append(all, newsOfRole(r.Cause, r.RoleChanged, by))
	}
	return s.tellEach(ctx, tx, all...)
}

func newsOfRole(cause string, e users.RoleChanged, by string) news {
	what := fmt.Sprintf("%s %d", e.ResourceType, e.ResourceID)
	n := news{
		organizationID: e.OrganizationID,
		userID:         e.UserID,
		by:             e.ChangedBy,
		cause:          cause,
		kind:           KindRoleChanged,
		about:          actor.Resource(e.ResourceType),
		id:             e.ResourceID,
	}
	n.link = fmt.Sprintf("/api/%s/%d", e.ResourceType, e.ResourceID)
	level, _ := actor.ParseLevel(e.Role) // of the organization: "" is a user
	role, _ := actor.ParseRole(e.Role)
	previous, _ := actor.ParseRole(e.PreviousRole)
	switch {
	case n.about == actor.Organization:
		n.link, n.title, n.message = "/api/user/me", "Your role was changed", fmt.Sprintf("%s made you %s of the organization.", capital(by), level.Said())
	case e.Role == "" && n.about == actor.Agent:
		n.title, n.message = "Your role was taken away", fmt.Sprintf("Your role as %s of agent %d was taken away by %s.", e.PreviousRole, e.ResourceID, by)
	case e.Role == "":
		n.kind, n.title, n.message = KindMembershipChanged, "You were removed from a "+e.ResourceType, fmt.Sprintf("You were removed from %s by %s.", what, by)
	case e.PreviousRole == "" && n.about == actor.Agent:
		n.kind, n.title, n.message = KindAgentShared, "An agent was shared with you", fmt.Sprintf(
			"%s made you %s of agent %d.",
			capital(by),
			role.Said(),
			e.ResourceID,
		)
	case e.PreviousRole == "":
		n.kind, n.title, n.message = KindMembershipChanged, "You were added to a "+e.ResourceType, fmt.Sprintf(
			"You were added to %s as %s by %s.",
			what,
			role.Said(),
			by,
		)
	default:
		n.title, n.message = "Your role was changed", fmt.Sprintf("%s made you %s of %s; you were %s.", capital(by), role.Said(), what, previous.Said())
	}
	if e.Role == "" { // they may not see it any more, and know what they had
		n.about, n.link = "", ""
	}
	return n
}

// capital is who did something at the beginning of a sentence.
func capital(by string) string {
	if strings.HasPrefix(by, "the server") || strings.HasPrefix(by, "user ") {
		by = strings.ToUpper(by[:1]) + by[1:]
	}
	if strings.Contains(by, ", who") {
		by += ","
	}
	return by
}
