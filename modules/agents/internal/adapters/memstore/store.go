// Package memstore keeps agents in memory, for tests.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	db           *memory.DB
	agents       *memory.Table[core.Agent]
	types        *memory.Table[core.Type]
	instructions *memory.Table[core.Instruction]
	marks        map[core.Kind]*memory.Table[core.Mark]
}

var errTaken = errors.New("the organization has a type of this name")

// New returns the store over db.
func New(db *memory.DB) *Store {
	return &Store{
		db:     db,
		agents: memory.NewTable(db, memory.Spec[core.Agent]{ID: func(a *core.Agent) *int64 { return &a.ID }, Clone: clone, Missing: core.ErrNotFound}),
		types: memory.NewTable(db, memory.Spec[core.Type]{
			ID:      func(t *core.Type) *int64 { return &t.ID },
			Unique:  []func(core.Type) string{func(t core.Type) string { return fmt.Sprint(t.OrganizationID, strings.ToLower(t.Name)) }},
			Missing: core.ErrUnknownType, Taken: errTaken,
		}),
		instructions: memory.NewTable(db, memory.Spec[core.Instruction]{ID: func(i *core.Instruction) *int64 { return &i.ID }, Missing: core.ErrNotFound}),
		marks:        map[core.Kind]*memory.Table[core.Mark]{core.Recent: newMarks(db), core.Starred: newMarks(db)},
	}
}

func clone(a core.Agent) core.Agent {
	if a.ClonedFrom != nil {
		from := *a.ClonedFrom
		a.ClonedFrom = &from
	}
	return a
}

func sees(v core.Visible, a core.Agent) bool {
	if a.OrganizationID != v.OrganizationID || a.IsDeleted {
		return false
	}
	return v.All || a.UserID == v.UserID || a.Access == core.Public || slices.Contains(v.Granted, a.ID) ||
		slices.Contains(v.Administered, a.ProjectID) || (a.Access == core.OnlyTeam && slices.Contains(v.Joined, a.ProjectID))
}

// AddAgent implements core.Store.
func (s *Store) AddAgent(ctx context.Context, a core.Agent) (core.Agent, error) {
	return s.agents.Add(ctx, a)
}

// Agent implements core.Store.
func (s *Store) Agent(ctx context.Context, v core.Visible, id int64) (core.Agent, error) {
	return s.agents.Get(ctx, func(a core.Agent) bool { return a.ID == id && sees(v, a) })
}

// Agents implements core.Store.
func (s *Store) Agents(ctx context.Context, v core.Visible, ids []int64) ([]core.Agent, error) {
	return s.agents.List(ctx, func(a core.Agent) bool { return slices.Contains(ids, a.ID) && sees(v, a) })
}

// AgentsPage implements core.Store.
func (s *Store) AgentsPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[core.Agent], error) {
	return s.agents.Page(ctx, p, false, core.ByID, func(a core.Agent) bool { return sees(v, a) })
}

// PassAgents implements core.Store.
func (s *Store) PassAgents(ctx context.Context, org, from, to int64) error {
	owned, err := s.agents.List(ctx, func(a core.Agent) bool { return a.OrganizationID == org && a.UserID == from })
	for _, o := range owned {
		if _, err := s.agents.Update(ctx, func(a *core.Agent) error { a.UserID = to; return nil }, func(a core.Agent) bool { return a.ID == o.ID }); err != nil {
			return err
		}
	}
	return err
}

// SeedTypes implements core.Store.
func (s *Store) SeedTypes(ctx context.Context, types []core.Type) error {
	for _, t := range types {
		if _, err := s.types.Add(ctx, t); err != nil && !errors.Is(err, errTaken) {
			return err
		}
	}
	return nil
}

// Types implements core.Store.
func (s *Store) Types(ctx context.Context, org int64) ([]core.Type, error) {
	return s.types.List(ctx, func(t core.Type) bool { return t.OrganizationID == org })
}

// AddInstructions implements core.Store.
func (s *Store) AddInstructions(ctx context.Context, list []core.Instruction) error {
	_, err := s.instructions.AddAll(ctx, list)
	return err
}

// Instructions implements core.Store.
func (s *Store) Instructions(ctx context.Context, agents []int64) ([]core.Instruction, error) {
	return s.instructions.List(ctx, func(i core.Instruction) bool { return !i.IsDeleted && slices.Contains(agents, i.AgentID) })
}
