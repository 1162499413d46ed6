package httpv1

import (
	"context"
	"encoding/json"

	"parley/modules/agents/internal/core"
	"parley/modules/users/userswire"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type accessView struct {
	_ struct{} `schema:"AgentAccessLevel"`

	Agent  int64  `json:"agent"`
	Access string `json:"access" enum:"Only me,Only team,Public"`
}

func (a *API) access(ctx context.Context, r agentRequest) (accessView, error) {
	f, err := a.service.Get(ctx, actor.From(ctx), r.AgentID)
	return accessView{Agent: f.ID, Access: f.Access}, err
}

type setAccessRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Access string `json:"access" enum:"Only me,Only team,Public"`
	}
}

func (a *API) setAccess(ctx context.Context, r setAccessRequest) (accessView, error) {
	agent, err := a.service.SetAccess(ctx, actor.From(ctx), r.AgentID, r.Body.Access)
	return accessView{Agent: agent.ID, Access: agent.Access}, err
}

type allowedView struct {
	View   bool `json:"view"`
	Run    bool `json:"run"`
	Edit   bool `json:"edit"`
	Manage bool `json:"manage"`
	Delete bool `json:"delete"`
}

type reasonView struct {
	Rule         string `json:"rule" enum:"global_admin,owner,agent_role,project_role,team_role,public,suspended"`
	ResourceType string `json:"resource_type" enum:"organization,team,project,agent"`
	ResourceID   int64  `json:"resource_id"`
	Role         string `json:"role" enum:"admin,member," doc:"That the rule gives; empty for suspended, which takes all away."`
}

// decisionView is what a user may do with an agent, and why.
type decisionView struct {
	_ struct{} `schema:"AgentDecision"`

	Agent   int64        `json:"agent"`
	User    int64        `json:"user"`
	Role    string       `json:"role" enum:"admin,member," doc:"Empty when the user has none."`
	Allowed allowedView  `json:"allowed"`
	Because []reasonView `json:"because" doc:"Every rule that applies, the deciding one first."`
}

func showDecision(agent int64, h core.Grantee) decisionView {
	v := decisionView{Agent: agent, User: h.User.ID, Role: h.Decision.Role.String(), Allowed: allowedView(h.Decision.Allowed), Because: []reasonView{}}
	for _, r := range h.Decision.Because {
		v.Because = append(v.Because, showReason(r))
	}
	return v
}

func showReason(r access.Reason) reasonView {
	return reasonView{Rule: string(r.Rule), ResourceType: string(r.Resource), ResourceID: r.ResourceID, Role: r.Role.String()}
}

type granteeView struct {
	_ struct{} `schema:"AgentGrantee"`

	User userswire.Person `json:"user"`
	Role string           `json:"role"`
}

type granteesRequest struct {
	AgentID int64 `path:"agent_id"`
	UserID  int64 `query:"user_id" minimum:"1" doc:"Answers instead of the list what this user may do, and why."`
	web.ListQuery
}

// granteesData is the decision about one user, or the list of those who have a
// role.
type granteesData struct {
	decisionView
	list []granteeView // nil for the decision
}

// MarshalJSON implements json.Marshaler.
func (d granteesData) MarshalJSON() ([]byte, error) {
	if d.list != nil {
		return json.Marshal(d.list)
	}
	return json.Marshal(d.decisionView)
}

// Forms implements openapi.OneOf.
func (granteesData) Forms() []any { return []any{[]granteeView{}, decisionView{}} }

func (a *API) grantees(ctx context.Context, r granteesRequest) (web.WithMeta[granteesData, web.Meta], error) {
	var out web.WithMeta[granteesData, web.Meta]
	who := actor.From(ctx)
	if r.UserID != 0 {
		h, err := a.service.DecisionOf(ctx, who, r.AgentID, r.UserID)
		out.Data.decisionView = showDecision(r.AgentID, h)
		return out, err
	}
	found, err := a.service.Grantees(ctx, who, r.AgentID, r.Request())
	list := web.Listed(found, func(h core.Grantee) granteeView {
		return granteeView{User: userswire.ShowPerson(h.User), Role: h.Decision.Role.String()}
	})
	out.Data.list, out.Meta = list.Items, &list.Meta
	return out, err
}
