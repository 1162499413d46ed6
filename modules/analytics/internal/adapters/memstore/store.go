// Package memstore keeps analytics in memory, for tests.
package memstore

import (
	"context"
	"slices"
	"strconv"

	"parley/modules/analytics/internal/core"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	facts *memory.Table[core.Fact]
	items *memory.Table[core.Item]
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		facts: memory.NewTable(db, memory.Spec[core.Fact]{ID: func(f *core.Fact) *int64 { return &f.ID }}),
		items: memory.NewTable(db, memory.Spec[core.Item]{ID: func(i *core.Item) *int64 { return &i.ID }}),
	}
}

// AddFacts implements core.Store.
func (s *Store) AddFacts(ctx context.Context, facts []core.Fact) error {
	stored := map[string]bool{}
	if _, err := s.facts.List(ctx, func(f core.Fact) bool { stored[f.Origin] = true; return false }); err != nil {
		return err
	}
	for _, f := range facts {
		if stored[f.Origin] {
			continue
		}
		if _, err := s.facts.Add(ctx, f); err != nil {
			return err
		}
		stored[f.Origin] = true
	}
	return nil
}

// Totals implements core.Store.
func (s *Store) Totals(ctx context.Context, sel core.Selection) (core.Totals, error) {
	facts, err := s.facts.List(ctx, selected(sel))
	var t core.Totals
	asked := map[int64]bool{}
	for _, f := range facts {
		if f.QuerySource != core.Evaluation {
			t.Queries += f.Runs
			if f.Runs > 0 {
				asked[f.UserID] = true
			}
		}
		t.Threads += f.Threads
		t.Upvotes += f.Upvotes
		t.Downvotes += f.Downvotes
		t.TotalTokens += f.PromptTokens + f.CompletionTokens
		t.Cost = t.Cost.Plus(f.Cost)
	}
	t.ActiveUsers = int64(len(asked))
	return t, err
}

// Quarters implements core.Store.
func (s *Store) Quarters(ctx context.Context, sel core.Selection) ([]core.QuarterTokens, error) {
	facts, err := s.facts.List(ctx, selected(sel))
	sums := map[int64]core.Tokens{}
	for _, f := range facts {
		sum := sums[f.Quarter]
		sum.PromptTokens += f.PromptTokens
		sum.CompletionTokens += f.CompletionTokens
		sum.Cost = sum.Cost.Plus(f.Cost)
		sums[f.Quarter] = sum
	}
	var out []core.QuarterTokens
	for q, sum := range sums {
		out = append(out, core.QuarterTokens{Quarter: q, Tokens: sum})
	}
	return out, err
}

func selected(s core.Selection) func(core.Fact) bool {
	is := func(want, got int64) bool { return want == 0 || want == got }
	says := func(want, got string, f core.Fact) bool { return want == "" || want == got || f.Threads > 0 }
	return func(f core.Fact) bool {
		return inScope(s.Scope, f) && !f.OccurredOn.Before(s.From) && f.OccurredOn.Before(s.Until) &&
			is(s.AgentID, f.AgentID) && is(s.UserID, f.UserID) && is(s.TeamID, f.TeamID) && is(s.ProjectID, f.ProjectID) &&
			says(s.QuerySource, f.QuerySource, f) && says(s.Model, f.Model, f)
	}
}

func inScope(s core.Scope, f core.Fact) bool {
	return f.OrganizationID == s.OrganizationID &&
		(s.All || slices.Contains(s.Teams, f.TeamID) || slices.Contains(s.Projects, f.ProjectID) || slices.Contains(s.Agents, f.AgentID))
}

func same(org int64, k core.Kind, id int64) func(core.Item) bool {
	return func(i core.Item) bool { return i.OrganizationID == org && i.Kind == k && i.EntityID == id }
}

// AddItem implements core.Store.
func (s *Store) AddItem(ctx context.Context, i core.Item) error {
	n, err := s.items.Count(ctx, same(i.OrganizationID, i.Kind, i.EntityID))
	if err != nil || n > 0 {
		return err
	}
	_, err = s.items.Add(ctx, i)
	return err
}

// RemoveItem implements core.Store.
func (s *Store) RemoveItem(ctx context.Context, org int64, k core.Kind, id int64) error {
	_, err := s.items.Delete(ctx, same(org, k, id))
	return err
}

// CountItems implements core.Store.
func (s *Store) CountItems(ctx context.Context, scope core.Scope) (map[core.Kind]int64, error) {
	items, err := s.items.List(ctx, func(i core.Item) bool { return i.OrganizationID == scope.OrganizationID })
	if err != nil {
		return nil, err
	}
	facts, err := s.facts.List(ctx, func(f core.Fact) bool { return f.Runs > 0 && inScope(scope, f) })
	in := map[string]bool{}
	key := func(k core.Kind, id int64) string { return string(k) + strconv.FormatInt(id, 10) }
	for _, f := range facts {
		in[key(core.User, f.UserID)] = true
	}
	for _, i := range items {
		if i.Kind == core.Team && slices.Contains(scope.Teams, i.EntityID) ||
			i.Kind == core.Project && (slices.Contains(scope.Projects, i.EntityID) || slices.Contains(scope.Teams, i.TeamID)) {
			in[key(i.Kind, i.EntityID)] = true
		}
	}
	out := map[core.Kind]int64{}
	for _, i := range items {
		inProject := slices.Contains(scope.Projects, i.ProjectID) || in[key(core.Project, i.ProjectID)]
		if scope.All || in[key(i.Kind, i.EntityID)] || i.Kind == core.Agent && (slices.Contains(scope.Agents, i.EntityID) || inProject) {
			out[i.Kind]++
		}
	}
	return out, err
}
