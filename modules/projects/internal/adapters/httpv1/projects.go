package httpv1

import (
	"context"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/web"
)

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
	return a.showPage(ctx, who, found)
}

// showPage shows projects, with their users counted in one query.
func (a *API) showPage(ctx context.Context, who actor.Actor, found page.Of[projects.Project]) (web.List[projectView], error) {
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

type updateProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	Body      struct {
		Name        *string             `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Description *string             `json:"description,omitempty" maxLength:"4000"`
		Team        web.Optional[int64] `json:"team,omitempty" minimum:"1" doc:"null takes the project out of its team."`
	}
}

func (a *API) updateProject(ctx context.Context, r updateProjectRequest) (projectView, error) {
	change := core.Change{Name: r.Body.Name, Description: r.Body.Description}
	if r.Body.Team.Sent {
		change.Team = &r.Body.Team.Value
	}
	who := actor.From(ctx)
	p, err := a.service.UpdateProject(ctx, who, r.ProjectID, change)
	if err != nil {
		return projectView{}, err
	}
	counts, err := a.service.UserCounts(ctx, who, []int64{p.ID})
	return showProject(p, counts[p.ID]), err
}

func (a *API) deleteProject(ctx context.Context, r projectRequest) (projectView, error) {
	p, users, err := a.service.DeleteProject(ctx, actor.From(ctx), r.ProjectID)
	return showProject(p, users), err
}

type projectsOfUserRequest struct {
	UserID int64 `path:"user_id"`
	TeamID int64 `path:"team_id"`
	web.ListQuery
}

func (a *API) projectsOfUser(ctx context.Context, r projectsOfUserRequest) (web.List[projectView], error) {
	who := actor.From(ctx)
	found, err := a.service.ProjectsOfUser(ctx, who, r.UserID, r.TeamID, r.Request())
	if err != nil {
		return web.List[projectView]{}, err
	}
	return a.showPage(ctx, who, found)
}

type recentView struct {
	_ struct{} `schema:"RecentProject"`

	ID        int64       `json:"id"`
	Project   projectView `json:"project"`
	User      personView  `json:"user"`
	CreatedOn web.Time    `json:"created_on"`
}

func showRecent(r core.RecentProject, users int64) recentView {
	return recentView{ID: r.ID, Project: showProject(r.Project, users), User: showPerson(r.User), CreatedOn: web.At(r.CreatedOn)}
}

func (a *API) addRecent(ctx context.Context, r projectRequest) (recentView, error) {
	who := actor.From(ctx)
	recent, err := a.service.AddRecent(ctx, who, r.ProjectID)
	if err != nil {
		return recentView{}, err
	}
	counts, err := a.service.UserCounts(ctx, who, []int64{r.ProjectID})
	return showRecent(recent, counts[r.ProjectID]), err
}

func (a *API) recents(ctx context.Context, r listRequest) (web.List[recentView], error) {
	who := actor.From(ctx)
	found, err := a.service.Recents(ctx, who, r.Request())
	if err != nil {
		return web.List[recentView]{}, err
	}
	ids := make([]int64, len(found.Items))
	for i, r := range found.Items {
		ids[i] = r.ProjectID
	}
	counts, err := a.service.UserCounts(ctx, who, ids)
	return web.Listed(found, func(r core.RecentProject) recentView { return showRecent(r, counts[r.ProjectID]) }), err
}
