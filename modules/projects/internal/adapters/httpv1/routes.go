// Package httpv1 is the projects module's part of the V1 API.
package httpv1

import (
	"context"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	team := func(action web.Action) web.Policy { return web.On(string(actor.Team), "team_id", action) }
	project := func(action web.Action) web.Policy { return web.On(string(actor.Project), "project_id", action) }
	return append(
		web.Group("Team",
			web.POST("/api/team", "Create Team", a.createTeam, web.ApplicationAdmin(), web.Created(), web.Message("Team created successfully.")),
			web.GET("/api/team", "Get All Teams", a.teams, web.User().Note("those that one has a role on"), web.Message("Teams retrieved successfully.")),
			web.GET("/api/team/{team_id}", "Get Team by ID", a.team, team(web.View), web.Message("Team retrieved successfully.")),
			web.POST("/api/team/{team_id}/user", "Add User to Team", a.addToTeam, team(web.Manage), web.Message("Users added to team successfully.")),
		),
		web.Group("Project",
			web.POST("/api/project", "Create New Project", a.createProject, web.User().Note("application admins, and team admins for their team"), web.Created(), web.Message("Project created successfully.")),
			web.GET("/api/project", "Get All Projects", a.projects, web.User().Note("those that one has a role on"), web.Message("Projects retrieved successfully.")),
			web.GET("/api/project/{project_id}", "Get Project Details by ID", a.project, project(web.View), web.Message("Project retrieved successfully.")),
			web.POST("/api/project/{project_id}/user", "Add User to Project", a.addToProject, project(web.Manage), web.Message("Users added to project successfully.")),
		)...,
	)
}

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

type projectView struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	Team         *int64 `json:"team"`
	Organization int64  `json:"organization"`
	IsDeleted    bool   `json:"is_deleted"`
	AgentCount   int64  `json:"agent_count"`
	UserCount    int64  `json:"user_count" doc:"Users with a role on the project itself."`
	web.Audit
}

func showProject(p projects.Project, users int64) projectView {
	return projectView{ID: p.ID, Name: p.Name, Description: p.Description, Team: p.TeamID, Organization: p.OrganizationID, IsDeleted: p.IsDeleted, AgentCount: p.AgentCount, UserCount: users, Audit: web.ShowAudit(p.Audit)}
}

type createTeamRequest struct {
	Body struct {
		Name        string `json:"name" minLength:"1" maxLength:"200"`
		Description string `json:"description,omitempty" maxLength:"4000"`
	}
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

type createProjectRequest struct {
	Body struct {
		Name        string `json:"name" minLength:"1" maxLength:"200"`
		Description string `json:"description,omitempty" maxLength:"4000"`
		Team        *int64 `json:"team,omitempty" nullable:"true" minimum:"1"`
	}
}

func (a *API) createProject(ctx context.Context, r createProjectRequest) (projectView, error) {
	p, err := a.service.CreateProject(ctx, actor.From(ctx), r.Body.Name, r.Body.Description, r.Body.Team)
	return showProject(p, 1), err // the creator
}

func (a *API) projects(ctx context.Context, r listRequest) (web.List[projectView], error) {
	who := actor.From(ctx)
	found, err := a.service.ProjectsPage(ctx, who, r.Request())
	if err != nil {
		return web.List[projectView]{}, err
	}
	ids := make([]int64, len(found.Items))
	for i, p := range found.Items {
		ids[i] = p.ID
	}
	counts, err := a.service.UserCounts(ctx, who, ids)
	return web.Listed(found, func(p projects.Project) projectView { return showProject(p, counts[p.ID]) }), err
}

type projectRequest struct {
	ProjectID int64 `path:"project_id"`
}

func (a *API) project(ctx context.Context, r projectRequest) (projectView, error) {
	who := actor.From(ctx)
	p, err := a.service.Project(ctx, who, r.ProjectID)
	if err != nil {
		return projectView{}, err
	}
	counts, err := a.service.UserCounts(ctx, who, []int64{p.ID})
	return showProject(p, counts[p.ID]), err
}

func roleOf(name string) actor.Role {
	if role, ok := actor.ParseRole(name); ok {
		return role
	}
	return actor.Member
}

// memberView is a user with the id of the row that makes them a member.
type memberView struct {
	ID   int64      `json:"id"`
	User personView `json:"user"`
	Role string     `json:"role"`
}

type personView struct {
	ID           int64   `json:"id"`
	Email        string  `json:"email"`
	FirstName    *string `json:"first_name"`
	LastName     *string `json:"last_name"`
	Organization int64   `json:"organization"`
}

func showMembers(members []core.Member) []memberView {
	out := make([]memberView, len(members))
	for i, m := range members {
		out[i] = memberView{ID: m.Permission.ID, Role: m.Permission.Role, User: personView{ID: m.User.ID, Email: m.User.Email, FirstName: m.User.FirstName, LastName: m.User.LastName, Organization: m.User.OrganizationID}}
	}
	return out
}

type addToTeamRequest struct {
	TeamID int64 `path:"team_id"`
	Body   struct {
		UserIDs []int64 `json:"user_ids" minItems:"1" maxItems:"1000"`
		Role    string  `json:"role,omitempty" enum:"member,admin" doc:"member when not given."`
	}
}

func (a *API) addToTeam(ctx context.Context, r addToTeamRequest) ([]memberView, error) {
	members, err := a.service.AddToTeam(ctx, actor.From(ctx), r.TeamID, r.Body.UserIDs, roleOf(r.Body.Role))
	return showMembers(members), err
}

type addToProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	Body      struct {
		UserIDs   []int64 `json:"user_ids" minItems:"1" maxItems:"1000"`
		CreatedBy string  `json:"created_by,omitempty" maxLength:"254" doc:"Accepted and ignored: the credentials say who."`
		Role      string  `json:"role,omitempty" enum:"member,admin" doc:"member when not given."`
	}
}

func (a *API) addToProject(ctx context.Context, r addToProjectRequest) ([]memberView, error) {
	members, err := a.service.AddToProject(ctx, actor.From(ctx), r.ProjectID, r.Body.UserIDs, roleOf(r.Body.Role))
	return showMembers(members), err
}
