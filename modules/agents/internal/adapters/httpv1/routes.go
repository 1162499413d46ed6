// Package httpv1 is the agents module's part of the V1 API.
package httpv1

import (
	"context"
	"slices"

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
	return slices.Concat(
		web.Group("Agent",
			web.POST("/api/agent", "Create Agent", a.create, web.On(string(actor.Project), "project_id", web.Edit), web.Created(), web.Message("Agent created successfully")),
			web.GET("/api/agent", "Get All Agents", a.list, web.User().Lists(string(actor.Agent)), web.Message("Agents retrieved successfully.")),
			web.GET("/api/agent/{agent_id}", "Get Agent by ID", a.get, on(web.View), web.Message("Agent retrieved successfully.")),
			web.PUT("/api/agent/{agent_id}", "Edit Agent", a.update, on(web.Edit).And(web.On(string(actor.Project), "project_id", web.Edit).IfSent()), web.Message("Agent data updated successfully")),
			web.DELETE("/api/agent/{agent_id}", "Delete Agent", a.delete, on(web.Delete), web.Message("Agent deleted successfully.")),
			web.GET("/api/agent/recent", "Get Recent Agents", a.bookmarks(core.Recent), own(), web.Message("Recent agents retrieved successfully.")),
			web.POST("/api/agent/{agent_id}/recent", "Add to Recent Agents", a.addBookmark(core.Recent), on(web.View), web.Created(), web.Message("Agent added to recents successfully.")),
			web.DELETE("/api/agent/{agent_id}/recent", "Delete Recent Agent", a.removeBookmark(core.Recent), on(web.View), web.Message("Recent agent deleted successfully.")),
			web.GET("/api/agent/starred", "Get Starred Agents", a.bookmarks(core.Starred), own(), web.Message("Starred agents retrieved successfully.")),
			web.POST("/api/agent/{agent_id}/starred", "Star an Agent", a.addBookmark(core.Starred), on(web.View), web.Created(), web.Message("Agent starred successfully.")),
			web.DELETE("/api/agent/{agent_id}/starred", "Delete Starred Agents", a.removeBookmark(core.Starred), on(web.View), web.Message("Starred agent deleted successfully.")),
			web.GET("/api/team/{team_id}/agent", "Get Agents by Team or User Team", a.listOfTeam, web.On(string(actor.Team), "team_id", web.View), web.Message("Agents retrieved successfully.")),
			web.GET("/api/team/agent", "Get Agents by User Team", a.listOfOwnTeams, web.User().Note("those of one's teams that one may view"), web.Message("Agents retrieved successfully.")),
			web.GET("/api/project/{project_id}/agent", "Get All Agents by Project", a.listOfProject, web.On(string(actor.Project), "project_id", web.View), web.Message("Agents retrieved successfully.")),
			web.POST("/api/agent/{agent_id}/review", "Create a Review for an Agent", a.createReview, on(web.View), web.Created(), web.Message("Review created successfully.")),
			web.GET("/api/agent/{agent_id}/review", "Get Agent Reviews", a.reviews, on(web.View), web.Message("Reviews retrieved successfully.")),
			web.PUT("/api/agent/{agent_id}/review/{review_id}", "Update an Agent Review", a.updateReview, on(web.View).And(web.On("review", "review_id", web.Edit)), web.Message("Review updated successfully.")),
			web.DELETE("/api/agent/{agent_id}/review/{review_id}", "Delete an Agent Review", a.deleteReview, on(web.View).And(web.On("review", "review_id", web.Delete)), web.Message("Review deleted successfully.")),
			web.GET("/api/agent/{agent_id}/rating", "Get Agent Ratings", a.ratings, on(web.View), web.Message("Ratings retrieved successfully.")),
			web.PUT("/api/agent/{agent_id}/rating", "Toggle Rating", a.toggleRating, on(web.View), web.Toggles(), web.Message("Rating updated successfully.")),
			web.POST("/api/agent/{agent_id}/alias", "Create Agent Alias", a.createAlias, on(web.Edit), web.Created(), web.Message("Agent alias created successfully.")),
			web.GET("/api/agent/alias", "Get All Agent Alias", a.aliases, web.User().Note("of the agents that one may view"), web.Message("Agent aliases retrieved successfully.")),
			web.PUT("/api/agent/{agent_id}/alias", "Update Agent Alias", a.updateAlias, on(web.Edit), web.Message("Agent alias updated successfully.")),
			web.GET("/api/agent/{agent_id}/access", "Get Agent Access Level", a.access, on(web.View), web.Message("Agent access level retrieved successfully.")),
			web.PUT("/api/agent/{agent_id}/access", "Update Agent Access Level", a.setAccess, on(web.Manage), web.Message("Agent access level updated successfully.")),
			web.GET("/api/agent-type", "Get Agent Types", a.types, web.User(), web.Message("Agent types retrieved successfully.")),
			web.PUT("/api/agent-type/{agent_type_id}", "Update Agent Type", a.updateType, web.On("agent type", "agent_type_id", web.Edit), web.Message("Agent type updated successfully.")),
			web.GET("/api/agent/{agent_id}/user", "Get User Agent or User Agent Permission", a.grantees, on(web.Manage).ForSelf("user_id", web.View).And(web.On("user", "user_id", web.View).IfSent()), web.Message("Agent permissions retrieved successfully.")),
		),
		web.Group("Project",
			web.POST("/api/project/details", "Fetch Project Details", a.details, web.User().Note("those that one may view"), web.Safe(), web.Message("Project details retrieved successfully.")),
		),
	)
}

type createRequest struct {
	Body struct {
		Name             string    `json:"name" minLength:"1" maxLength:"200"`
		ProjectID        int64     `json:"project_id" minimum:"1"`
		Description      *string   `json:"description,omitempty" maxLength:"4000"`
		Type             *string   `json:"type,omitempty" maxLength:"100" doc:"Name of an agent type; the first one, QnA, when not given."`
		PrefixPrompt     *string   `json:"prefix_prompt,omitempty" maxLength:"20000"`
		Instructions     *[]string `json:"custom_instructions,omitempty" maxItems:"50"`
		Access           *string   `json:"access,omitempty" enum:"Only me,Only team,Public" doc:"Only me when not given."`
		LLMModel         *string   `json:"llm_model,omitempty" maxLength:"200" doc:"The model that answers, by its name at the configured model server, unless a question names another; empty for the one that the server is configured with. It has no effect without a model server, and the agent is shown without it."`
		SampleQ1         *string   `json:"sample_q1,omitempty" maxLength:"1000"`
		SampleQ2         *string   `json:"sample_q2,omitempty" maxLength:"1000"`
		SampleQ3         *string   `json:"sample_q3,omitempty" maxLength:"1000"`
		CreateEmailAlias bool      `json:"create_email_alias,omitempty" doc:"Gives the agent an e-mail address made of its name and id."`
	}
}

func (a *API) create(ctx context.Context, r createRequest) (agentView, error) {
	who, b := actor.From(ctx), r.Body
	f, err := a.service.CreateAgent(ctx, who, core.Settings{
		Name: &b.Name, ProjectID: &b.ProjectID, Description: b.Description, Type: b.Type, PrefixPrompt: b.PrefixPrompt, Instructions: b.Instructions,
		Access: b.Access, LLMModel: b.LLMModel, SampleQ1: b.SampleQ1, SampleQ2: b.SampleQ2, SampleQ3: b.SampleQ3, WithAlias: b.CreateEmailAlias,
	})
	if err != nil {
		return agentView{}, err
	}
	return a.showOne(ctx, who, f)
}

type updateRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Name             *string   `json:"name,omitempty" minLength:"1" maxLength:"200"`
		ProjectID        *int64    `json:"project_id,omitempty" minimum:"1"`
		Description      *string   `json:"description,omitempty" maxLength:"4000"`
		Type             *string   `json:"type,omitempty" maxLength:"100" doc:"Name of an agent type."`
		PrefixPrompt     *string   `json:"prefix_prompt,omitempty" maxLength:"20000"`
		Instructions     *[]string `json:"custom_instructions,omitempty" maxItems:"50" doc:"In place of all earlier ones."`
		Access           *string   `json:"access,omitempty" enum:"Only me,Only team,Public"`
		Status           *string   `json:"status,omitempty" enum:"Live,Draft,Paused" doc:"Only a Live agent answers others than its admins."`
		LLMModel         *string   `json:"llm_model,omitempty" maxLength:"200" doc:"The model that answers, by its name at the configured model server, unless a question names another; empty for the one that the server is configured with. It has no effect without a model server, and the agent is shown without it."`
		SampleQ1         *string   `json:"sample_q1,omitempty" maxLength:"1000"`
		SampleQ2         *string   `json:"sample_q2,omitempty" maxLength:"1000"`
		SampleQ3         *string   `json:"sample_q3,omitempty" maxLength:"1000"`
		CreateEmailAlias bool      `json:"create_email_alias,omitempty" doc:"Gives the agent an e-mail address made of its name and id, unless it has one."`
	}
}

func (a *API) update(ctx context.Context, r updateRequest) (agentView, error) {
	who, b := actor.From(ctx), r.Body
	f, err := a.service.UpdateAgent(ctx, who, r.AgentID, core.Settings{
		Name: b.Name, ProjectID: b.ProjectID, Description: b.Description, Type: b.Type, PrefixPrompt: b.PrefixPrompt, Instructions: b.Instructions,
		Access: b.Access, Status: b.Status, LLMModel: b.LLMModel, SampleQ1: b.SampleQ1, SampleQ2: b.SampleQ2, SampleQ3: b.SampleQ3, WithAlias: b.CreateEmailAlias,
	})
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
