package sqlstore

import (
	"cmp"
	"context"
	"fmt"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/sqldb"
)

// AddConnection implements core.Connections.
func (s *Store) AddConnection(ctx context.Context, c core.Connection) (added core.Connection, err error) {
	err = s.changing(ctx, func(ctx context.Context) error {
		added, err = s.connections.Add(ctx, c)
		return err
	})
	return added, err
}

// maxConnections bounds the corpora of one agent that are looked at.
const maxConnections = 1000

// one is the condition of the connection of an agent and a corpus.
func one(org, agentID, corpusID int64) sqldb.Where {
	return sqldb.Cond("organization_id = ? AND agent_id = ? AND corpus_id = ?", org, agentID, corpusID)
}

// Connection implements core.Connections.
func (s *Store) Connection(ctx context.Context, org, agentID, corpusID int64) (core.Connection, error) {
	return s.connections.Get(ctx, one(org, agentID, corpusID))
}

// UpdateConnection implements core.Connections.
func (s *Store) UpdateConnection(ctx context.Context, org, agentID, corpusID int64, change func(*core.Connection) error) (c core.Connection, err error) {
	err = s.changing(ctx, func(ctx context.Context) error {
		c, err = s.connections.Update(ctx, change, one(org, agentID, corpusID))
		return err
	})
	return c, err
}

// RemoveConnection implements core.Connections.
func (s *Store) RemoveConnection(ctx context.Context, org, agentID, corpusID int64) (core.Connection, error) {
	gone, err := s.disconnect(ctx, one(org, agentID, corpusID))
	if err != nil || len(gone) == 0 {
		return core.Connection{}, cmp.Or(err, error(core.ErrNotConnected))
	}
	return gone[0], nil
}

// DropAgent implements core.Connections.
func (s *Store) DropAgent(ctx context.Context, org, agentID int64) error {
	_, err := s.disconnect(ctx, sqldb.Eq("organization_id", org), sqldb.Eq("agent_id", agentID))
	return err
}

// disconnect deletes connections and answers them.
func (s *Store) disconnect(ctx context.Context, where ...sqldb.Where) (gone []core.Connection, err error) {
	err = s.changing(ctx, func(ctx context.Context) error {
		gone, err = s.connections.Delete(ctx, where...)
		return err
	})
	return gone, err
}

// DropCorpus implements core.Connections.
func (s *Store) DropCorpus(ctx context.Context, org, corpusID int64) error {
	if _, err := s.disconnect(ctx, sqldb.Eq("organization_id", org), sqldb.Eq("corpus_id", corpusID)); err != nil {
		return err
	}
	return s.drop(ctx, "organization_id = ? AND corpus_id = ?", org, corpusID)
}

// ConnectionsOf implements core.Connections.
func (s *Store) ConnectionsOf(ctx context.Context, org int64, agentIDs []int64) (map[int64][]core.Connection, error) {
	out := map[int64][]core.Connection{}
	if len(agentIDs) == 0 {
		return out, nil
	}
	found, err := s.connections.List(ctx, maxConnections*len(agentIDs), "id", sqldb.Eq("organization_id", org), sqldb.In("agent_id", agentIDs))
	for _, c := range found {
		out[c.AgentID] = append(out[c.AgentID], c)
	}
	return out, err
}

// AgentsOf implements core.Connections.
func (s *Store) AgentsOf(ctx context.Context, org, corpusID int64) ([]int64, error) {
	ids := []int64{}
	err := s.db.On(ctx).
		NewSelect().
		TableExpr("corpora_connections").
		Column("agent_id").
		Where("organization_id = ? AND corpus_id = ?", org, corpusID).
		OrderExpr("agent_id").
		Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("reading which agents corpus %d is connected to: %w", corpusID, err)
	}
	return ids, nil
}

// Connections implements core.Connections.
func (s *Store) Connections(ctx context.Context, v access.VisibleCorpora, agentID int64) ([]core.Connected, error) {
	found, err := s.connections.List(ctx, maxConnections, "id", sqldb.Eq("organization_id", v.OrganizationID), sqldb.Eq("agent_id", agentID))
	if err != nil || len(found) == 0 {
		return []core.Connected{}, err
	}
	ids := make([]int64, len(found))
	for i, c := range found {
		ids[i] = c.CorpusID
	}
	corpora, err := s.corpora.List(ctx, maxConnections, "id", sqldb.In("id", ids))
	if err != nil {
		return nil, err
	}
	shown, err := s.shown(ctx, v, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]core.Corpus, len(corpora))
	for _, c := range corpora {
		byID[c.ID] = c
	}
	out := make([]core.Connected, len(found))
	for i, c := range found {
		out[i] = core.Connected{Connection: c, Corpus: byID[c.CorpusID], Shown: shown[c.CorpusID]}
	}
	return out, nil
}

// shown answers which of the corpora v may read.
func (s *Store) shown(ctx context.Context, v access.VisibleCorpora, ids []int64) (map[int64]bool, error) {
	q := s.db.On(ctx).NewSelect().TableExpr("corpora_corpora AS c").ColumnExpr("c.id")
	var found []int64
	if err := sqldb.Apply(q, append(visible(v), sqldb.In("id", ids))...).Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("reading which corpora may be read: %w", err)
	}
	out := make(map[int64]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}
