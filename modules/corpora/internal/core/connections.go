package core

import (
	"context"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Connect is how an agent is to use a corpus; nil fields take their defaults.
type Connect struct {
	IsEnabled     *bool // true
	IsDefault     *bool // false
	SharesContent *bool // true when the caller administers the corpus
}

// Connect lets an agent answer from a corpus. The caller administers the
// agent and can read the corpus; only an admin of the corpus can share its
// content through the agent.
func (s *Service) Connect(ctx context.Context, who actor.Actor, agentID, corpusID int64, n Connect) (Connected, error) {
	admin, err := s.Agents.Administers(ctx, who, agentID)
	if err != nil {
		return Connected{}, err
	}
	c, err := s.authorize(ctx, who, corpusID, access.View)
	if err != nil {
		return Connected{}, err
	}
	if !admin {
		return Connected{}, ErrNotAgentAdmin
	}
	shares := c.decide(who).Allowed.Manage
	if n.SharesContent != nil {
		if *n.SharesContent && !shares {
			return Connected{}, ErrNotSharer
		}
		shares = *n.SharesContent
	}
	made := Connection{
		OrganizationID: who.OrganizationID, AgentID: agentID, CorpusID: corpusID, IsEnabled: n.IsEnabled == nil || *n.IsEnabled,
		IsDefault: n.IsDefault != nil && *n.IsDefault, SharesContent: shares, ConnectedBy: who.Name(), Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		made, err = s.Store.AddConnection(ctx, made)
		return err
	})
	if err != nil {
		return Connected{}, err
	}
	counts, err := s.Store.CountDocuments(ctx, []int64{c.ID})
	return Connected{Connection: made, Corpus: c, Documents: counts[c.ID]}, err
}

// Connections answers the corpora that an agent is connected to and the
// caller may read, or all of them for the agent's admins.
func (s *Service) Connections(ctx context.Context, who actor.Actor, agentID int64) ([]Connected, error) {
	admin, err := s.Agents.Administers(ctx, who, agentID)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Connections(ctx, who.OrganizationID, agentID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	shown := []Connected{}
	for _, c := range all {
		if admin || c.Corpus.decide(who).Allowed.View {
			shown, ids = append(shown, c), append(ids, c.CorpusID)
		}
	}
	counts, err := s.Store.CountDocuments(ctx, ids)
	for i := range shown {
		shown[i].Documents = counts[shown[i].CorpusID]
	}
	return shown, err
}
