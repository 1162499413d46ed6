package memstore

import (
	"context"
	"errors"
	"slices"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
)

// AddConnection implements core.Connections.
func (s *Store) AddConnection(ctx context.Context, c core.Connection) (core.Connection, error) {
	return s.connections.Add(ctx, c)
}

// one matches the connection of an agent and a corpus.
func one(org, agentID, corpusID int64) func(core.Connection) bool {
	return func(c core.Connection) bool {
		return c.OrganizationID == org && c.AgentID == agentID && c.CorpusID == corpusID
	}
}

// Connection implements core.Connections.
func (s *Store) Connection(ctx context.Context, org, agentID, corpusID int64) (core.Connection, error) {
	return s.connections.Get(ctx, one(org, agentID, corpusID))
}

// UpdateConnection implements core.Connections.
func (s *Store) UpdateConnection(ctx context.Context, org, agentID, corpusID int64, change func(*core.Connection) error) (core.Connection, error) {
	return s.connections.Update(ctx, change, one(org, agentID, corpusID))
}

// RemoveConnection implements core.Connections.
func (s *Store) RemoveConnection(ctx context.Context, org, agentID, corpusID int64) (core.Connection, error) {
	gone, err := s.connections.Delete(ctx, one(org, agentID, corpusID))
	if err != nil {
		return core.Connection{}, err
	}
	if len(gone) == 0 {
		return core.Connection{}, core.ErrNotConnected
	}
	return gone[0], nil
}

// DropAgent implements core.Connections.
func (s *Store) DropAgent(ctx context.Context, org, agentID int64) error {
	_, err := s.connections.Delete(ctx, func(c core.Connection) bool { return c.OrganizationID == org && c.AgentID == agentID })
	return err
}

// DropCorpus implements core.Connections.
func (s *Store) DropCorpus(ctx context.Context, org, corpusID int64) error {
	if _, err := s.connections.Delete(ctx, func(c core.Connection) bool { return c.OrganizationID == org && c.CorpusID == corpusID }); err != nil {
		return err
	}
	_, err := s.permissions.Delete(ctx, func(p core.Permission) bool { return p.OrganizationID == org && p.CorpusID == corpusID })
	return err
}

// ConnectionsOf implements core.Connections.
func (s *Store) ConnectionsOf(ctx context.Context, org int64, agentIDs []int64) (map[int64][]core.Connection, error) {
	found, err := s.connections.List(ctx, func(c core.Connection) bool { return c.OrganizationID == org && slices.Contains(agentIDs, c.AgentID) })
	out := map[int64][]core.Connection{}
	for _, c := range found {
		out[c.AgentID] = append(out[c.AgentID], c)
	}
	return out, err
}

// AgentsOf implements core.Connections.
func (s *Store) AgentsOf(ctx context.Context, org, corpusID int64) ([]int64, error) {
	found, err := s.connections.List(ctx, func(c core.Connection) bool { return c.OrganizationID == org && c.CorpusID == corpusID })
	ids := []int64{}
	for _, c := range found {
		ids = append(ids, c.AgentID)
	}
	slices.Sort(ids)
	return ids, err
}

// Connections implements core.Connections.
func (s *Store) Connections(ctx context.Context, v access.VisibleCorpora, agentID int64) ([]core.Connected, error) {
	found, err := s.connections.List(ctx, func(c core.Connection) bool { return c.OrganizationID == v.OrganizationID && c.AgentID == agentID })
	if err != nil {
		return nil, err
	}
	visible, err := s.shown(ctx, v, func(core.Corpus) bool { return true })
	if err != nil {
		return nil, err
	}
	out := make([]core.Connected, len(found))
	for i, n := range found {
		c, err := s.corpora.Get(ctx, func(c core.Corpus) bool { return c.ID == n.CorpusID })
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return nil, err
		}
		out[i] = core.Connected{Connection: n, Corpus: c, Shown: slices.ContainsFunc(visible, func(o core.Corpus) bool { return o.ID == c.ID })}
	}
	return out, nil
}
