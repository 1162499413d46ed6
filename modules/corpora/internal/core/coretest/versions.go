package coretest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"parley/modules/agents"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// Versions stands in for the versions of agents in tests: it knows which agents
// there are and keeps what they are connected to.
type Versions struct {
	mu     sync.Mutex
	there  []int64
	of     map[int64][]agents.Version // the first of each has no connections that are known
	locked [][]int64
}

// NewVersions makes the versions of the agents of organization 1 that there are.
func NewVersions(agentIDs ...int64) *Versions {
	v := &Versions{there: agentIDs, of: map[int64][]agents.Version{}}
	for _, id := range agentIDs {
		v.of[id] = []agents.Version{{AgentID: id, Version: 1}}
	}
	return v
}

// Of answers the versions of an agent, oldest first.
func (v *Versions) Of(agentID int64) []agents.Version {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.of[agentID])
}

// Locked answers which agents were locked together, in this order.
func (v *Versions) Locked() [][]int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.locked)
}

// Lock implements agents.Versions.
func (v *Versions) Lock(_ context.Context, organizationID int64, ids []int64) ([]int64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []int64
	for _, id := range ids {
		if organizationID == 1 && slices.Contains(v.there, id) {
			out = append(out, id)
		}
	}
	v.locked = append(v.locked, out)
	return out, nil
}

// Reconnect implements agents.Versions.
func (v *Versions) Reconnect(_ context.Context, _ uow.Tx, who actor.Actor, changed []agents.Reconnected) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range changed {
		v.next(who, c, nil)
	}
	return nil
}

// next makes a version when the agent is connected otherwise.
func (v *Versions) next(who actor.Actor, c agents.Reconnected, notes []agents.Change) bool {
	list := v.of[c.AgentID]
	last := &list[len(list)-1]
	if last.Connections == nil {
		last.Connections = c.Before
	}
	if slices.Equal(last.Connections, c.After) {
		return false
	}
	v.of[c.AgentID] = append(list, agents.Version{AgentID: c.AgentID, Version: last.Version + 1, CreatedBy: who.Name(), Connections: c.After, Changes: notes})
	return true
}

// ErrNoVersion answers a version that is not there.
var ErrNoVersion = errors.New("the agent has no such version")

// Version implements agents.Versions. Who may see it is the catalog's to say.
func (v *Versions) Version(_ context.Context, _ actor.Actor, agentID, version int64) (agents.Version, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.of[agentID]
	if version < 1 || version > int64(len(list)) {
		return agents.Version{}, ErrNoVersion
	}
	return list[version-1], nil
}

// Restore implements agents.Versions.
func (v *Versions) Restore(_ context.Context, _ uow.Tx, who actor.Actor, to agents.Restored) (agents.Version, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	made := v.next(who, to.Reconnected, to.Notes)
	list := v.of[to.Reconnected.AgentID]
	return list[len(list)-1], made, nil
}

// Stale implements agents.Versions.
func (v *Versions) Stale(_ context.Context, after int64, limit int) ([]agents.Stale, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []agents.Stale
	for _, id := range slices.Sorted(slices.Values(v.there)) {
		if id > after && len(out) < limit && slices.ContainsFunc(v.of[id], func(o agents.Version) bool { return o.Connections == nil }) {
			out = append(out, agents.Stale{OrganizationID: 1, AgentID: id})
		}
	}
	return out, nil
}
