// Package httpv1 is the projects module's part of the V1 API.
package httpv1

import (
	"parley/modules/projects/internal/core"
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
func (a *API) Routes() []web.Route { return append(a.teamRoutes(), a.projectRoutes()...) }

// teamRoutes are what is done with teams.
func (a *API) teamRoutes() []web.Route {
	team := func(action web.Action) web.Policy { return web.On(actor.Team, "team_id", action) }
	people := web.On(actor.Account, "user_ids", web.View)
	return web.Group("Team",
		web.POST("/api/team", "Create Team", a.createTeam,
			web.ApplicationAdmin(),
			web.Created(),
			web.Message("Team created successfully."),
		),
		web.GET("/api/team", "Get All Teams", a.teams,
			web.User().Lists(actor.Team),
			web.Message("Teams retrieved successfully."),
		),
		web.GET("/api/team/{team_id}", "Get Team by ID", a.team,
			team(web.View),
			web.Message("Team retrieved successfully."),
		),
		web.PUT("/api/team/{team_id}", "Edit Team", a.updateTeam,
			team(web.Edit),
			web.Message("Team updated successfully."),
		),
		web.DELETE("/api/team/{team_id}", "Delete Team", a.deleteTeam,
			team(web.Delete),
			web.Message("Team deleted successfully."),
		),
		web.GET("/api/team/{team_id}/user", "Get Users of Team", a.teamMembers,
			team(web.View),
			web.Message("Team users retrieved successfully."),
		),
		web.POST("/api/team/{team_id}/user", "Add User to Team", a.addToTeam,
			team(web.View).And(people).And(team(web.Manage)),
			web.Message("Users added to team successfully."),
		),
		web.DELETE("/api/team/{team_id}/user", "Remove User from Team", a.removeFromTeam,
			team(web.Manage),
			web.Message("Users removed from team successfully."),
		),
	)
}

// projectRoutes are what is done with projects.
func (a *API) projectRoutes() []web.Route {
	project := func(action web.Action) web.Policy { return web.On(actor.Project, "project_id", action) }
	people := web.On(actor.Account, "user_ids", web.View)
	return web.Group("Project",
		web.POST("/api/project", "Create New Project", a.createProject,
			web.On(actor.Team, "team", web.Edit).OrLevel(actor.ApplicationAdmin),
			web.Created(),
			web.Message("Project created successfully."),
		),
		web.GET("/api/project", "Get All Projects", a.projects,
			web.User().Lists(actor.Project),
			web.Message("Projects retrieved successfully."),
		),
		web.GET("/api/project/recent", "Get Recent Projects", a.recents,
			web.User().Note("one's own list"),
			web.Message("Recent projects retrieved successfully."),
		),
		web.GET("/api/project/{project_id}", "Get Project Details by ID", a.project,
			project(web.View),
			web.Message("Project retrieved successfully."),
		),
		web.PUT("/api/project/{project_id}", "Edit Project By ID", a.updateProject,
			project(web.View).
				And(web.On(actor.Team, "team", web.View).IfSent()).
				And(project(web.Edit)).
				And(web.On(actor.Team, "team", web.Edit).IfSent().OrLevel(actor.ApplicationAdmin)),
			web.Message("Project updated successfully."),
		),
		web.DELETE("/api/project/{project_id}", "Delete Project By ID", a.deleteProject,
			project(web.Delete),
			web.Message("Project deleted successfully."),
		),
		web.POST("/api/project/{project_id}/recent", "Add Recent Project", a.addRecent,
			project(web.View),
			web.Created(),
			web.Message("Project added to recents successfully."),
		),
		web.POST("/api/project/{project_id}/user", "Add User to Project", a.addToProject,
			project(web.View).And(people).And(project(web.Manage)),
			web.Message("Users added to project successfully."),
		),
		web.DELETE("/api/project/{project_id}/user", "Remove User from Project", a.removeFromProject,
			project(web.Manage),
			web.Message("Users removed from project successfully."),
		),
		web.GET("/api/user/{user_id}/team/{team_id}/project", "Get User Projects For Team", a.projectsOfUser,
			web.On(actor.Team, "team_id", web.Manage).ForSelf("user_id", web.View).And(web.On(actor.Account, "user_id", web.View)),
			web.Message("Projects retrieved successfully."),
		),
	)
}
