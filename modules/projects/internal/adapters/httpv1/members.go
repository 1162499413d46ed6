package httpv1

import (
	"context"

	"parley/modules/projects/internal/core"
	"parley/modules/projects/projectswire"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

func roleOf(name string) actor.Role {
	if role, ok := actor.ParseRole(name); ok {
		return role
	}
	return actor.Member
}

// member returns how members are shown: with all of each user.
func (a *API) member(ctx context.Context) (func(core.Member) projectswire.Member, error) {
	user, err := userswire.Whole(ctx, a.directory, actor.From(ctx).OrganizationID)
	if err != nil {
		return nil, err
	}
	return func(m core.Member) projectswire.Member {
		return projectswire.Member{ID: m.Permission.ID, User: user(m.User), Role: m.Permission.Role}
	}, nil
}

// members shows those that a change of roles answers.
func (a *API) members(ctx context.Context, found []core.Member, err error) ([]projectswire.Member, error) {
	if err != nil {
		return nil, err
	}
	show, err := a.member(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]projectswire.Member, len(found))
	for i, m := range found {
		out[i] = show(m)
	}
	return out, nil
}

// usersBody names those whose role changes.
type usersBody struct {
	UserIDs []int64 `json:"user_ids" minItems:"1" maxItems:"1000"`
}

// addBody names those who get a role.
type addBody struct {
	usersBody
	Role string `json:"role,omitempty" enum:"member,admin" doc:"member when not given."`
}

type addToTeamRequest struct {
	TeamID int64 `path:"team_id"`
	Body   struct{ addBody }
}

func (a *API) addToTeam(ctx context.Context, r addToTeamRequest) ([]projectswire.Member, error) {
	members, err := a.service.AddToTeam(ctx, actor.From(ctx), r.TeamID, r.Body.UserIDs, roleOf(r.Body.Role))
	return a.members(ctx, members, err)
}

type addToProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	Body      struct {
		addBody
		CreatedBy string `json:"created_by,omitempty" maxLength:"254" doc:"Accepted and ignored: the credentials say who."`
	}
}

func (a *API) addToProject(ctx context.Context, r addToProjectRequest) ([]projectswire.Member, error) {
	members, err := a.service.AddToProject(ctx, actor.From(ctx), r.ProjectID, r.Body.UserIDs, roleOf(r.Body.Role))
	return a.members(ctx, members, err)
}

type teamMembersRequest struct {
	TeamID int64 `path:"team_id"`
	web.ListQuery
}

func (a *API) teamMembers(ctx context.Context, r teamMembersRequest) (web.List[projectswire.Member], error) {
	found, err := a.service.TeamMembers(ctx, actor.From(ctx), r.TeamID, r.Request())
	if err != nil {
		return web.List[projectswire.Member]{}, err
	}
	show, err := a.member(ctx)
	if err != nil {
		return web.List[projectswire.Member]{}, err
	}
	return web.Listed(found, show), nil
}

type removeFromTeamRequest struct {
	TeamID int64 `path:"team_id"`
	Body   struct{ usersBody }
}

func (a *API) removeFromTeam(ctx context.Context, r removeFromTeamRequest) ([]projectswire.Member, error) {
	members, err := a.service.RemoveFromTeam(ctx, actor.From(ctx), r.TeamID, r.Body.UserIDs)
	return a.members(ctx, members, err)
}

type removeFromProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	Body      struct{ usersBody }
}

func (a *API) removeFromProject(ctx context.Context, r removeFromProjectRequest) ([]projectswire.Member, error) {
	members, err := a.service.RemoveFromProject(ctx, actor.From(ctx), r.ProjectID, r.Body.UserIDs)
	return a.members(ctx, members, err)
}
