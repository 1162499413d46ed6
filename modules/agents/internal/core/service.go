// Package core has the rules and use cases of agents, and the ports they
// need.
package core

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/modules/agents"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Store keeps agents with what belongs to them.
type Store interface {
	AddAgent(ctx context.Context, a Agent) (Agent, error)
	// Agent answers ErrNotFound for one that is not visible.
	Agent(ctx context.Context, v Visible, id int64) (Agent, error)
	// Agents answers those of ids that are visible, ordered by id.
	Agents(ctx context.Context, v Visible, ids []int64) ([]Agent, error)
	// AgentsPage is ordered by id.
	AgentsPage(ctx context.Context, v Visible, p page.Request) (page.Of[Agent], error)
	// PassAgents makes another user the owner of all that one owned.
	PassAgents(ctx context.Context, organizationID, from, to int64) error

	// SeedTypes adds types whose names the organization doesn't have.
	SeedTypes(ctx context.Context, types []Type) error
	// Types answers an organization's, ordered by id.
	Types(ctx context.Context, organizationID int64) ([]Type, error)
	AddInstructions(ctx context.Context, list []Instruction) error
	// Instructions answers those of agents, ordered by id, in one query.
	Instructions(ctx context.Context, agents []int64) ([]Instruction, error)

	Marks
}

// Marks keeps each user's recent and starred agents, one row for each.
type Marks interface {
	// Mark adds the agent to the list, or moves it to the mark's time; a mark
	// never moves back.
	Mark(ctx context.Context, k Kind, m Mark) (Mark, error)
	// MarksPage answers the user's list as far as they see the agents, newest
	// first.
	MarksPage(ctx context.Context, k Kind, v Visible, p page.Request) (page.Of[Mark], error)
	// CountMarks answers the length of a user's list, seen or not.
	CountMarks(ctx context.Context, k Kind, userID int64) (int64, error)
	// Unmark removes one agent from a user's list; none is no error.
	Unmark(ctx context.Context, k Kind, userID, agentID int64) error
	// Trim keeps the newest of a user's list.
	Trim(ctx context.Context, k Kind, userID int64, keep int) error
	// UnmarkUser empties both lists of a user.
	UnmarkUser(ctx context.Context, userID int64) error
}

// Parts is what a Service is made of.
type Parts struct {
	Unit      uow.Unit
	Store     Store
	Projects  projects.Access
	Directory users.Directory
	Clock     clock.Clock
}

// Service is the use cases. It implements agents.Catalog.
type Service struct{ Parts }

// New returns the use cases over their parts.
func New(p Parts) *Service { return &Service{p} }

// NewAgent is what an agent starts with; "" means the default.
type NewAgent struct {
	Name                         string
	ProjectID                    int64
	Description                  string
	Type                         string // QnA
	PrefixPrompt                 string
	Instructions                 []string
	Access                       string // Only me
	LLMModel                     string
	SampleQ1, SampleQ2, SampleQ3 string
}

// CreateAgent makes an agent that the caller, an admin of the project, owns.
func (s *Service) CreateAgent(ctx context.Context, who actor.Actor, n NewAgent) (Full, error) {
	if n.Name = strings.TrimSpace(n.Name); n.Name == "" {
		return Full{}, ErrBlankName
	}
	standing, err := s.Projects.Standing(ctx, who, n.ProjectID)
	if err != nil {
		return Full{}, err
	}
	if standing.Role != actor.Admin {
		return Full{}, ErrNotCreator
	}
	lines, err := instructions(n.Instructions)
	if err != nil {
		return Full{}, err
	}
	if n.Access == "" {
		n.Access = OnlyMe
	}
	if n.Type == "" {
		n.Type = seedTypes[0].Name
	}
	now := s.Clock.Now()
	a := Agent{
		OrganizationID: who.OrganizationID, ProjectID: n.ProjectID, UserID: who.UserID, AgentName: n.Name, Domain: n.Description,
		SampleQ1: n.SampleQ1, SampleQ2: n.SampleQ2, SampleQ3: n.SampleQ3, PrefixPrompt: n.PrefixPrompt, LLMModel: n.LLMModel,
		IsActive: true, Access: n.Access, Status: Live, ChunkCount: 32, ReactMaxIterationCount: 50, CreatedBy: who.Name(), CreatedOn: now, ModifiedOn: now,
	}
	full := Full{}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		types, err := s.types(ctx, who.OrganizationID)
		if err != nil {
			return err
		}
		for _, t := range types {
			if strings.EqualFold(t.Name, n.Type) {
				a.AgentTypeID = t.ID
			}
		}
		if a.AgentTypeID == 0 {
			return ErrUnknownType
		}
		if a, err = s.Store.AddAgent(ctx, a); err != nil {
			return err
		}
		for i := range lines {
			lines[i].AgentID, lines[i].CreatedBy, lines[i].CreatedOn = a.ID, who.Name(), now
		}
		if err := s.Store.AddInstructions(ctx, lines); err != nil {
			return err
		}
		tx.Publish(agents.AgentCreated{AgentID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID})
		list, err := s.complete(ctx, who, []Agent{a}, map[int64]projects.Standing{a.ProjectID: standing})
		if err == nil {
			full = list[0]
		}
		return err
	})
	return full, err
}

// maxInstruction is the length of one instruction, in characters.
const maxInstruction = 4000

func instructions(texts []string) ([]Instruction, error) {
	lines := make([]Instruction, len(texts))
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if n := utf8.RuneCountInString(text); n == 0 || n > maxInstruction {
			return nil, ErrInstruction.On(fmt.Sprintf("custom_instructions[%d]", i), fmt.Sprintf("has %d characters", n))
		}
		lines[i].Instruction = text
	}
	return lines, nil
}

// types answers an organization's types, which are made when first asked for.
func (s *Service) types(ctx context.Context, organizationID int64) ([]Type, error) {
	found, err := s.Store.Types(ctx, organizationID)
	if err != nil || len(found) > 0 {
		return found, err
	}
	seeds := make([]Type, len(seedTypes))
	for i, t := range seedTypes {
		t.OrganizationID, t.Audit = organizationID, audit.New(audit.System, s.Clock.Now())
		seeds[i] = t
	}
	if err := s.Store.SeedTypes(ctx, seeds); err != nil {
		return nil, err
	}
	return s.Store.Types(ctx, organizationID)
}

// complete adds types, instructions and decisions to agents, in a constant
// number of queries.
func (s *Service) complete(ctx context.Context, who actor.Actor, list []Agent, standings map[int64]projects.Standing) ([]Full, error) {
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
	out := make([]Full, len(list))
	for i, a := range list {
		out[i] = Full{Agent: a, Type: byID[a.AgentTypeID], Instructions: of[a.ID], Decision: decide(who, a, standings[a.ProjectID])}
	}
	return out, nil
}

// Get answers one agent that the caller sees.
func (s *Service) Get(ctx context.Context, who actor.Actor, id int64) (Full, error) {
	v, standings, err := s.visible(ctx, who)
	if err != nil {
		return Full{}, err
	}
	a, err := s.Store.Agent(ctx, v, id)
	if err != nil {
		return Full{}, err
	}
	list, err := s.complete(ctx, who, []Agent{a}, standings)
	if err != nil {
		return Full{}, err
	}
	return list[0], nil
}

// List answers the agents that the caller sees, ordered by id.
func (s *Service) List(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Full], error) {
	v, standings, err := s.visible(ctx, who)
	if err != nil {
		return page.Of[Full]{}, err
	}
	found, err := s.Store.AgentsPage(ctx, v, p)
	if err != nil {
		return page.Of[Full]{}, err
	}
	full, err := s.complete(ctx, who, found.Items, standings)
	return page.Of[Full]{Items: full, Count: found.Count, NextCursor: found.NextCursor, Request: found.Request}, err
}

// Run implements agents.Catalog.
func (s *Service) Run(ctx context.Context, who actor.Actor, agentID int64) (agents.Runnable, error) {
	f, err := s.Get(ctx, who, agentID)
	if err != nil {
		return agents.Runnable{}, err
	}
	if !f.Decision.Allowed.Run {
		return agents.Runnable{}, ErrNotLive
	}
	return s.asRunnable(ctx, f)
}

// View implements agents.Catalog.
func (s *Service) View(ctx context.Context, who actor.Actor, agentID int64) (agents.Runnable, error) {
	f, err := s.Get(ctx, who, agentID)
	if err != nil {
		return agents.Runnable{}, err
	}
	return s.asRunnable(ctx, f)
}

// Administers implements agents.Catalog.
func (s *Service) Administers(ctx context.Context, who actor.Actor, agentID int64) (bool, error) {
	v, standings, err := s.visible(ctx, who)
	if err != nil {
		return false, err
	}
	a, err := s.Store.Agent(ctx, v, agentID)
	if err != nil {
		return false, err
	}
	return decide(who, a, standings[a.ProjectID]).Allowed.Manage, nil
}

func (s *Service) asRunnable(ctx context.Context, f Full) (agents.Runnable, error) {
	teams, err := s.Projects.Teams(ctx, f.OrganizationID, []int64{f.ProjectID})
	return runnable(f, teams[f.ProjectID]), err
}
