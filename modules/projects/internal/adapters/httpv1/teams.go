package httpv1

import (
	"context"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type teamView struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	Organization int64  `json:"organization"`
	IsDeleted    bool   `json:"is_deleted"`
	web.Audit
}

func showTeam(t projects.Team) teamView {
	return teamView{ID: t.ID, Name: t.Name, Description: t.Description, Organization: t.OrganizationID, IsDeleted: t.IsDeleted, Audit: web.ShowAudit(t.Audit)}
}

// newBody is what a new team or project is called.
type newBody struct {
	Name        string `json:"name" minLength:"1" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"4000"`
}

// changeBody is what a team or project is called from now on. What is not sent
// stays.
type changeBody struct {
	Name        *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Description *string `json:"description,omitempty" maxLength:"4000"`
}

func (b changeBody) change() core.Change {
	return core.Change{Name: b.Name, Description: b.Description}
}

type createTeamRequest struct {
	Body struct{ newBody }
}

func (a *API) createTeam(ctx context.Context, r createTeamRequest) (teamView, error) {
	t, err := a.service.CreateTeam(ctx, actor.From(ctx), r.Body.Name, r.Body.Description)
	return showTeam(t), err
}

type listRequest struct{ web.ListQuery }

func (a *API) teams(ctx context.Context, r listRequest) (web.List[teamView], error) {
	found, err := a.service.TeamsPage(ctx, actor.From(ctx), r.Request())
	return web.Listed(found, showTeam), err
}

type teamRequest struct {
	TeamID int64 `path:"team_id"`
}

func (a *API) team(ctx context.Context, r teamRequest) (teamView, error) {
	t, err := a.service.Team(ctx, actor.From(ctx), r.TeamID)
	return showTeam(t), err
}

type updateTeamRequest struct {
	TeamID int64 `path:"team_id"`
	Body   struct{ changeBody }
}

func (a *API) updateTeam(ctx context.Context, r updateTeamRequest) (teamView, error) {
	t, err := a.service.UpdateTeam(ctx, actor.From(ctx), r.TeamID, r.Body.change())
	return showTeam(t), err
}

func (a *API) deleteTeam(ctx context.Context, r teamRequest) (teamView, error) {
	t, err := a.service.DeleteTeam(ctx, actor.From(ctx), r.TeamID)
	return showTeam(t), err
}
