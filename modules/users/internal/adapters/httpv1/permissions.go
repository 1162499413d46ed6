package httpv1

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// permissionView is a user's role on a resource as the API shows it.
type permissionView struct {
	ID           int64  `json:"id"`
	User         int64  `json:"user"`
	ResourceType string `json:"resource_type"`
	ResourceID   int64  `json:"resource_id"`
	Role         string `json:"role"`
	web.Audit
}

func showPermission(p users.Permission) permissionView {
	return permissionView{ID: p.ID, User: p.UserID, ResourceType: string(p.ResourceType), ResourceID: p.ResourceID, Role: p.Role, Audit: web.ShowAudit(p.Audit)}
}

func shownPermission(p users.Permission, err error) (permissionView, error) {
	if err != nil {
		return permissionView{}, err
	}
	return showPermission(p), nil
}

type assignRequest struct {
	UserID int64 `path:"user_id"`
	Body   struct {
		ResourceType string `json:"resource_type" enum:"organization,team,project,agent"`
		ResourceID   int64  `json:"resource_id,omitempty" minimum:"1" doc:"Not needed for the own organization."`
		Role         string `json:"role" enum:"global_admin,application_admin,user,admin,member" doc:"On the organization global_admin, application_admin or user; else admin or member."`
	}
}

func (a *API) assign(ctx context.Context, r assignRequest) (permissionView, error) {
	return shownPermission(a.service.Assign(ctx, actor.From(ctx), r.UserID, actor.Resource(r.Body.ResourceType), r.Body.ResourceID, r.Body.Role))
}

type permissionRequest struct {
	PermissionID int64 `path:"permission_id"`
}

func (a *API) permission(ctx context.Context, r permissionRequest) (permissionView, error) {
	p, _, err := a.service.Permission(ctx, actor.From(ctx), r.PermissionID)
	return shownPermission(p, err)
}

type editPermissionRequest struct {
	PermissionID int64 `path:"permission_id"`
	Body         struct {
		Role string `json:"role" enum:"global_admin,application_admin,user,admin,member"`
	}
}

func (a *API) editPermission(ctx context.Context, r editPermissionRequest) (permissionView, error) {
	return shownPermission(a.service.EditPermission(ctx, actor.From(ctx), r.PermissionID, r.Body.Role))
}

func (a *API) deletePermission(ctx context.Context, r permissionRequest) (permissionView, error) {
	return shownPermission(a.service.DeletePermission(ctx, actor.From(ctx), r.PermissionID))
}
