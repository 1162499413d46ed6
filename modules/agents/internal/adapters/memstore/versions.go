package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func newVersions(db *memory.DB) *memory.Table[core.Version] {
	return memory.NewTable(db, memory.Spec[core.Version]{
		ID:      func(v *core.Version) *int64 { return &v.ID },
		Unique:  []func(core.Version) string{func(v core.Version) string { return fmt.Sprint(v.AgentID, v.Head.Version) }},
		Missing: core.ErrNoVersion, Taken: errors.New("an agent has two versions of one number"),
	})
}

// LockAgents implements core.Versions. Units run one at a time.
func (s *Store) LockAgents(ctx context.Context, org int64, ids []int64) ([]int64, error) {
	list, err := s.Agents(ctx, core.Visible{OrganizationID: org, All: true}, ids)
	out := []int64{}
	for _, a := range list {
		out = append(out, a.ID)
	}
	return out, err
}

// RaiseVersions implements core.Versions.
func (s *Store) RaiseVersions(ctx context.Context, org int64, ids []int64) ([]core.Agent, error) {
	out := []core.Agent{}
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		there, err := s.LockAgents(ctx, org, ids)
		for _, id := range there {
			a, err := s.UpdateAgent(ctx, org, id, func(a *core.Agent) error { a.Version++; return nil })
			if err != nil {
				return err
			}
			out = append(out, a)
		}
		return err
	})
	return out, err
}

// AddVersions implements core.Versions.
func (s *Store) AddVersions(ctx context.Context, list []core.Version) error {
	_, err := s.versions.AddAll(ctx, list)
	return err
}

// Version implements core.Versions.
func (s *Store) Version(ctx context.Context, agent, version int64) (core.Version, error) {
	return s.versions.Get(ctx, func(v core.Version) bool { return v.AgentID == agent && v.Head.Version == version })
}

// VersionsPage implements core.Versions.
func (s *Store) VersionsPage(ctx context.Context, agent int64, p page.Request) (page.Of[core.Head], error) {
	list, err := s.versions.List(ctx, func(v core.Version) bool { return v.AgentID == agent })
	heads := make([]core.Head, len(list))
	for i, v := range list {
		heads[i] = v.Head
	}
	if err != nil {
		return page.Of[core.Head]{}, err
	}
	return memory.Page(heads, p, true, core.NewestFirst)
}

// LastConnections implements core.Versions.
func (s *Store) LastConnections(ctx context.Context, ids []int64) (map[int64][]agents.Connection, error) {
	out := map[int64][]agents.Connection{}
	for _, id := range ids {
		a, err := s.agents.Get(ctx, func(a core.Agent) bool { return a.ID == id })
		if errors.Is(err, core.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		v, err := s.Version(ctx, id, a.Version)
		if err != nil && !errors.Is(err, core.ErrNoVersion) {
			return nil, err
		}
		if v.Connections != nil {
			out[id] = v.Connections
		}
	}
	return out, nil
}

// SetConnections implements core.Versions.
func (s *Store) SetConnections(ctx context.Context, agent int64, connections []agents.Connection) error {
	unknown := func(v core.Version) bool { return v.AgentID == agent && v.Connections == nil }
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		list, err := s.versions.List(ctx, unknown)
		for range list {
			if _, err := s.versions.Update(ctx, func(v *core.Version) error { v.Connections = connections; return nil }, unknown); err != nil {
				return err
			}
		}
		return err
	})
}

// StaleVersions implements core.Versions.
func (s *Store) StaleVersions(ctx context.Context, after int64, limit int) ([]agents.Stale, error) {
	unknown, err := s.versions.List(ctx, func(v core.Version) bool { return v.AgentID > after && v.Connections == nil })
	if err != nil {
		return nil, err
	}
	out := []agents.Stale{}
	for _, v := range unknown {
		there, err := s.agents.List(ctx, func(a core.Agent) bool { return a.ID == v.AgentID && !a.IsDeleted })
		if err != nil {
			return nil, err
		}
		for _, a := range there {
			out = append(out, agents.Stale{OrganizationID: a.OrganizationID, AgentID: a.ID})
		}
	}
	slices.SortFunc(out, func(a, b agents.Stale) int { return cmp.Compare(a.AgentID, b.AgentID) })
	out = slices.Compact(out)
	return out[:min(limit, len(out))], nil
}
