package httpv1

import (
	"context"

	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/modules/projects/projectswire"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/web"
)

type createProjectRequest struct {
	Body struct {
		newBody
		Team *int64 `json:"team,omitempty" nullable:"true" minimum:"1"`
	}
}

func (a *API) createProject(ctx context.Context, r createProjectRequest) (projectswire.Project, error) {
	p, err := a.service.CreateProject(ctx, actor.From(ctx), r.Body.Name, r.Body.Description, r.Body.Team)
	return projectswire.ShowProject(p, 1), err // the creator
}

func (a *API) projects(ctx context.Context, r listRequest) (web.List[projectswire.Project], error) {
	who := actor.From(ctx)
	found, err := a.service.ProjectsPage(ctx, who, r.Request())
	if err != nil {
		return web.List[projectswire.Project]{}, err
	}
	return a.showPage(ctx, who, found)
}

// showPage shows projects, with their users counted in one query.
func (a *API) showPage(ctx context.Context, who actor.Actor, found page.Of[projects.Project]) (web.List[projectswire.Project], error) {
	ids := make([]int64, len(found.Items))
	for i, p := range found.Items {
		ids[i] = p.ID
	}
	counts, err := a.service.UserCounts(ctx, who, ids)
	return web.Listed(found, func(p projects.Project) projectswire.Project { return projectswire.ShowProject(p, counts[p.ID]) }), err
}

type projectRequest struct {
	ProjectID int64 `path:"project_id"`
}

func (a *API) project(ctx context.Context, r projectRequest) (projectswire.Project, error) {
	who := actor.From(ctx)
	p, err := a.service.Project(ctx, who, r.ProjectID)
	if err != nil {
		return projectswire.Project{}, err
	}
	counts, err := a.service.UserCounts(ctx, who, []int64{p.ID})
	return projectswire.ShowProject(p, counts[p.ID]), err
}

type updateProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	Body      struct {
		changeBody
		Team web.Optional[int64] `json:"team,omitempty" minimum:"1" doc:"null takes the project out of its team."`
	}
}

func (a *API) updateProject(ctx context.Context, r updateProjectRequest) (projectswire.Project, error) {
	change := r.Body.change()
	if r.Body.Team.Sent {
		change.Team = &r.Body.Team.Value
	}
	who := actor.From(ctx)
	p, err := a.service.UpdateProject(ctx, who, r.ProjectID, change)
	if err != nil {
		return projectswire.Project{}, err
	}
	counts, err := a.service.UserCounts(ctx, who, []int64{p.ID})
	return projectswire.ShowProject(p, counts[p.ID]), err
}

func (a *API) deleteProject(ctx context.Context, r projectRequest) (projectswire.Project, error) {
	p, users, err := a.service.DeleteProject(ctx, actor.From(ctx), r.ProjectID)
	return projectswire.ShowProject(p, users), err
}

type projectsOfUserRequest struct {
	UserID int64 `path:"user_id"`
	TeamID int64 `path:"team_id"`
	web.ListQuery
}

func (a *API) projectsOfUser(ctx context.Context, r projectsOfUserRequest) (web.List[projectswire.Project], error) {
	who := actor.From(ctx)
	found, err := a.service.ProjectsOfUser(ctx, who, r.UserID, r.TeamID, r.Request())
	if err != nil {
		return web.List[projectswire.Project]{}, err
	}
	return a.showPage(ctx, who, found)
}

type recentView struct {
	_ struct{} `schema:"RecentProject"`

	ID        int64                `json:"id"`
	Project   projectswire.Project `json:"project"`
	User      userswire.Person     `json:"user"`
	CreatedOn web.Time             `json:"created_on"`
}

func showRecent(r core.RecentProject, users int64) recentView {
	return recentView{ID: r.ID, Project: projectswire.ShowProject(r.Project, users), User: userswire.ShowPerson(r.User), CreatedOn: web.At(r.CreatedOn)}
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
