package core

import (
	"context"
	"slices"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// reconnectedAtOnce bounds how many agents are read together, with their
// prompts.
const reconnectedAtOnce = 100

// versions implements agents.Versions.
type versions struct{ *Service }

// AgentVersions is the module's agents.Versions.
func (s *Service) AgentVersions() agents.Versions { return versions{s} }

// Lock implements agents.Versions.
func (s versions) Lock(ctx context.Context, organizationID int64, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Store.LockAgents(ctx, organizationID, ids)
}

// Reconnect implements agents.Versions.
func (s versions) Reconnect(ctx context.Context, tx uow.Tx, who actor.Actor, changed []agents.Reconnected) error {
	for some := range slices.Chunk(changed, reconnectedAtOnce) {
		if err := s.reconnect(ctx, tx, who, some); err != nil {
			return err
		}
	}
	return nil
}

// reconnect makes the versions of some agents in a constant number of
// statements.
func (s versions) reconnect(ctx context.Context, tx uow.Tx, who actor.Actor, changed []agents.Reconnected) error {
	ids := make([]int64, len(changed))
	for i, c := range changed {
		ids[i] = c.AgentID
	}
	last, err := s.Store.LastConnections(ctx, ids)
	if err != nil {
		return err
	}
	var other []int64
	after := map[int64][]agents.Connection{}
	for _, c := range changed {
		if last[c.AgentID] == nil {
			last[c.AgentID] = known(c.Before)
			if err := s.Store.SetConnections(ctx, c.AgentID, last[c.AgentID]); err != nil {
				return err
			}
		}
		if !slices.Equal(last[c.AgentID], c.After) {
			other, after[c.AgentID] = append(other, c.AgentID), known(c.After)
		}
	}
	if len(other) == 0 {
		return nil
	}
	for _, id := range other {
		s.kept.Changing(ctx, agentKey{who.OrganizationID, id})
	}
	list, err := s.Store.RaiseVersions(ctx, who.OrganizationID, other)
	if err != nil {
		return err
	}
	lines, err := s.Store.Instructions(ctx, other)
	if err != nil {
		return err
	}
	of := map[int64][]Instruction{}
	for _, l := range lines {
		of[l.AgentID] = append(of[l.AgentID], l)
	}
	made := make([]Version, len(list))
	for i, a := range list {
		made[i] = s.newVersion(who, a, texts(of[a.ID]), after[a.ID], reconnections(last[a.ID], after[a.ID]))
	}
	return s.storeVersions(ctx, tx, who, 0, made...)
}

// Version implements agents.Versions.
func (s versions) Version(ctx context.Context, who actor.Actor, agentID, version int64) (agents.Version, error) {
	if _, err := s.authorize(ctx, who, agentID, access.Edit, ErrNotAdmin); err != nil {
		return agents.Version{}, err
	}
	v, err := s.Store.Version(ctx, agentID, version)
	return v.published(), err
}

// Restore implements agents.Versions.
func (s versions) Restore(ctx context.Context, tx uow.Tx, who actor.Actor, to agents.Restored) (_ agents.Version, made bool, err error) {
	is, err := s.authorize(ctx, who, to.Version.AgentID, access.Edit, ErrNotAdmin)
	if err != nil {
		return agents.Version{}, false, err
	}
	// A model may have been taken out of the list since.
	if model := to.Configuration.Model; model != is.LLMModel {
		if err := s.knownModel(&model); err != nil {
			return agents.Version{}, false, err
		}
	}
	lines := make([]Instruction, len(to.Configuration.Instructions))
	for i, text := range to.Configuration.Instructions {
		lines[i].Instruction = text
	}
	a, err := s.change(ctx, tx, who, is, access.Edit, func(a *Agent) (altered, error) {
		a.configure(to.Configuration)
		again, err := s.rewrite(ctx, who, a.ID, lines)
		return altered{lines: again, connections: &to.Reconnected, notes: to.Notes, restoredFrom: to.Version.Version}, err
	})
	if err != nil {
		return agents.Version{}, false, err
	}
	v, err := s.Store.Version(ctx, a.ID, a.Version)
	return v.published(), a.Version != is.Version, err
}

// Stale implements agents.Versions.
func (s versions) Stale(ctx context.Context, after int64, limit int) ([]agents.Stale, error) {
	return s.Store.StaleVersions(ctx, after, limit)
}
