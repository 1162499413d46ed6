// Package httpv1 is the agents module's part of the V1 API.
package httpv1

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct {
	service   *core.Service
	directory users.Directory
}

// New returns the handlers over the use cases.
func New(s *core.Service, d users.Directory) *API { return &API{service: s, directory: d} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	on := func(action web.Action) web.Policy { return web.On(string(actor.Agent), "agent_id", action) }
	own := func() web.Policy { return web.User().Note("one's own list") }
	return web.Group("Agent",
		web.POST("/api/agent", "Create Agent", a.create, web.User().Note("the project's admins"), web.Created(), web.Message("Agent created successfully")),
		web.GET("/api/agent", "Get All Agents", a.list, web.User().Note("those that one may see"), web.Message("Agents retrieved successfully.")),
		web.GET("/api/agent/{agent_id}", "Get Agent by ID", a.get, on(web.View), web.Message("Agent retrieved successfully.")),
		web.GET("/api/agent/recent", "Get Recent Agents", a.marked(core.Recent), own(), web.Message("Recent agents retrieved successfully.")),
		web.POST("/api/agent/{agent_id}/recent", "Add to Recent Agents", a.mark(core.Recent), on(web.View), web.Created(), web.Message("Agent added to recents successfully.")),
		web.DELETE("/api/agent/{agent_id}/recent", "Delete Recent Agent", a.unmark(core.Recent), on(web.View), web.Message("Recent agent deleted successfully.")),
		web.GET("/api/agent/starred", "Get Starred Agents", a.marked(core.Starred), own(), web.Message("Starred agents retrieved successfully.")),
		web.POST("/api/agent/{agent_id}/starred", "Star an Agent", a.mark(core.Starred), on(web.View), web.Created(), web.Message("Agent starred successfully.")),
		web.DELETE("/api/agent/{agent_id}/starred", "Delete Starred Agents", a.unmark(core.Starred), on(web.View), web.Message("Starred agent deleted successfully.")),
	)
}

type createRequest struct {
	Body struct {
		Name             string   `json:"name" minLength:"1" maxLength:"200"`
		ProjectID        int64    `json:"project_id" minimum:"1"`
		Description      string   `json:"description,omitempty" maxLength:"4000"`
		Type             string   `json:"type,omitempty" maxLength:"100" doc:"Name of an agent type; QnA when not given."`
		PrefixPrompt     string   `json:"prefix_prompt,omitempty" maxLength:"20000"`
		Instructions     []string `json:"custom_instructions,omitempty" maxItems:"50"`
		Access           string   `json:"access,omitempty" enum:"Only me,Only team,Public" doc:"Only me when not given."`
		LLMModel         string   `json:"llm_model,omitempty" maxLength:"200"`
		SampleQ1         string   `json:"sample_q1,omitempty" maxLength:"1000"`
		SampleQ2         string   `json:"sample_q2,omitempty" maxLength:"1000"`
		SampleQ3         string   `json:"sample_q3,omitempty" maxLength:"1000"`
		CreateEmailAlias bool     `json:"create_email_alias,omitempty" doc:"Only false is accepted: this server has no e-mail aliases yet."`
	}
}

func (a *API) create(ctx context.Context, r createRequest) (agentView, error) {
	b := r.Body
	if b.CreateEmailAlias {
		return agentView{}, web.ErrUnacceptable.Saying("This server has no e-mail aliases yet; leave create_email_alias out.").On("create_email_alias", "must be false")
	}
	who := actor.From(ctx)
	f, err := a.service.CreateAgent(ctx, who, core.NewAgent{
		Name: b.Name, ProjectID: b.ProjectID, Description: b.Description, Type: b.Type, PrefixPrompt: b.PrefixPrompt, Instructions: b.Instructions,
		Access: b.Access, LLMModel: b.LLMModel, SampleQ1: b.SampleQ1, SampleQ2: b.SampleQ2, SampleQ3: b.SampleQ3,
	})
	if err != nil {
		return agentView{}, err
	}
	return a.showOne(ctx, who, f)
}

type listRequest struct{ web.ListQuery }

func (a *API) list(ctx context.Context, r listRequest) (web.List[agentView], error) {
	who := actor.From(ctx)
	found, err := a.service.List(ctx, who, r.Request())
	if err != nil {
		return web.List[agentView]{}, err
	}
	show, err := a.show(ctx, who, found.Items)
	return web.Listed(found, show), err
}

type agentRequest struct {
	AgentID int64 `path:"agent_id"`
}

func (a *API) get(ctx context.Context, r agentRequest) (agentView, error) {
	who := actor.From(ctx)
	f, err := a.service.Get(ctx, who, r.AgentID)
	if err != nil {
		return agentView{}, err
	}
	return a.showOne(ctx, who, f)
}

func (a *API) marked(k core.Kind) web.Handler[listRequest, web.List[markView]] {
	return func(ctx context.Context, r listRequest) (web.List[markView], error) {
		who := actor.From(ctx)
		marks, err := a.service.Marked(ctx, who, k, r.Request())
		if err != nil {
			return web.List[markView]{}, err
		}
		show, err := a.showMark(ctx, who, marks.Items)
		return web.Listed(marks, show), err
	}
}

func (a *API) mark(k core.Kind) web.Handler[agentRequest, markView] {
	return func(ctx context.Context, r agentRequest) (markView, error) {
		who := actor.From(ctx)
		m, err := a.service.Mark(ctx, who, k, r.AgentID)
		if err != nil {
			return markView{}, err
		}
		show, err := a.showMark(ctx, who, []core.Marked{m})
		if err != nil {
			return markView{}, err
		}
		return show(m), nil
	}
}

func (a *API) unmark(k core.Kind) web.Handler[agentRequest, []markView] {
	return func(ctx context.Context, r agentRequest) ([]markView, error) {
		who := actor.From(ctx)
		left, err := a.service.Unmark(ctx, who, k, r.AgentID)
		if err != nil {
			return nil, err
		}
		show, err := a.showMark(ctx, who, left)
		if err != nil {
			return nil, err
		}
		out := make([]markView, len(left))
		for i, m := range left {
			out[i] = show(m)
		}
		return out, nil
	}
}
