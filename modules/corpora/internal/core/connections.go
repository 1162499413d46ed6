package core

import (
	"context"

	"parley/modules/corpora"
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
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		return s.reconnectingOne(ctx, tx, who, agentID, func(ctx context.Context) error {
			// A corpus that is deleted at this moment gets no connection any more.
			if _, err := s.Store.LockCorpus(ctx, corpusID); err != nil {
				return err
			}
			if made, err = s.Store.AddConnection(ctx, made); err != nil {
				return err
			}
			tx.Publish(made.changed(who))
			return nil
		})
	})
	if err != nil {
		return Connected{}, err
	}
	return s.connected(ctx, made, c)
}

// connected adds the corpus to a connection.
func (s *Service) connected(ctx context.Context, n Connection, c Corpus) (Connected, error) {
	counts, err := s.Store.CountDocuments(ctx, []int64{c.ID})
	return Connected{Connection: n, Corpus: c, Documents: counts[c.ID]}, err
}

// changed is the event that tells of the connection as it is.
func (c Connection) changed(who actor.Actor) corpora.ConnectionChanged {
	return corpora.ConnectionChanged{
		AgentID: c.AgentID, CorpusID: c.CorpusID, OrganizationID: c.OrganizationID, IsEnabled: c.IsEnabled, SharesContent: c.SharesContent, ChangedBy: who.UserID,
	}
}

// Connection answers how an agent that the caller sees uses a corpus that the
// caller can read.
func (s *Service) Connection(ctx context.Context, who actor.Actor, agentID, corpusID int64) (Connected, error) {
	if _, err := s.Agents.Administers(ctx, who, agentID); err != nil {
		return Connected{}, err
	}
	c, err := s.authorize(ctx, who, corpusID, access.View)
	if err != nil {
		return Connected{}, err
	}
	n, err := s.Store.Connection(ctx, who.OrganizationID, agentID, corpusID)
	if err != nil {
		return Connected{}, err
	}
	return s.connected(ctx, n, c)
}

// endsSharing reports whether nothing is asked for but that the agent shares
// the corpus no longer.
func (n Connect) endsSharing() bool {
	return n.IsEnabled == nil && n.IsDefault == nil && n.SharesContent != nil && !*n.SharesContent
}

// Reconnect changes how an agent uses a corpus; nil fields stay as they are.
// The caller administers the agent and can read the corpus; only an admin of
// the corpus can begin to share its content. An admin of the corpus alone, who
// sees the agent, can end that and nothing else.
func (s *Service) Reconnect(ctx context.Context, who actor.Actor, agentID, corpusID int64, n Connect) (Connected, error) {
	admin, err := s.Agents.Administers(ctx, who, agentID)
	if err != nil {
		return Connected{}, err
	}
	var out Connection
	var corpus Corpus
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if corpus, err = s.authorize(ctx, who, corpusID, access.View); err != nil {
			return err
		}
		manages := corpus.decide(who).Allowed.Manage
		if !admin && !(manages && n.endsSharing()) {
			return ErrNotAgentAdmin
		}
		if n.SharesContent != nil && *n.SharesContent && !manages {
			return ErrNotSharer
		}
		return s.reconnectingOne(ctx, tx, who, agentID, func(ctx context.Context) error {
			changed := false
			out, err = s.Store.UpdateConnection(ctx, who.OrganizationID, agentID, corpusID, func(c *Connection) error {
				touch := audit.Watch(c)
				for to, from := range map[*bool]*bool{&c.IsEnabled: n.IsEnabled, &c.IsDefault: n.IsDefault, &c.SharesContent: n.SharesContent} {
					if from != nil {
						*to = *from
					}
				}
				changed = touch(who.Name(), s.Clock.Now())
				return nil
			})
			if err == nil && changed {
				tx.Publish(out.changed(who))
			}
			return err
		})
	})
	if err != nil {
		return Connected{}, err
	}
	return s.connected(ctx, out, corpus)
}

// Disconnect ends the use of a corpus by an agent, and answers the connection
// as it was. An admin of the agent can do so even if they can't read the
// corpus any more, and so can an admin of the corpus who may view the agent.
func (s *Service) Disconnect(ctx context.Context, who actor.Actor, agentID, corpusID int64) (Connected, error) {
	admin, err := s.Agents.Administers(ctx, who, agentID)
	if err != nil {
		return Connected{}, err
	}
	var out Connection
	var corpus Corpus
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if !admin {
			if corpus, err = s.authorize(ctx, who, corpusID, access.View); err != nil {
				return err
			}
			if !corpus.decide(who).Allowed.Manage {
				return ErrNotAgentAdmin
			}
		}
		err := s.reconnectingOne(ctx, tx, who, agentID, func(ctx context.Context) (err error) {
			if out, err = s.Store.RemoveConnection(ctx, who.OrganizationID, agentID, corpusID); err != nil {
				return err
			}
			tx.Publish(corpora.CorpusDisconnected{AgentID: agentID, CorpusID: corpusID, OrganizationID: who.OrganizationID, ChangedBy: who.UserID})
			return nil
		})
		if err != nil {
			return err
		}
		corpus, err = s.Store.Corpus(ctx, access.CorporaVisibleTo(actor.System(who.OrganizationID)), corpusID)
		return err
	})
	if err != nil {
		return Connected{}, err
	}
	return s.connected(ctx, out, corpus)
}

// AgentGone ends the connections of an agent that was deleted.
func (s *Service) AgentGone(ctx context.Context, organizationID, agentID int64) error {
	return s.Store.DropAgent(ctx, organizationID, agentID)
}

// Connections answers the corpora that an agent is connected to and the
// caller may read, or all of them for the agent's admins.
func (s *Service) Connections(ctx context.Context, who actor.Actor, agentID int64) ([]Connected, error) {
	admin, err := s.Agents.Administers(ctx, who, agentID)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Connections(ctx, access.CorporaVisibleTo(who), agentID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	shown := []Connected{}
	for _, c := range all {
		if admin || c.Shown {
			shown, ids = append(shown, c), append(ids, c.CorpusID)
		}
	}
	counts, err := s.Store.CountDocuments(ctx, ids)
	for i := range shown {
		shown[i].Documents = counts[shown[i].CorpusID]
	}
	return shown, err
}
