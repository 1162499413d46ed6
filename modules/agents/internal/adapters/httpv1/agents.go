package httpv1

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// agentBody is what a new agent may be given and an existing one may change.
// What is not sent gets its default, or stays.
type agentBody struct {
	Description      *string   `json:"description,omitempty" maxLength:"4000"`
	Type             *string   `json:"type,omitempty" maxLength:"100" doc:"Name of an agent type. A new agent gets the first one, QnA, when it is not given."`
	PrefixPrompt     *string   `json:"prefix_prompt,omitempty" maxLength:"20000"`
	Instructions     *[]string `json:"custom_instructions,omitempty" maxItems:"50" doc:"In place of all earlier ones."`
	Access           *string   `json:"access,omitempty" enum:"Only me,Only team,Public" doc:"A new agent is for Only me when it is not given."`
	LLMModel         *string   `json:"llm_model,omitempty" maxLength:"200" doc:"The model that answers, one of those that the server is configured with, unless a question names another; empty for the default one. The agent is shown without it."`
	CachingEnabled   *bool     `json:"caching_enabled,omitempty" doc:"Whether an answer may be used again for the same question, unless the question says; not in a new agent."`
	SampleQ1         *string   `json:"sample_q1,omitempty" maxLength:"1000"`
	SampleQ2         *string   `json:"sample_q2,omitempty" maxLength:"1000"`
	SampleQ3         *string   `json:"sample_q3,omitempty" maxLength:"1000"`
	CreateEmailAlias bool      `json:"create_email_alias,omitempty" doc:"Gives the agent an e-mail address made of its name and id, unless it has one."`
}

func (b agentBody) settings() core.Settings {
	return core.Settings{
		Description: b.Description, Type: b.Type, PrefixPrompt: b.PrefixPrompt, Instructions: b.Instructions,
		Access: b.Access, LLMModel: b.LLMModel, CachingEnabled: b.CachingEnabled,
		SampleQ1: b.SampleQ1, SampleQ2: b.SampleQ2, SampleQ3: b.SampleQ3, WithAlias: b.CreateEmailAlias,
	}
}

type createRequest struct {
	Body struct {
		Name      string `json:"name" minLength:"1" maxLength:"200"`
		ProjectID int64  `json:"project_id" minimum:"1"`
		agentBody
	}
}

func (a *API) create(ctx context.Context, r createRequest) (agentView, error) {
	who, settings := actor.From(ctx), r.Body.settings()
	settings.Name, settings.ProjectID = &r.Body.Name, &r.Body.ProjectID
	f, err := a.service.CreateAgent(ctx, who, settings)
	if err != nil {
		return agentView{}, err
	}
	return a.showOne(ctx, who, f)
}

type updateRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Name      *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		ProjectID *int64  `json:"project_id,omitempty" minimum:"1"`
		Status    *string `json:"status,omitempty" enum:"Live,Draft,Paused" doc:"Only a Live agent answers others than its admins."`
		agentBody
	}
}

func (a *API) update(ctx context.Context, r updateRequest) (agentView, error) {
	who, settings := actor.From(ctx), r.Body.settings()
	settings.Name, settings.ProjectID, settings.Status = r.Body.Name, r.Body.ProjectID, r.Body.Status
	f, err := a.service.UpdateAgent(ctx, who, r.AgentID, settings)
	if err != nil {
		return agentView{}, err
	}
	return a.showOne(ctx, who, f)
}

func (a *API) delete(ctx context.Context, r agentRequest) (agentView, error) {
	who := actor.From(ctx)
	f, err := a.service.DeleteAgent(ctx, who, r.AgentID)
	if err != nil {
		return agentView{}, err
	}
	return a.showOne(ctx, who, f)
}

type listRequest struct{ web.ListQuery }

func (a *API) list(ctx context.Context, r listRequest) (web.List[agentView], error) {
	who := actor.From(ctx)
	found, err := a.service.List(ctx, who, r.Request())
	return a.showPage(ctx, who, found, err)
}

type listOfTeamRequest struct {
	TeamID int64 `path:"team_id"`
	web.ListQuery
}

func (a *API) listOfTeam(ctx context.Context, r listOfTeamRequest) (web.List[agentView], error) {
	who := actor.From(ctx)
	found, err := a.service.ListOfTeam(ctx, who, r.TeamID, r.Request())
	return a.showPage(ctx, who, found, err)
}

func (a *API) listOfOwnTeams(ctx context.Context, r listRequest) (web.List[agentView], error) {
	who := actor.From(ctx)
	found, err := a.service.ListOfOwnTeams(ctx, who, r.Request())
	return a.showPage(ctx, who, found, err)
}

type listOfProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	web.ListQuery
}

func (a *API) listOfProject(ctx context.Context, r listOfProjectRequest) (web.List[agentView], error) {
	who := actor.From(ctx)
	found, err := a.service.ListOfProject(ctx, who, r.ProjectID, r.Request())
	return a.showPage(ctx, who, found, err)
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
