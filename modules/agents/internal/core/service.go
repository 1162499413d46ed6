// Package core has the rules and use cases of agents, and the ports they
// need.
package core

import (
	"context"

	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/cache"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Deps is what a Service needs.
type Deps struct {
	Unit        uow.Unit
	Store       Store
	Projects    projects.Catalog
	Actors      Actors
	Directory   users.Directory
	Permissions users.Permissions
	Roles       users.Roles
	Addresses   users.Addresses
	Clock       clock.Clock
	// Models are the names that an agent may choose its model from.
	Models []string
}

// Service is the use cases. It implements agents.Catalog.
type Service struct {
	Deps
	kept *cache.Cache[agentKey, kept]
}

// New returns the use cases over their dependencies.
func New(d Deps) *Service { return &Service{Deps: d, kept: newKept(d.Store, d.Clock)} }

// Get answers one agent that the caller sees.
func (s *Service) Get(ctx context.Context, who actor.Actor, id int64) (Full, error) {
	return s.full(ctx, who, id, access.View, nil)
}

func (s *Service) full(ctx context.Context, who actor.Actor, id int64, do access.Action, refused error) (Full, error) {
	d, err := s.authorize(ctx, who, id, do, refused)
	if err != nil {
		return Full{}, err
	}
	list, err := s.complete(ctx, who, []Decided{d})
	if err != nil {
		return Full{}, err
	}
	return list[0], nil
}

// List answers the agents that the caller sees, ordered by id.
func (s *Service) List(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Full], error) {
	return s.list(ctx, who, nil, p)
}

// ListOfProject answers the visible agents of a project that the caller sees.
func (s *Service) ListOfProject(ctx context.Context, who actor.Actor, project int64, p page.Request) (page.Of[Full], error) {
	if _, err := s.Projects.ProjectAccess(ctx, who, project); err != nil {
		return page.Of[Full]{}, err
	}
	return s.list(ctx, who, []int64{project}, p)
}

// ListOfTeam answers the visible agents of the projects of a team that the
// caller sees.
func (s *Service) ListOfTeam(ctx context.Context, who actor.Actor, team int64, p page.Request) (page.Of[Full], error) {
	if _, err := s.Projects.TeamAccess(ctx, who, team); err != nil {
		return page.Of[Full]{}, err
	}
	return s.listUnder(ctx, who, []int64{team}, p)
}

// ListOfOwnTeams answers the visible agents of the projects of all teams on
// which the caller has a role.
func (s *Service) ListOfOwnTeams(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Full], error) {
	return s.listUnder(ctx, who, who.Granted(actor.Team, actor.Member), p)
}

func (s *Service) listUnder(ctx context.Context, who actor.Actor, teams []int64, p page.Request) (page.Of[Full], error) {
	under, err := s.Projects.ProjectsOfTeams(ctx, who.OrganizationID, teams)
	if err != nil {
		return page.Of[Full]{}, err
	}
	projects := make([]int64, 0, len(under))
	for id := range under {
		projects = append(projects, id)
	}
	return s.list(ctx, who, projects, p)
}

func (s *Service) list(ctx context.Context, who actor.Actor, projects []int64, p page.Request) (page.Of[Full], error) {
	v, teams, err := s.visible(ctx, who)
	if err != nil {
		return page.Of[Full]{}, err
	}
	found, err := s.Store.AgentsPage(ctx, v, projects, p)
	if err != nil {
		return page.Of[Full]{}, err
	}
	full, err := s.complete(ctx, who, decideAll(who, found.Items, teams))
	return page.Of[Full]{Items: full, Count: found.Count, NextCursor: found.NextCursor, Request: found.Request}, err
}

// decideAll decides about each of the agents that were found visible.
func decideAll(who actor.Actor, list []Agent, teams map[int64]int64) []Decided {
	out := make([]Decided, len(list))
	for i, a := range list {
		out[i] = Decided{Agent: a, TeamID: teams[a.ProjectID]}
		out[i].Decision = access.Decide(who, a.Resource(out[i].TeamID))
	}
	return out
}

// complete adds types, instructions and aliases to agents, in a constant
// number of queries.
func (s *Service) complete(ctx context.Context, who actor.Actor, list []Decided) ([]Full, error) {
	if len(list) == 0 {
		return []Full{}, nil
	}
	types, err := s.Store.Types(ctx, who.OrganizationID)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]Type, len(types))
	for _, t := range types {
		byID[t.ID] = t
	}
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	lines, err := s.Store.Instructions(ctx, ids)
	if err != nil {
		return nil, err
	}
	of := map[int64][]Instruction{}
	for _, line := range lines {
		of[line.AgentID] = append(of[line.AgentID], line)
	}
	aliases, err := s.Store.Aliases(ctx, ids)
	if err != nil {
		return nil, err
	}
	called := make(map[int64]string, len(aliases))
	for _, a := range aliases {
		called[a.AgentID] = a.Alias
	}
	out := make([]Full, len(list))
	for i, d := range list {
		out[i] = Full{Decided: d, Type: byID[d.AgentTypeID], Instructions: of[d.ID], Alias: called[d.ID]}
	}
	return out, nil
}
