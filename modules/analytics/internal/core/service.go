// Package core has the rules and use cases of analytics, and the port they
// need.
package core

import (
	"context"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
)

// Service is the use cases.
type Service struct {
	store   Store
	clock   clock.Clock
	sealing *sealing // nil where nothing is sealed
	unit    uow.Unit
	budgets knownBudgets
}

// New returns the use cases over their dependencies.
func New(s Store, c clock.Clock) *Service { return &Service{store: s, clock: c} }

// ChangeBy gives the use cases that change something of their own a unit of work.
func (s *Service) ChangeBy(u uow.Unit) *Service {
	s.unit = u
	return s
}

// Record stores facts, in the unit of ctx; those that were stored before change
// nothing.
func (s *Service) Record(ctx context.Context, facts ...Fact) error {
	for i := range facts {
		facts[i].Quarter = QuarterOf(facts[i].OccurredOn)
	}
	if err := s.store.AddFacts(ctx, facts); err != nil {
		return err
	}
	return s.sealing.later(ctx, facts, s.clock.Now())
}

// AddItem records that something exists.
func (s *Service) AddItem(ctx context.Context, i Item) error { return s.store.AddItem(ctx, i) }

// RemoveItem records that something is gone. Its facts stay.
func (s *Service) RemoveItem(ctx context.Context, organizationID int64, k Kind, entityID int64) error {
	return s.store.RemoveItem(ctx, organizationID, k, entityID)
}

// Move records that something belongs elsewhere from now on. It is atomic in
// the unit of ctx.
func (s *Service) Move(ctx context.Context, i Item) error {
	if err := s.RemoveItem(ctx, i.OrganizationID, i.Kind, i.EntityID); err != nil {
		return err
	}
	return s.AddItem(ctx, i)
}

// scopeOf is what the actor sees, or ErrNotAdmin when that is nothing.
func scopeOf(who actor.Actor) (Scope, error) {
	s := access.AdministeredBy(who)
	if s.Nothing() {
		return Scope{}, ErrNotAdmin
	}
	return s, nil
}
