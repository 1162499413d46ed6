package core

import (
	"context"
	"fmt"
	"slices"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/cache"
	"parley/platform/kernel/clock"
)

// What is kept in memory of agents is bounded by its text. Each agent counts
// as agentBytes more, so that there are never more than 10,000.
const (
	maxKeptBytes = 64 << 20
	agentBytes   = maxKeptBytes / 10_000
)

// agentKey is an agent as it is asked for: another organization's is none.
type agentKey struct{ organizationID, agentID int64 }

// kept is what of an agent every run reads. The team of its project is kept by
// projects, which knows when it changes, and what somebody may do with it is
// decided anew each time.
// What it answers with is that of its version, whole: fields that are read one
// after the other could be of two.
type kept struct {
	Agent
	typeName string
	answers  agents.Configuration
}

func newKept(s Store, c clock.Clock) *cache.Cache[agentKey, kept] {
	return cache.New(c, maxKeptBytes, kept.weight, func(ctx context.Context, k agentKey) (kept, error) {
		a, err := s.Agent(ctx, everything(k.organizationID), k.agentID)
		if err != nil {
			return kept{}, err
		}
		types, err := s.Types(ctx, k.organizationID)
		if err != nil {
			return kept{}, err
		}
		v, err := s.Version(ctx, a.ID, a.Version)
		if err != nil { // not a 404: an agent has its version
			return kept{}, fmt.Errorf("reading version %d of agent %d: %v", a.Version, a.ID, err) //nolint:errorlint // see above
		}
		a.PrefixPrompt = ""
		out := kept{Agent: a, answers: v.Configuration}
		if i := slices.IndexFunc(types, func(t Type) bool { return t.ID == a.AgentTypeID }); i >= 0 {
			out.typeName = types[i].Name
		}
		return out, nil
	})
}

func (k kept) weight() int {
	n := agentBytes + len(k.AgentName) + len(k.Domain) + len(k.SampleQ1) + len(k.SampleQ2) + len(k.SampleQ3) + len(k.answers.PrefixPrompt)
	for _, line := range k.answers.Instructions {
		n += len(line)
	}
	return n
}

// Run implements agents.Catalog.
func (s *Service) Run(ctx context.Context, who actor.Actor, agentID int64) (agents.Runnable, error) {
	return s.runnable(ctx, who, agentID, access.Run, ErrNotLive)
}

// View implements agents.Catalog.
func (s *Service) View(ctx context.Context, who actor.Actor, agentID int64) (agents.Runnable, error) {
	return s.runnable(ctx, who, agentID, access.View, nil)
}

// Administers implements agents.Catalog.
func (s *Service) Administers(ctx context.Context, who actor.Actor, agentID int64) (bool, error) {
	r, err := s.runnable(ctx, who, agentID, access.View, nil)
	return r.Admin, err
}

// Forget implements agents.Catalog.
func (s *Service) Forget(organizationID, agentID int64) {
	if agentID == 0 {
		s.kept.DropFunc(ofOrganization(organizationID))
		s.Projects.Forget(organizationID, 0)
		return
	}
	s.kept.Drop(agentKey{organizationID, agentID})
}

func ofOrganization(id int64) func(agentKey) bool {
	return func(k agentKey) bool { return k.organizationID == id }
}

// runnable answers an agent from memory when who may do the action.
func (s *Service) runnable(ctx context.Context, who actor.Actor, id int64, do access.Action, refused error) (agents.Runnable, error) {
	k, err := s.kept.Get(ctx, agentKey{who.OrganizationID, id})
	if err != nil {
		return agents.Runnable{}, err
	}
	team, err := s.Projects.TeamOf(ctx, k.OrganizationID, k.ProjectID)
	if err != nil {
		return agents.Runnable{}, err
	}
	d := access.Decide(who, k.Resource(team))
	if err := d.Check(do, ErrNotFound, refused); err != nil {
		return agents.Runnable{}, err
	}
	return agents.Runnable{
		ID: k.ID, OrganizationID: k.OrganizationID, ProjectID: k.ProjectID, TeamID: team, AgentType: k.typeName, Name: k.AgentName,
		PrefixPrompt: k.answers.PrefixPrompt, Instructions: slices.Clone(k.answers.Instructions), Model: k.answers.Model, CachingEnabled: k.answers.CachingEnabled,
		Version: k.Version, Admin: d.Allowed.Manage,
	}, nil
}
