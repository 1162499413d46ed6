// Package httpv1 is the users module's part of the V1 API.
package httpv1

import (
	"context"
	"net/http"
	"slices"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	return slices.Concat(a.signInRoutes(), a.userRoutes(), a.roleRoutes(), a.keyRoutes(), a.organizationRoutes())
}

// signInRoutes are how somebody gets credentials.
func (a *API) signInRoutes() []web.Route {
	return web.Group("Sign in",
		web.POST("/api/login/access-token", "Sign In", a.signIn,
			web.Anyone("signing in is how one gets credentials"),
			web.Flat(),
			web.IdempotentByHandler(),
			web.Refuses(http.StatusUnauthorized, http.StatusTooManyRequests),
		),
		web.POST("/api/users/refresh-access-token", "Refresh Access Token", a.refresh,
			web.RefreshToken(),
			web.Flat(),
			web.IdempotentByHandler(),
		),
		web.POST("/api/users/password-reset", "Request Password Reset", a.requestReset,
			web.Anyone("who forgot a password has no credentials"),
			web.IdempotentByHandler(),
			web.Message("If there is an account with this address and a password, a mail is on its way."),
			web.Refuses(http.StatusConflict, http.StatusTooManyRequests),
		),
		web.POST("/api/users/password-reset/confirm", "Confirm Password Reset", a.confirmReset,
			web.Anyone("the token of a mail is the proof"),
			web.IdempotentByHandler(),
			web.Message("Password changed successfully; sign in with it."),
			web.Refuses(http.StatusTooManyRequests),
		),
		web.POST("/api/users/signup", "Sign Up", a.signUp,
			web.Anyone("who signs up has no account yet"),
			web.IdempotentByHandler(),
			web.Message("A mail is on its way; confirm the address with it."),
			web.Refuses(http.StatusConflict, http.StatusTooManyRequests),
		),
		web.POST("/api/users/verify-address", "Verify Address", a.verifyAddress,
			web.Anyone("the token of a mail and the chosen password are the proof"),
			web.IdempotentByHandler(),
			web.Message("Address verified successfully; sign in with it."),
			web.Refuses(http.StatusConflict, http.StatusTooManyRequests),
		),
	)
}

// userRoutes are what is done with users.
func (a *API) userRoutes() []web.Route {
	user := func(action web.Action) web.Policy { return web.On(actor.Account, "user_id", action) }
	// Who gives a level gives all that its holder can do, beyond any key.
	withLevels := func(p web.Policy) web.Policy {
		return p.LevelFor("is_superuser", true, actor.GlobalAdmin).UnrestrictedKeyOnlyForValue("is_staff", true).UnrestrictedKeyOnlyForValue("is_superuser", true)
	}
	return web.Group("User",
		web.GET("/api/user/me", "Get Own User", a.me,
			web.User(),
			web.Message("User retrieved successfully."),
		),
		web.PUT("/api/user/me/password", "Change Own Password", a.changePassword,
			web.User().UnrestrictedKeyOnly(),
			web.Message("Password changed successfully."),
			web.Refuses(http.StatusTooManyRequests),
		),
		web.GET("/api/user", "Get All Users", a.list,
			web.User().Lists(actor.Account),
			web.Message("Users retrieved successfully."),
		),
		web.GET("/api/user/{user_id}", "Get User By ID", a.get,
			user(web.View),
			web.Message("User retrieved successfully."),
		),
		web.POST("/api/user", "Create User", a.create,
			withLevels(web.ApplicationAdmin()).UnrestrictedKeyOnlyFor("password"),
			web.Created(),
			web.Message("User created successfully."),
		),
		web.PUT("/api/user/{user_id}", "Edit User By ID", a.edit,
			withLevels(user(web.Edit).ForSelf("user_id", web.View).Note("of oneself only the names")).
				UnrestrictedKeyOnlyFor("email"),
			web.Message("User updated successfully."),
		),
		web.DELETE("/api/user/{user_id}", "Delete User by ID", a.delete,
			user(web.Delete),
			web.Message("User deleted successfully."),
		),
		web.POST("/api/user/{user_id}/invitation", "Invite User", a.invite,
			user(web.Edit).UnrestrictedKeyOnly(),
			web.Message("Invitation sent successfully."),
			web.Refuses(http.StatusTooManyRequests),
		),
		web.DELETE("/api/user/batch", "Batch Delete Users", a.batchDelete,
			web.On(actor.Account, "user_ids", web.Delete),
			web.Message("Users deleted successfully."),
		),
	)
}

// roleRoutes are what is done with the roles of users on resources.
func (a *API) roleRoutes() []web.Route {
	user := func(action web.Action) web.Policy { return web.On(actor.Account, "user_id", action) }
	permission := func(action web.Action) web.Policy { return web.On(actor.Permission, "permission_id", action) }
	return web.Group("User",
		web.POST("/api/user/{user_id}/permission", "Create User Permission", a.assign,
			user(web.View).
				And(web.OnKind("resource_type", "resource_id", web.Manage)).
				And(user(web.Edit).When("resource_type", string(actor.Organization))).
				LevelFor("role", actor.GlobalAdmin.String(), actor.GlobalAdmin).
				UnrestrictedKeyOnlyForValue("resource_type", string(actor.Organization)),
			web.Created(),
			web.Message("User permission created successfully."),
		),
		web.GET("/api/user/permission/{permission_id}", "Get User Permission by ID", a.permission,
			permission(web.View),
			web.Message("User permission retrieved successfully."),
		),
		web.PUT("/api/user/permission/{permission_id}", "Edit User Permission by ID", a.editPermission,
			permission(web.Edit).
				LevelFor("role", actor.GlobalAdmin.String(), actor.GlobalAdmin).
				LevelFor("role", actor.ApplicationAdmin.String(), actor.ApplicationAdmin).
				UnrestrictedKeyOnlyForValue("role", actor.GlobalAdmin.String()).
				UnrestrictedKeyOnlyForValue("role", actor.ApplicationAdmin.String()),
			web.Message("User permission updated successfully."),
		),
		web.DELETE("/api/user/permission/{permission_id}", "Delete User Permission by ID", a.deletePermission,
			permission(web.Delete),
			web.Message("User permission deleted successfully."),
		),
	)
}

// keyRoutes are what is done with API keys.
func (a *API) keyRoutes() []web.Route {
	// Of oneself, unless another user is named.
	keysOf := func() web.Policy {
		return web.On(actor.Account, "user_id", web.Manage).IfSent().ForSelf("user_id", web.View)
	}
	return web.Group("API key",
		web.POST("/api/api-key", "Create API Key", a.createKey,
			keysOf().Note("of others only service users").UnrestrictedKeyOnly(),
			web.Created(),
			web.Message("API key created successfully; it is shown this once."),
		),
		web.GET("/api/api-key", "Get API Keys", a.keys,
			keysOf().Note("of others only service users").UnrestrictedKeyOnly(),
			web.Message("API keys retrieved successfully."),
		),
		web.DELETE("/api/api-key/{api_key_id}", "Delete API Key", a.deleteKey,
			web.On(actor.APIKey, "api_key_id", web.Delete).UnrestrictedKeyOnly(),
			web.Message("API key deleted successfully."),
		),
	)
}

// organizationRoutes are about the organization itself and its audit log.
func (a *API) organizationRoutes() []web.Route {
	return append(
		web.Group("Organization",
			web.GET("/api/organization", "Get Own Organization", a.organization,
				web.User(),
				web.Message("Organization retrieved successfully."),
			),
			web.PUT("/api/organization/{organization_id}", "Edit Organization", a.editOrganization,
				web.On(actor.Organization, "organization_id", web.Edit),
				web.Message("Organization updated successfully."),
			),
		),
		web.Group("Audit log",
			web.GET("/api/audit-log", "Get Audit Log", a.auditLog,
				web.GlobalAdmin(),
				web.Message("Audit log retrieved successfully."),
			),
		)...,
	)
}

// Authenticate implements web.Authenticator.
func (a *API) Authenticate(ctx context.Context, c web.Credentials) (actor.Actor, error) {
	return a.service.Authenticate(ctx, c.Bearer, c.APIKey)
}

// OnChange implements web.Telling.
func (a *API) OnChange(told func(userIDs ...int64)) { a.service.OnChange(told) }
