// Package memstore keeps agents in memory, for tests.
package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	db           *memory.DB
	agents       *memory.Table[core.Agent]
	types        *memory.Table[core.Type]
	instructions *memory.Table[core.Instruction]
	versions     *memory.Table[core.Version]
	bookmarks    map[core.Kind]*memory.Table[core.Bookmark]
	runs         *memory.Table[run]
	reviews      *memory.Table[core.Review]
	ratings      *memory.Table[core.Rating]
	aliases      *memory.Table[core.Alias]
}

// New returns the store over db.
func New(db *memory.DB) *Store {
	return &Store{
		db:     db,
		agents: memory.NewTable(db, memory.Spec[core.Agent]{ID: func(a *core.Agent) *int64 { return &a.ID }, Missing: core.ErrNotFound}),
		types: memory.NewTable(db, memory.Spec[core.Type]{
			ID:      func(t *core.Type) *int64 { return &t.ID },
			Unique:  []func(core.Type) string{func(t core.Type) string { return fmt.Sprint(t.OrganizationID, strings.ToLower(t.Name)) }},
			Missing: core.ErrTypeNotFound, Taken: core.ErrTypeTaken,
		}),
		instructions: memory.NewTable(db, memory.Spec[core.Instruction]{ID: func(i *core.Instruction) *int64 { return &i.ID }, Missing: core.ErrNotFound}),
		bookmarks:    map[core.Kind]*memory.Table[core.Bookmark]{core.Recent: newBookmarks(db), core.Starred: newBookmarks(db)},
		versions:     newVersions(db),
		runs:         newRuns(db), reviews: newReviews(db), ratings: newRatings(db), aliases: newAliases(db),
	}
}

// sees leaves the team out: the condition has the projects of teams already.
func sees(v core.Visible, a core.Agent) bool { return v.Shows(a.Resource(0)) }

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
func (s *Store) AgentsPage(ctx context.Context, v core.Visible, projects []int64, p page.Request) (page.Of[core.Agent], error) {
	return s.agents.Page(ctx, p, false, core.ByID, func(a core.Agent) bool {
		return sees(v, a) && (projects == nil || slices.Contains(projects, a.ProjectID))
	})
}

// FirstAgents implements core.Store.
func (s *Store) FirstAgents(ctx context.Context, v core.Visible, projects []int64, perProject int) ([]core.Agent, error) {
	list, err := s.agents.List(ctx, func(a core.Agent) bool { return sees(v, a) && slices.Contains(projects, a.ProjectID) })
	slices.SortStableFunc(list, func(a, b core.Agent) int { return cmp.Compare(a.ProjectID, b.ProjectID) })
	of, out := map[int64]int{}, []core.Agent{}
	for _, a := range list {
		if of[a.ProjectID]++; of[a.ProjectID] <= perProject {
			out = append(out, core.Agent{
				ID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID, UserID: a.UserID, AgentName: a.AgentName, Domain: a.Domain, AgentImage: a.AgentImage,
				Access: a.Access, Status: a.Status, IsActive: a.IsActive, Audit: audit.Audit{CreatedBy: a.CreatedBy, CreatedOn: a.CreatedOn},
			})
		}
	}
	return out, err
}

// UpdateAgent implements core.Store.
func (s *Store) UpdateAgent(ctx context.Context, org, id int64, change func(*core.Agent) error) (core.Agent, error) {
	return s.agents.Update(ctx, change, func(a core.Agent) bool { return a.ID == id && a.OrganizationID == org && !a.IsDeleted })
}

// DeleteAgentsOf implements core.Store.
func (s *Store) DeleteAgentsOf(ctx context.Context, org, project int64, by string, at time.Time) ([]int64, error) {
	var ids []int64
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		list, err := s.agents.List(ctx, func(a core.Agent) bool { return a.OrganizationID == org && a.ProjectID == project && !a.IsDeleted })
		for _, a := range list {
			ids = append(ids, a.ID)
			if _, err := s.UpdateAgent(ctx, org, a.ID, func(a *core.Agent) error {
				a.IsDeleted = true
				a.Touch(by, at)
				return nil
			}); err != nil {
				return err
			}
		}
		return err
	})
	return ids, err
}

// PassAgents implements core.Store.
func (s *Store) PassAgents(ctx context.Context, org, from, to int64) (int64, error) {
	owned, err := s.agents.List(ctx, func(a core.Agent) bool { return a.OrganizationID == org && a.UserID == from })
	for _, o := range owned {
		if _, err := s.agents.Update(ctx, func(a *core.Agent) error { a.UserID = to; return nil }, func(a core.Agent) bool { return a.ID == o.ID }); err != nil {
			return 0, err
		}
	}
	return int64(len(owned)), err
}

// SeedTypes implements core.Store.
func (s *Store) SeedTypes(ctx context.Context, types []core.Type) error {
	for _, t := range types {
		if _, err := s.types.Add(ctx, t); err != nil && !errors.Is(err, core.ErrTypeTaken) {
			return err
		}
	}
	return nil
}

// Types implements core.Store.
func (s *Store) Types(ctx context.Context, org int64) ([]core.Type, error) {
	return s.types.List(ctx, func(t core.Type) bool { return t.OrganizationID == org })
}

// UpdateType implements core.Types.
func (s *Store) UpdateType(ctx context.Context, org, id int64, change func(*core.Type) error) (core.Type, error) {
	return s.types.Update(ctx, change, func(t core.Type) bool { return t.ID == id && t.OrganizationID == org })
}

// DeleteInstructions implements core.Instructions.
func (s *Store) DeleteInstructions(ctx context.Context, agent int64) error {
	there := func(i core.Instruction) bool { return i.AgentID == agent && !i.IsDeleted }
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		list, err := s.instructions.List(ctx, there)
		for range list {
			if _, err := s.instructions.Update(ctx, func(i *core.Instruction) error { i.IsDeleted = true; return nil }, there); err != nil {
				return err
			}
		}
		return err
	})
}

// AddInstructions implements core.Store.
func (s *Store) AddInstructions(ctx context.Context, list []core.Instruction) ([]core.Instruction, error) {
	return s.instructions.AddAll(ctx, list)
}

// Instructions implements core.Store.
func (s *Store) Instructions(ctx context.Context, agents []int64) ([]core.Instruction, error) {
	return s.instructions.List(ctx, func(i core.Instruction) bool { return !i.IsDeleted && slices.Contains(agents, i.AgentID) })
}
