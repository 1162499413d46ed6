package core

import (
	"context"
	"strings"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// Types answers a part of the agent types of the caller's organization,
// ordered by id.
func (s *Service) Types(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Type], error) {
	all, err := s.types(ctx, who.OrganizationID)
	if err != nil {
		return page.Of[Type]{}, err
	}
	return page.Cut(all, p, false, func(t Type) page.Key { return page.Key{ID: t.ID} })
}

// UpdateType changes a type of the organization, which is for those who may
// edit it.
func (s *Service) UpdateType(ctx context.Context, who actor.Actor, id int64, name, description *string) (Type, error) {
	if _, err := s.types(ctx, who.OrganizationID); err != nil {
		return Type{}, err
	}
	return s.Store.UpdateType(ctx, who.OrganizationID, id, func(t *Type) error {
		d := access.Decide(who, access.Resource{Kind: actor.Organization, ID: t.OrganizationID, OrganizationID: t.OrganizationID})
		if err := d.Check(access.Edit, ErrTypeNotFound, ErrNotGlobal); err != nil {
			return err
		}
		touch := audit.Watch(t)
		if name != nil {
			if t.Name = strings.TrimSpace(*name); t.Name == "" {
				return ErrBlankName.WithMessage("An agent type needs a name.")
			}
		}
		if description != nil {
			t.Description = *description
		}
		touch(who.Name(), s.Clock.Now())
		return nil
	})
}

// types answers an organization's types, which are made when first asked for.
func (s *Service) types(ctx context.Context, organizationID int64) ([]Type, error) {
	found, err := s.Store.Types(ctx, organizationID)
	if err != nil || len(found) > 0 {
		return found, err
	}
	seeds := make([]Type, len(seedTypes))
	for i, t := range seedTypes {
		t.OrganizationID, t.Audit = organizationID, audit.New(audit.System, s.Clock.Now())
		seeds[i] = t
	}
	if err := s.Store.SeedTypes(ctx, seeds); err != nil {
		return nil, err
	}
	return s.Store.Types(ctx, organizationID)
}

// typeNamed answers the id of a type; nil is the organization's first, whatever
// it is called by now.
func (s *Service) typeNamed(ctx context.Context, organizationID int64, name *string) (int64, error) {
	types, err := s.types(ctx, organizationID)
	if err != nil {
		return 0, err
	}
	for _, t := range types {
		if name == nil || strings.EqualFold(t.Name, *name) {
			return t.ID, nil
		}
	}
	return 0, ErrUnknownType
}
