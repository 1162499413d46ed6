package httpv1

import (
	"context"

	"parley/modules/projects/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

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

func showPerson(u users.User) personView {
	return personView{ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Organization: u.OrganizationID}
}

func showMember(m core.Member) memberView {
	return memberView{ID: m.Permission.ID, Role: m.Permission.Role, User: showPerson(m.User)}
}

func showMembers(members []core.Member) []memberView {
	out := make([]memberView, len(members))
	for i, m := range members {
		out[i] = showMember(m)
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

type teamMembersRequest struct {
	TeamID int64 `path:"team_id"`
	web.ListQuery
}

func (a *API) teamMembers(ctx context.Context, r teamMembersRequest) (web.List[memberView], error) {
	found, err := a.service.TeamMembers(ctx, actor.From(ctx), r.TeamID, r.Request())
	return web.Listed(found, showMember), err
}

type removeFromTeamRequest struct {
	TeamID int64 `path:"team_id"`
	Body   struct {
		UserIDs []int64 `json:"user_ids" minItems:"1" maxItems:"1000"`
	}
}

func (a *API) removeFromTeam(ctx context.Context, r removeFromTeamRequest) ([]memberView, error) {
	members, err := a.service.RemoveFromTeam(ctx, actor.From(ctx), r.TeamID, r.Body.UserIDs)
	return showMembers(members), err
}

type removeFromProjectRequest struct {
	ProjectID int64 `path:"project_id"`
	Body      struct {
		UserIDs []int64 `json:"user_ids" minItems:"1" maxItems:"1000"`
	}
}

func (a *API) removeFromProject(ctx context.Context, r removeFromProjectRequest) ([]memberView, error) {
	members, err := a.service.RemoveFromProject(ctx, actor.From(ctx), r.ProjectID, r.Body.UserIDs)
	return showMembers(members), err
}
