package httpv1

import (
	"context"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type nothing struct{}

func (a *API) me(ctx context.Context, _ nothing) (userswire.User, error) {
	who := actor.From(ctx)
	return a.get(ctx, getRequest{UserID: who.UserID})
}

type getRequest struct {
	UserID int64 `path:"user_id"`
}

func (a *API) get(ctx context.Context, r getRequest) (userswire.User, error) {
	return a.shown(ctx, func(who actor.Actor) (users.User, error) { return a.service.User(ctx, who, r.UserID) })
}

type listRequest struct {
	web.ListQuery
	Q        string `query:"q" maxLength:"200" doc:"Part of the address or of a name."`
	IsActive *bool  `query:"is_active" doc:"For admins."`
	TeamID   int64  `query:"team_id" minimum:"1" doc:"Lists the users who have a role on the team itself."`
}

func (a *API) list(ctx context.Context, r listRequest) (web.List[userswire.User], error) {
	who := actor.From(ctx)
	found, err := a.service.List(ctx, who, core.Filter{Text: r.Q, IsActive: r.IsActive, TeamID: r.TeamID}, r.Request())
	if err != nil {
		return web.List[userswire.User]{}, err
	}
	show, err := a.view(ctx, who)
	if err != nil {
		return web.List[userswire.User]{}, err
	}
	return web.Listed(found, show), nil
}

type createRequest struct {
	Body struct {
		Email       string  `json:"email" maxLength:"254" doc:"Empty for a service user."`
		Password    string  `json:"password,omitempty" maxLength:"1024" doc:"8 to 256 characters; without one they can't sign in with a password."`
		FirstName   *string `json:"first_name,omitempty" nullable:"true" maxLength:"150"`
		LastName    *string `json:"last_name,omitempty" nullable:"true" maxLength:"150"`
		IsStaff     *bool   `json:"is_staff,omitempty" doc:"Makes an application admin; when it is absent, as is_superuser."`
		IsSuperuser bool    `json:"is_superuser,omitempty" doc:"Makes a global admin."`
	}
}

func (a *API) create(ctx context.Context, r createRequest) (userswire.User, error) {
	return a.shown(ctx, func(who actor.Actor) (users.User, error) {
		return a.service.CreateUser(ctx, who, core.NewUser{
			Email: r.Body.Email, Password: r.Body.Password, FirstName: r.Body.FirstName, LastName: r.Body.LastName,
			IsStaff: r.Body.IsStaff, IsSuperuser: r.Body.IsSuperuser,
		})
	})
}

type editRequest struct {
	UserID int64 `path:"user_id"`
	Body   struct {
		FirstName   web.Optional[string] `json:"first_name,omitempty" maxLength:"150" doc:"Null takes it away."`
		LastName    web.Optional[string] `json:"last_name,omitempty" maxLength:"150"`
		Email       *string              `json:"email,omitempty" maxLength:"254" doc:"Changing it ends the user's sessions."`
		IsActive    *bool                `json:"is_active,omitempty" doc:"False suspends: every credential is void from the next request on."`
		IsStaff     *bool                `json:"is_staff,omitempty" doc:"Raising a service user revokes its API keys, here and by a role."`
		IsSuperuser *bool                `json:"is_superuser,omitempty" doc:"As is_staff."`
	}
}

func (a *API) edit(ctx context.Context, r editRequest) (userswire.User, error) {
	b := r.Body
	return a.shown(ctx, func(who actor.Actor) (users.User, error) {
		return a.service.EditUser(ctx, who, r.UserID, core.UserChange{
			FirstName: core.Name(b.FirstName), LastName: core.Name(b.LastName),
			Email: b.Email, IsActive: b.IsActive, IsStaff: b.IsStaff, IsSuperuser: b.IsSuperuser,
		})
	})
}

func (a *API) delete(ctx context.Context, r getRequest) (userswire.User, error) {
	return a.shown(ctx, func(who actor.Actor) (users.User, error) {
		gone, err := a.service.DeleteUsers(ctx, who, []int64{r.UserID})
		if err != nil {
			return users.User{}, err
		}
		return gone.Users[0], nil
	})
}

// shown shows the one user that do answers.
func (a *API) shown(ctx context.Context, do func(who actor.Actor) (users.User, error)) (userswire.User, error) {
	who := actor.From(ctx)
	u, err := do(who)
	if err != nil {
		return userswire.User{}, err
	}
	show, err := a.view(ctx, who)
	if err != nil {
		return userswire.User{}, err
	}
	return show(u), nil
}

type passwordRequest struct {
	Body struct {
		OldPassword string `json:"old_password" maxLength:"1024"`
		NewPassword string `json:"new_password" maxLength:"1024" doc:"8 to 256 characters."`
	}
}

func (a *API) changePassword(ctx context.Context, r passwordRequest) (userswire.User, error) {
	return a.shown(ctx, func(who actor.Actor) (users.User, error) {
		return a.service.ChangePassword(ctx, who, r.Body.OldPassword, r.Body.NewPassword, attempt(ctx))
	})
}

type batchDeleteRequest struct {
	Body struct {
		UserIDs []int64 `json:"user_ids" minItems:"1" maxItems:"1000" doc:"List of user IDs to be deleted."`
	}
}

type notFoundMeta struct {
	_ struct{} `schema:"UsersNotFound"`

	NotFoundIDs []int64 `json:"not_found_ids" doc:"Ids that don't exist or aren't visible; the key is left out when all were found."`
}

func (a *API) batchDelete(ctx context.Context, r batchDeleteRequest) (web.WithMeta[[]userswire.User, notFoundMeta], error) {
	var out web.WithMeta[[]userswire.User, notFoundMeta]
	who := actor.From(ctx)
	deleted, err := a.service.DeleteUsers(ctx, who, r.Body.UserIDs)
	if err != nil {
		return out, err
	}
	show, err := a.view(ctx, who)
	if err != nil {
		return out, err
	}
	out.Data = showAll(deleted.Users, show)
	if len(deleted.NotFound) > 0 {
		out.Meta = &notFoundMeta{NotFoundIDs: deleted.NotFound}
	}
	return out, nil
}

func showAll(us []users.User, show func(users.User) userswire.User) []userswire.User {
	out := make([]userswire.User, len(us))
	for i, u := range us {
		out[i] = show(u)
	}
	return out
}
