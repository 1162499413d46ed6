package core

import (
	"context"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// EditOrganization renames the caller's organization; nil leaves the name.
func (s *Service) EditOrganization(ctx context.Context, who actor.Actor, id int64, name *string) (users.Organization, error) {
	if name != nil && strings.TrimSpace(*name) == "" {
		return users.Organization{}, ErrNoName.WithField("org_name", "is blank")
	}
	d, err := decideOrganization(who, id)
	if err != nil {
		return users.Organization{}, err
	}
	if !d.Allowed.Edit {
		return users.Organization{}, ErrNotGlobal
	}
	if name == nil {
		return s.Organization(ctx, id)
	}
	var o users.Organization
	defer s.identities.dropOrganization(id)
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		who, _, err := s.locked(ctx, who)
		if err != nil {
			return err
		}
		if !who.IsGlobalAdmin() {
			return ErrNotGlobal
		}
		if o, err = s.Store.Organization(ctx, id); err != nil || o.OrgName == strings.TrimSpace(*name) {
			return err
		}
		tx.Publish(users.OrganizationChanged{OrganizationID: id})
		o, err = s.Store.UpdateOrganization(ctx, id, func(o *users.Organization) error {
			o.OrgName = strings.TrimSpace(*name)
			o.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		return err
	})
	return o, err
}
