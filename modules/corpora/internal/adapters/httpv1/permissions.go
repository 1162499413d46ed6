package httpv1

import (
	"context"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// permissionView is a role of a user or a team on a corpus.
type permissionView struct {
	_ struct{} `schema:"CorpusPermission"`

	ID     int64  `json:"id"`
	Corpus int64  `json:"corpus"`
	User   *int64 `json:"user" doc:"null when the role is a team's."`
	Team   *int64 `json:"team" doc:"null when the role is a user's."`
	Role   string `json:"role" enum:"viewer,editor,admin,owner"`
	web.Audit
}

func showPermission(p core.Permission) permissionView {
	v := permissionView{ID: p.ID, Corpus: p.CorpusID, Role: p.Role.String(), Audit: web.ShowAudit(p.Audit)}
	if p.UserID != 0 {
		v.User = &p.UserID
	} else {
		v.Team = &p.TeamID
	}
	return v
}

func showPermissions(roles []core.Permission) []permissionView {
	out := make([]permissionView, len(roles))
	for i, p := range roles {
		out[i] = showPermission(p)
	}
	return out
}

type permissionsRequest struct {
	CorpusID int64 `path:"corpus_id"`
	web.ListQuery
}

func (a *API) permissions(ctx context.Context, r permissionsRequest) (web.List[permissionView], error) {
	found, err := a.service.Permissions(ctx, actor.From(ctx), r.CorpusID, r.Request())
	return web.Listed(found, showPermission), err
}

// granteesBody names users and teams.
type granteesBody struct {
	UserIDs []int64 `json:"user_ids,omitempty" maxItems:"1000"`
	TeamIDs []int64 `json:"team_ids,omitempty" maxItems:"100"`
}

// grantees are those that the body names. Nobody is never everybody.
func (b granteesBody) grantees() (core.Grantees, error) {
	if len(b.UserIDs)+len(b.TeamIDs) == 0 {
		return core.Grantees{}, web.ErrMalformed.WithMessage("Name at least one user in user_ids or one team in team_ids.").WithField("user_ids", "names nobody")
	}
	return core.Grantees{Users: b.UserIDs, Teams: b.TeamIDs}, nil
}

type grantRequest struct {
	CorpusID int64 `path:"corpus_id"`
	Body     struct {
		granteesBody
		Role string `json:"role" enum:"viewer,editor,admin" doc:"In place of the role that a user or a team has."`
	}
}

func (a *API) grant(ctx context.Context, r grantRequest) ([]permissionView, error) {
	to, err := r.Body.grantees()
	if err != nil {
		return nil, err
	}
	role, _ := access.ParseCorpusRole(r.Body.Role)
	granted, err := a.service.Grant(ctx, actor.From(ctx), r.CorpusID, to, role)
	return showPermissions(granted), err
}

type revokeRequest struct {
	CorpusID int64 `path:"corpus_id"`
	Body     struct{ granteesBody }
}

func (a *API) revoke(ctx context.Context, r revokeRequest) ([]permissionView, error) {
	from, err := r.Body.grantees()
	if err != nil {
		return nil, err
	}
	revoked, err := a.service.Revoke(ctx, actor.From(ctx), r.CorpusID, from)
	return showPermissions(revoked), err
}

type allowedView struct {
	_ struct{} `schema:"CorpusAllowed"`

	View   bool `json:"view"`
	Edit   bool `json:"edit"`
	Manage bool `json:"manage"`
	Delete bool `json:"delete"`
}

type reasonView struct {
	_ struct{} `schema:"CorpusReason"`

	Rule         string `json:"rule" enum:"owner,global_admin,corpus_role,team_role,public,suspended"`
	ResourceType string `json:"resource_type" enum:"organization,team,corpus"`
	ResourceID   int64  `json:"resource_id"`
	Role         string `json:"role" enum:"viewer,editor,admin,owner," doc:"That the rule gives; empty for suspended, which takes all away."`
}

// decisionView is what a user may do with a corpus, and why.
type decisionView struct {
	_ struct{} `schema:"CorpusDecision"`

	Corpus  int64        `json:"corpus"`
	User    int64        `json:"user"`
	Role    string       `json:"role" enum:"viewer,editor,admin,owner," doc:"Empty when the user has none."`
	Allowed allowedView  `json:"allowed"`
	Because []reasonView `json:"because" doc:"Every rule that applies, the deciding one first."`
}

type decisionRequest struct {
	CorpusID int64 `path:"corpus_id"`
	UserID   int64 `path:"user_id"`
}

func (a *API) decision(ctx context.Context, r decisionRequest) (decisionView, error) {
	d, err := a.service.DecisionOf(ctx, actor.From(ctx), r.CorpusID, r.UserID)
	v := decisionView{
		Corpus: r.CorpusID, User: r.UserID, Role: d.Role.String(), Because: []reasonView{},
		Allowed: allowedView{View: d.Allowed.View, Edit: d.Allowed.Edit, Manage: d.Allowed.Manage, Delete: d.Allowed.Delete},
	}
	for _, because := range d.Because {
		v.Because = append(
			v.Because,
			reasonView{Rule: string(because.Rule), ResourceType: string(because.Resource), ResourceID: because.ResourceID, Role: because.Role.String()},
		)
	}
	return v, err
}
