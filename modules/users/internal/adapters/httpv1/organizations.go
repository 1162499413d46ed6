package httpv1

import (
	"context"

	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
)

func (a *API) organization(ctx context.Context, _ nothing) (userswire.Organization, error) {
	o, err := a.service.Organization(ctx, actor.From(ctx).OrganizationID)
	if err != nil {
		return userswire.Organization{}, err
	}
	return *userswire.ShowOrganization(o), nil
}

type editOrganizationRequest struct {
	OrganizationID int64 `path:"organization_id"`
	Body           struct {
		OrgName *string `json:"org_name,omitempty" maxLength:"150"`
	}
}

func (a *API) editOrganization(ctx context.Context, r editOrganizationRequest) (userswire.Organization, error) {
	o, err := a.service.EditOrganization(ctx, actor.From(ctx), r.OrganizationID, r.Body.OrgName)
	if err != nil {
		return userswire.Organization{}, err
	}
	return *userswire.ShowOrganization(o), nil
}
