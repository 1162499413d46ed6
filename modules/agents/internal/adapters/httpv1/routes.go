// Package httpv1 is the agents module's part of the V1 API.
package httpv1

import (
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
	return slices.Concat(a.agentRoutes(), a.listRoutes(), a.opinionRoutes(), a.rightsRoutes(), a.otherRoutes())
}

// agentRoutes are what is done with agents themselves.
func (a *API) agentRoutes() []web.Route {
	on := func(action web.Action) web.Policy { return web.On(actor.Agent, "agent_id", action) }
	return web.Group("Agent",
		web.POST("/api/agent", "Create Agent", a.create,
			web.On(actor.Project, "project_id", web.Edit),
			web.Created(),
			web.Message("Agent created successfully"),
		),
		web.GET("/api/agent", "Get All Agents", a.list,
			web.User().Lists(actor.Agent),
			web.Message("Agents retrieved successfully."),
		),
		web.GET("/api/agent/{agent_id}", "Get Agent by ID", a.get,
			on(web.View),
			web.Message("Agent retrieved successfully."),
		),
		web.PUT("/api/agent/{agent_id}", "Edit Agent", a.update,
			on(web.View).And(web.On(actor.Project, "project_id", web.View).IfSent()).And(on(web.Edit)).And(web.On(actor.Project, "project_id", web.Edit).IfSent()),
			web.Message("Agent data updated successfully"),
		),
		web.DELETE("/api/agent/{agent_id}", "Delete Agent", a.delete,
			on(web.Delete),
			web.Message("Agent deleted successfully."),
		),
	)
}

// listRoutes are the lists in which users find agents.
func (a *API) listRoutes() []web.Route {
	on := func(action web.Action) web.Policy { return web.On(actor.Agent, "agent_id", action) }
	own := func() web.Policy { return web.User().Note("one's own list") }
	return web.Group("Agent",
		web.GET("/api/agent/recent", "Get Recent Agents", a.bookmarks(core.Recent),
			own(),
			web.Message("Recent agents retrieved successfully."),
		),
		web.POST("/api/agent/{agent_id}/recent", "Add to Recent Agents", a.addBookmark(core.Recent),
			on(web.View),
			web.Created(),
			web.Message("Agent added to recents successfully."),
		),
		web.DELETE("/api/agent/{agent_id}/recent", "Delete Recent Agent", a.removeBookmark(core.Recent),
			on(web.View),
			web.Message("Recent agent deleted successfully."),
		),
		web.GET("/api/agent/starred", "Get Starred Agents", a.bookmarks(core.Starred),
			own(),
			web.Message("Starred agents retrieved successfully."),
		),
		web.POST("/api/agent/{agent_id}/starred", "Star an Agent", a.addBookmark(core.Starred),
			on(web.View),
			web.Created(),
			web.Message("Agent starred successfully."),
		),
		web.DELETE("/api/agent/{agent_id}/starred", "Delete Starred Agents", a.removeBookmark(core.Starred),
			on(web.View),
			web.Message("Starred agent deleted successfully."),
		),
		web.GET("/api/team/{team_id}/agent", "Get Agents by Team or User Team", a.listOfTeam,
			web.On(actor.Team, "team_id", web.View),
			web.Message("Agents retrieved successfully."),
		),
		web.GET("/api/team/agent", "Get Agents by User Team", a.listOfOwnTeams,
			web.User().Note("those of one's teams that one may view"),
			web.Message("Agents retrieved successfully."),
		),
		web.GET("/api/project/{project_id}/agent", "Get All Agents by Project", a.listOfProject,
			web.On(actor.Project, "project_id", web.View),
			web.Message("Agents retrieved successfully."),
		),
	)
}

// opinionRoutes are what users say about agents.
func (a *API) opinionRoutes() []web.Route {
	on := func(action web.Action) web.Policy { return web.On(actor.Agent, "agent_id", action) }
	return web.Group("Agent",
		web.POST("/api/agent/{agent_id}/review", "Create a Review for an Agent", a.createReview,
			on(web.View),
			web.Created(),
			web.Message("Review created successfully."),
		),
		web.GET("/api/agent/{agent_id}/review", "Get Agent Reviews", a.reviews,
			on(web.View),
			web.Message("Reviews retrieved successfully."),
		),
		web.PUT("/api/agent/{agent_id}/review/{review_id}", "Update an Agent Review", a.updateReview,
			on(web.View).And(web.On(actor.Review, "review_id", web.Edit)),
			web.Message("Review updated successfully."),
		),
		web.DELETE("/api/agent/{agent_id}/review/{review_id}", "Delete an Agent Review", a.deleteReview,
			on(web.View).And(web.On(actor.Review, "review_id", web.Delete)),
			web.Message("Review deleted successfully."),
		),
		web.GET("/api/agent/{agent_id}/rating", "Get Agent Ratings", a.ratings,
			on(web.View),
			web.Message("Ratings retrieved successfully."),
		),
		web.PUT("/api/agent/{agent_id}/rating", "Toggle Rating", a.toggleRating,
			on(web.View),
			web.Toggles(),
			web.Message("Rating updated successfully."),
		),
	)
}

// rightsRoutes are who may use an agent, under which address, and what it was before.
func (a *API) rightsRoutes() []web.Route {
	on := func(action web.Action) web.Policy { return web.On(actor.Agent, "agent_id", action) }
	return web.Group("Agent",
		web.POST("/api/agent/{agent_id}/alias", "Create Agent Alias", a.createAlias,
			on(web.Edit),
			web.Created(),
			web.Message("Agent alias created successfully."),
		),
		web.GET("/api/agent/alias", "Get All Agent Alias", a.aliases,
			web.User().Note("of the agents that one may view"),
			web.Message("Agent aliases retrieved successfully."),
		),
		web.PUT("/api/agent/{agent_id}/alias", "Update Agent Alias", a.updateAlias,
			on(web.Edit),
			web.Message("Agent alias updated successfully."),
		),
		web.GET("/api/agent/{agent_id}/access", "Get Agent Access Level", a.access,
			on(web.View),
			web.Message("Agent access level retrieved successfully."),
		),
		web.PUT("/api/agent/{agent_id}/access", "Update Agent Access Level", a.setAccess,
			on(web.Manage),
			web.Message("Agent access level updated successfully."),
		),
		web.GET("/api/agent/{agent_id}/version", "Get Agent Versions", a.versions,
			on(web.View).Note("which fields changed; what they were, to admins"),
			web.Message("Agent versions retrieved successfully."),
		),
		web.GET("/api/agent/{agent_id}/version/{version}", "Get Agent Version", a.version,
			on(web.View).Note("the configuration to admins"),
			web.Message("Agent version retrieved successfully."),
		),
		web.GET("/api/agent-type", "Get Agent Types", a.types,
			web.User(),
			web.Message("Agent types retrieved successfully."),
		),
		web.PUT("/api/agent-type/{agent_type_id}", "Update Agent Type", a.updateType,
			web.On(actor.AgentType, "agent_type_id", web.Edit),
			web.Message("Agent type updated successfully."),
		),
		web.GET("/api/agent/{agent_id}/user", "Get User Agent or User Agent Permission", a.grantees,
			on(web.Manage).ForSelf("user_id", web.View).And(web.On(actor.Account, "user_id", web.View).IfSent()),
			web.Message("Agent permissions retrieved successfully."),
		),
	)
}

// otherRoutes are those that the contract has in other groups.
func (a *API) otherRoutes() []web.Route {
	return append(
		web.Group("Chat",
			web.POST("/api/agent/{agent_id}/instruction", "Create Custom Instructions", a.addInstructions,
				web.On(actor.Agent, "agent_id", web.Edit),
				web.Created(),
				web.Message("Custom instructions created successfully."),
			),
		),
		web.Group("Project",
			web.POST("/api/project/details", "Fetch Project Details", a.details,
				web.User().Note("those that one may view"),
				web.Safe(),
				web.Message("Project details retrieved successfully."),
			),
		)...,
	)
}
