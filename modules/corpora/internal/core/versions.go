package core

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// reconnecting changes connections of agents, in the unit of tx, and makes a
// version of each agent that is connected otherwise then. The agents are locked
// before anything else is. Those that are gone are left out.
func (s *Service) reconnecting(ctx context.Context, tx uow.Tx, who actor.Actor, agentIDs []int64, change func(ctx context.Context, there []int64) error) error {
	there, err := s.Versions.Lock(ctx, who.OrganizationID, agentIDs)
	if err != nil {
		return err
	}
	before, err := s.Store.ConnectionsOf(ctx, who.OrganizationID, there)
	if err != nil {
		return err
	}
	if err := change(ctx, there); err != nil {
		return err
	}
	after, err := s.Store.ConnectionsOf(ctx, who.OrganizationID, there)
	if err != nil {
		return err
	}
	changed := make([]agents.Reconnected, len(there))
	for i, id := range there {
		changed[i] = agents.Reconnected{AgentID: id, Before: kept(before[id]), After: kept(after[id])}
	}
	return s.Versions.Reconnect(ctx, tx, who, changed)
}

// reconnectingOne is reconnecting for one agent, which must be there.
func (s *Service) reconnectingOne(ctx context.Context, tx uow.Tx, who actor.Actor, agentID int64, change func(ctx context.Context) error) error {
	return s.reconnecting(ctx, tx, who, []int64{agentID}, func(ctx context.Context, there []int64) error {
		if len(there) == 0 {
			return agents.ErrNotFound
		}
		return change(ctx)
	})
}

// kept are connections as versions keep them, by corpus.
func kept(list []Connection) []agents.Connection {
	out := make([]agents.Connection, len(list))
	for i, c := range list {
		out[i] = c.kept()
	}
	slices.SortFunc(out, func(a, b agents.Connection) int { return cmp.Compare(a.CorpusID, b.CorpusID) })
	return out
}

func (c Connection) kept() agents.Connection {
	return agents.Connection{CorpusID: c.CorpusID, IsEnabled: c.IsEnabled, IsDefault: c.IsDefault, SharesContent: c.SharesContent}
}

// restoring brings the connections of one agent to what they were.
type restoring struct {
	*Service
	tx      uow.Tx
	who     actor.Actor
	agentID int64
	notes   []agents.Change
}

// RestoreVersion makes an agent that the caller administers equal to one of its
// versions, as its newest one; the present one when nothing is different.
// Connections come back as far as the caller might make them by hand; the notes
// of the version's changes say what did not. ErrNotRestored when that is all
// that is different.
func (s *Service) RestoreVersion(ctx context.Context, who actor.Actor, agentID, version int64) (agents.Version, error) {
	var out agents.Version
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		wanted, err := s.Versions.Version(ctx, who, agentID, version)
		if err != nil {
			return err
		}
		if there, err := s.Versions.Lock(ctx, who.OrganizationID, []int64{agentID}); err != nil || len(there) == 0 {
			return cmp.Or(err, error(agents.ErrNotFound))
		}
		r := restoring{Service: s, tx: tx, who: who, agentID: agentID}
		to := agents.Restored{Version: wanted, Reconnected: agents.Reconnected{AgentID: agentID}}
		if to.Before, err = r.now(ctx); err != nil {
			return err
		}
		if to.After = to.Before; wanted.Connections != nil { // or they are not known
			if err := r.reconnect(ctx, to.Before, wanted.Connections); err != nil {
				return err
			}
			if to.After, err = r.now(ctx); err != nil {
				return err
			}
		}
		to.Notes = r.notes
		var made bool
		out, made, err = s.Versions.Restore(ctx, tx, who, to)
		if err == nil && !made && len(r.notes) > 0 {
			err = r.refusal()
		}
		return err
	})
	return out, err
}

// now are the connections of the agent as they are.
func (r *restoring) now(ctx context.Context) ([]agents.Connection, error) {
	of, err := r.Store.ConnectionsOf(ctx, r.who.OrganizationID, []int64{r.agentID})
	return kept(of[r.agentID]), err
}

// refusal is the error when nothing but what may not be restored is different.
func (r *restoring) refusal() error {
	refused := ErrNotRestored
	for _, n := range r.notes {
		refused = refused.WithField(fmt.Sprintf("corpora[%d]", n.CorpusID), n.Note)
	}
	return refused
}

// reconnect changes what is different, by ascending corpus, so that two of them
// can't wait for each other.
func (r *restoring) reconnect(ctx context.Context, is, wanted []agents.Connection) error {
	find := func(list []agents.Connection, id int64) (agents.Connection, bool) {
		i := slices.IndexFunc(list, func(c agents.Connection) bool { return c.CorpusID == id })
		if i < 0 {
			return agents.Connection{}, false
		}
		return list[i], true
	}
	var ids []int64
	for _, c := range slices.Concat(is, wanted) {
		ids = append(ids, c.CorpusID)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		from, connected := find(is, id)
		to, stays := find(wanted, id)
		var err error
		switch {
		case from == to:
		case !stays:
			err = r.disconnect(ctx, id)
		case !connected:
			err = r.connect(ctx, to)
		default:
			err = r.change(ctx, from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *restoring) disconnect(ctx context.Context, corpusID int64) error {
	if _, err := r.Store.RemoveConnection(ctx, r.who.OrganizationID, r.agentID, corpusID); err != nil {
		return err
	}
	r.tx.Publish(corpora.CorpusDisconnected{AgentID: r.agentID, CorpusID: corpusID, OrganizationID: r.who.OrganizationID, ChangedBy: r.who.UserID})
	return nil
}

const (
	noteUnreadable = "The corpus is gone, or you may not view it."
	noteUnshared   = "Only an admin of the corpus can share its content; it is not shared."
)

// mayConnect answers whether the caller may connect a corpus as they could by
// hand, and adapts the connection to what they may.
func (r *restoring) mayConnect(ctx context.Context, from *agents.Connection, to *agents.Connection) (bool, error) {
	c, err := r.authorize(ctx, r.who, to.CorpusID, access.View)
	if errors.Is(err, ErrNotFound) {
		r.note(from, from, noteUnreadable, to.CorpusID)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if to.SharesContent && (from == nil || !from.SharesContent) && !c.decide(r.who).Allowed.Manage {
		to.SharesContent = false
		r.note(from, to, noteUnshared, to.CorpusID)
	}
	return true, nil
}

func (r *restoring) note(old, now *agents.Connection, why string, corpusID int64) {
	r.notes = append(r.notes, agents.Change{Field: agents.FieldCorpora, CorpusID: corpusID, Old: connectionJSON(old), New: connectionJSON(now), Note: why})
}

func connectionJSON(c *agents.Connection) json.RawMessage {
	b, err := json.Marshal(c)
	if err != nil {
		return json.RawMessage("null") // plain data always marshals
	}
	return b
}

func (r *restoring) connect(ctx context.Context, to agents.Connection) error {
	if may, err := r.mayConnect(ctx, nil, &to); err != nil || !may {
		return err
	}
	if _, err := r.Store.LockCorpus(ctx, to.CorpusID); err != nil {
		return err
	}
	made, err := r.Store.AddConnection(ctx, Connection{
		OrganizationID: r.who.OrganizationID, AgentID: r.agentID, CorpusID: to.CorpusID, IsEnabled: to.IsEnabled, IsDefault: to.IsDefault,
		SharesContent: to.SharesContent, ConnectedBy: r.who.Name(), Audit: audit.New(r.who.Name(), r.Clock.Now()),
	})
	if err == nil {
		r.tx.Publish(made.changed(r.who))
	}
	return err
}

func (r *restoring) change(ctx context.Context, from, to agents.Connection) error {
	if may, err := r.mayConnect(ctx, &from, &to); err != nil || !may || from == to {
		return err
	}
	changed, err := r.Store.UpdateConnection(ctx, r.who.OrganizationID, r.agentID, to.CorpusID, func(c *Connection) error {
		c.IsEnabled, c.IsDefault, c.SharesContent = to.IsEnabled, to.IsDefault, to.SharesContent
		c.Touch(r.who.Name(), r.Clock.Now())
		return nil
	})
	if err == nil {
		r.tx.Publish(changed.changed(r.who))
	}
	return err
}

// adoptConnections tells the versions of agents from before connections were
// kept with versions what their agents are connected to.
func (s *Service) adoptConnections(ctx context.Context) error {
	for after := int64(0); ; {
		stale, err := s.Versions.Stale(ctx, after, adoptSize)
		if err != nil || len(stale) == 0 {
			return err
		}
		for _, a := range stale {
			after = a.AgentID
			err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
				return s.reconnecting(ctx, tx, actor.System(a.OrganizationID), []int64{a.AgentID}, func(context.Context, []int64) error { return nil })
			})
			if err != nil {
				return err
			}
		}
	}
}
