// Package memstore keeps analytics in memory, for tests.
package memstore

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/tally"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	facts *memory.Table[core.Fact]
	items *memory.Table[core.Item]
	names *memory.Table[core.Name]

	budgets  *memory.Table[core.Budget]
	spending *memory.Table[core.Spending]
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		names: newNames(db), budgets: newBudgets(db), spending: newSpending(db),
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

// Ask implements core.Store.
func (s *Store) Ask(ctx context.Context, q core.Question) ([]core.Row, error) {
	facts, err := s.facts.List(ctx, func(f core.Fact) bool { return f.OrganizationID == q.OrganizationID })
	t := tally.New(q)
	t.Facts(facts)
	return t.Rows(), err
}

// Seal implements core.Store: there is nothing to pack.
func (s *Store) Seal(context.Context, int64, time.Time) error { return nil }

// Compare implements core.Books: there is nothing but facts.
func (s *Store) Compare(context.Context, int64, bool, func(core.Difference)) (int, error) {
	return 0, nil
}

// Organizations implements core.Books.
func (s *Store) Organizations(ctx context.Context) ([]int64, error) {
	facts, err := s.facts.List(ctx, func(core.Fact) bool { return true })
	var ids []int64
	for _, f := range facts {
		ids = append(ids, f.OrganizationID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// Quarters implements core.Books.
func (s *Store) Quarters(ctx context.Context, org int64, from, until time.Time) ([]core.Quarter, error) {
	facts, err := s.facts.List(ctx, func(f core.Fact) bool {
		return f.OrganizationID == org && !f.OccurredOn.Before(from) && f.OccurredOn.Before(until)
	})
	slices.SortStableFunc(facts, func(a, b core.Fact) int { return a.OccurredOn.Compare(b.OccurredOn) })
	var q tally.Quarters
	q.Add(facts)
	return q.Rows(), err
}

// Engagement implements core.Store.
func (s *Store) Engagement(ctx context.Context, q core.EngagementQuestion) ([]core.Engaged, error) {
	facts, err := s.facts.List(ctx, func(f core.Fact) bool { return f.OrganizationID == q.OrganizationID })
	e := tally.NewEngagement(q)
	e.Facts(core.Selection{Scope: q.Scope, Filter: q.Filter}, facts)
	return e.Days(), err
}

func inScope(s core.Scope, f core.Fact) bool {
	return f.OrganizationID == s.OrganizationID && tally.InScope(s, f.TeamID, f.ProjectID, f.AgentID)
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
