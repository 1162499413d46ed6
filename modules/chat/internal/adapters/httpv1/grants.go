package httpv1

import (
	"context"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/web"
)

func (a *API) grantRoutes() []web.Route {
	return web.Group("Content grant",
		web.POST("/api/content-grant", "Create Content Grant", a.createGrant,
			// Nobody edits a global admin's account, so nobody opens their content.
			web.GlobalAdmin().And(web.On(actor.Account, "user_id", web.Edit).IfSent()).And(web.On(actor.Agent, "agent_id", web.View).IfSent()).
				Note("one's own grant: it lets nobody else read"),
			web.Created(),
			web.Message("Content grant created successfully."),
		),
		web.GET("/api/content-grant", "Get Content Grants", a.grants,
			web.GlobalAdmin().Lists(actor.ContentGrant),
			web.Message("Content grants retrieved successfully."),
		),
		web.DELETE("/api/content-grant/{content_grant_id}", "End Content Grant", a.endGrant,
			web.On(actor.ContentGrant, "content_grant_id", web.Delete),
			web.Message("Content grant ended successfully."),
		),
	)
}

// grantView is a content grant.
type grantView struct {
	_ struct{} `schema:"ContentGrant"`

	ID        int64     `json:"id"`
	User      *int64    `json:"user" doc:"Whose content it opens; null when it is on an agent."`
	Agent     *int64    `json:"agent" doc:"The agent whose threads it opens, of all users but global admins; null when it is on a user."`
	GrantedTo int64     `json:"granted_to" doc:"The global admin who made it. It lets nobody else read."`
	Reason    string    `json:"reason"`
	ExpiresOn web.Time  `json:"expires_on"`
	EndedOn   *web.Time `json:"ended_on" doc:"When it was ended before it expired."`
	web.Audit
}

func showGrant(g core.Grant) grantView {
	return grantView{
		ID: g.ID, User: g.UserID, Agent: g.AgentID, GrantedTo: g.GrantedTo, Reason: g.Reason, ExpiresOn: web.At(g.ExpiresOn), EndedOn: web.AtOrNil(g.EndedOn),
		Audit: web.ShowAudit(g.Audit),
	}
}

type createGrantRequest struct {
	Body struct {
		UserID    *int64    `json:"user_id,omitempty" minimum:"1" doc:"The user whose content is opened; or agent_id. Never a global admin."`
		AgentID   *int64    `json:"agent_id,omitempty" minimum:"1" doc:"The agent whose threads are opened, but for those of global admins; or user_id."`
		Reason    string    `json:"reason" minLength:"1" maxLength:"1000" doc:"Why the content has to be read. Global admins see it."`
		ExpiresOn time.Time `json:"expires_on" doc:"In the future, at most 7 days ahead."`
	}
}

func (a *API) createGrant(ctx context.Context, r createGrantRequest) (grantView, error) {
	b := r.Body
	g, err := a.service.CreateGrant(
		ctx,
		actor.From(ctx),
		core.NewGrant{UserID: b.UserID, AgentID: b.AgentID, Reason: b.Reason, ExpiresOn: clock.Stored(b.ExpiresOn)},
	)
	return showGrant(g), err
}

type grantsRequest struct {
	web.ListQuery
	UserID  int64 `query:"user_id" minimum:"1" doc:"Those on this user."`
	AgentID int64 `query:"agent_id" minimum:"1" doc:"Those on this agent."`
	IsLive  *bool `query:"is_live" doc:"Those that have not ended, or those that have."`
}

func (a *API) grants(ctx context.Context, r grantsRequest) (web.List[grantView], error) {
	found, err := a.service.Grants(ctx, actor.From(ctx), core.GrantFilter{UserID: r.UserID, AgentID: r.AgentID, IsLive: r.IsLive}, r.Request())
	if err != nil {
		return web.List[grantView]{}, err
	}
	return web.Listed(found, showGrant), nil
}

type grantRequest struct {
	ID int64 `path:"content_grant_id"`
}

func (a *API) endGrant(ctx context.Context, r grantRequest) (grantView, error) {
	g, err := a.service.EndGrant(ctx, actor.From(ctx), r.ID)
	return showGrant(g), err
}
