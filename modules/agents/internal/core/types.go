package core

import (
	"context"
	"strings"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// Types answers a part of the agent types of the caller's organization,
// ordered by id.
func (s *Service) Types(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Type], error) {
	all, err := s.Store.Types(ctx, who.OrganizationID)
	if err != nil {
		return page.Of[Type]{}, err
	}
	return page.Cut(all, p, false, func(t Type) page.Key { return page.Key{ID: t.ID} })
}

// UpdateType changes a type of the organization, which is for those who may
// edit it.
func (s *Service) UpdateType(ctx context.Context, who actor.Actor, id int64, name, description *string) (Type, error) {
	var t Type
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		s.kept.ChangingFunc(ctx, ofOrganization(who.OrganizationID))
		changed := false
		t, err = s.Store.UpdateType(ctx, who.OrganizationID, id, func(t *Type) (err error) {
			changed, err = s.changeType(who, t, name, description)
			return err
		})
		if changed {
			tx.Publish(agents.TypeUpdated{AgentTypeID: id, OrganizationID: who.OrganizationID})
		}
		return err
	})
	return t, err
}

// changeType changes one type, and reports whether it says anything else then.
func (s *Service) changeType(who actor.Actor, t *Type, name, description *string) (bool, error) {
	if err := decideType(who, *t).Check(access.Edit, ErrTypeNotFound, ErrNotGlobal); err != nil {
		return false, err
	}
	touch := audit.Watch(t)
	if name != nil {
		if t.Name = text.Named(*name); t.Name == "" {
			return false, ErrBlankName.WithMessage("An agent type needs a name.")
		}
	}
	if description != nil {
		t.Description = *description
	}
	return touch(who.Name(), s.Clock.Now()), nil
}

// SeedTypes gives an organization the types that every one starts with, unless
// it has types. It runs in the unit of ctx.
func (s *Service) SeedTypes(ctx context.Context, organizationID int64) ([]Type, error) {
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
// it is called by now. One that was stored before names were cleaned is found by
// what is seen of it.
func (s *Service) typeNamed(ctx context.Context, organizationID int64, name *string) (int64, error) {
	// An organization that was made a moment ago may not have them yet.
	types, err := s.SeedTypes(ctx, organizationID)
	if err != nil {
		return 0, err
	}
	for _, t := range types {
		if name == nil || strings.EqualFold(text.Named(t.Name), text.Named(*name)) {
			return t.ID, nil
		}
	}
	return 0, ErrUnknownType
}
