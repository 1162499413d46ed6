package httpv1

import (
	"context"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// organizationView is an organization as the API shows it.
type organizationView struct {
	ID        int64  `json:"id"`
	OrgName   string `json:"org_name"`
	Domain    string `json:"domain"`
	IsDeleted bool   `json:"is_deleted"`
	web.Audit
}

// userView is a user as the API shows it. For people who manage nobody it has
// only the four fields by which people know each other.
type userView struct {
	ID           int64             `json:"id"`
	Email        string            `json:"email"`
	IsStaff      *bool             `json:"is_staff,omitempty"`
	IsSuperuser  *bool             `json:"is_superuser,omitempty"`
	IsActive     *bool             `json:"is_active,omitempty"`
	DateJoined   *web.Time         `json:"date_joined,omitempty"`
	FirstName    *string           `json:"first_name"`
	LastName     *string           `json:"last_name"`
	Organization *organizationView `json:"organization,omitempty"`
}

func showOrganization(o users.Organization) *organizationView {
	return &organizationView{ID: o.ID, OrgName: o.OrgName, Domain: o.Domain, IsDeleted: o.IsDeleted, Audit: web.ShowAudit(o.Audit)}
}

func showShort(u users.User) userView {
	return userView{ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName}
}

func showUser(u users.User, o *organizationView) userView {
	v := showShort(u)
	joined := web.At(u.DateJoined)
	v.IsStaff, v.IsSuperuser, v.IsActive, v.DateJoined, v.Organization = &u.IsStaff, &u.IsSuperuser, &u.IsActive, &joined, o
	return v
}

// view returns how the caller sees users: admins and oneself in full.
func (a *API) view(ctx context.Context, who actor.Actor) (func(users.User) userView, error) {
	o, err := a.service.Organization(ctx, who.OrganizationID)
	if err != nil {
		return nil, err
	}
	shown := showOrganization(o)
	return func(u users.User) userView {
		if who.Level == actor.User && u.ID != who.UserID {
			return showShort(u)
		}
		return showUser(u, shown)
	}, nil
}
