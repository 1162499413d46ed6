package core

import (
	"context"
	"strings"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// EditOrganization renames the caller's organization; nil leaves the name.
// The caller is a global admin.
func (s *Service) EditOrganization(ctx context.Context, who actor.Actor, id int64, name *string) (users.Organization, error) {
	switch {
	case id != who.OrganizationID:
		return users.Organization{}, ErrNoOrg
	case name == nil:
		return s.Organization(ctx, id)
	case strings.TrimSpace(*name) == "":
		return users.Organization{}, ErrNoName
	}
	var o users.Organization
	defer s.identities.dropOrganization(id)
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
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
