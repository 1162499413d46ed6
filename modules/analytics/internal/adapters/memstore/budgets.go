package memstore

import (
	"context"

	"parley/modules/analytics/internal/core"
	"parley/platform/memory"
)

func newBudgets(db *memory.DB) *memory.Table[core.Budget] {
	return memory.NewTable(db, memory.Spec[core.Budget]{ID: func(b *core.Budget) *int64 { return &b.ID }, Missing: core.ErrNoBudget})
}

func newSpending(db *memory.DB) *memory.Table[core.Spending] {
	return memory.NewTable(db, memory.Spec[core.Spending]{ID: func(s *core.Spending) *int64 { return &s.ID }})
}

func budgetOf(org int64) func(core.Budget) bool {
	return func(b core.Budget) bool { return b.OrganizationID == org }
}

// Budget implements core.Budgets.
func (s *Store) Budget(ctx context.Context, org int64) (core.Budget, error) {
	return s.budgets.Get(ctx, budgetOf(org))
}

// AllBudgets implements core.Budgets.
func (s *Store) AllBudgets(ctx context.Context) ([]core.Budget, error) {
	return s.budgets.List(ctx, func(core.Budget) bool { return true })
}

// SetBudget implements core.Budgets.
func (s *Store) SetBudget(ctx context.Context, b core.Budget) (core.Budget, error) {
	rearm, err := s.spending.List(ctx, func(sp core.Spending) bool { return sp.OrganizationID == b.OrganizationID && sp.Month >= b.Since })
	for _, sp := range rearm {
		if err == nil {
			sp.ToldNearly, sp.ToldUp = false, false
			err = s.SetSpending(ctx, sp)
		}
	}
	if err != nil {
		return core.Budget{}, err
	}
	if n, err := s.budgets.Count(ctx, budgetOf(b.OrganizationID)); err != nil || n == 0 {
		b.ID = 0
		if err != nil {
			return core.Budget{}, err
		}
		return s.budgets.Add(ctx, b)
	}
	return s.budgets.Update(ctx, func(was *core.Budget) error {
		was.Tokens, was.WarnAtPercent, was.Since, was.ModifiedBy, was.ModifiedOn = b.Tokens, b.WarnAtPercent, b.Since, b.ModifiedBy, b.ModifiedOn
		return nil
	}, budgetOf(b.OrganizationID))
}

// DeleteBudget implements core.Budgets.
func (s *Store) DeleteBudget(ctx context.Context, org int64) (core.Budget, error) {
	gone, err := s.budgets.Delete(ctx, budgetOf(org))
	if err != nil {
		return core.Budget{}, err
	}
	if len(gone) == 0 {
		return core.Budget{}, core.ErrNoBudget
	}
	_, err = s.spending.Delete(ctx, func(sp core.Spending) bool { return sp.OrganizationID == org })
	return gone[0], err
}

func sameSpending(a core.Spending) func(core.Spending) bool {
	return func(b core.Spending) bool { return a.OrganizationID == b.OrganizationID && a.Month == b.Month }
}

// Spend implements core.Budgets.
func (s *Store) Spend(ctx context.Context, more []core.Spending) ([]core.Spending, error) {
	var out []core.Spending
	for _, m := range more {
		n, err := s.budgets.Count(ctx, func(b core.Budget) bool { return b.OrganizationID == m.OrganizationID && b.Since <= m.Month })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		there, err := s.spending.Count(ctx, sameSpending(m))
		if err == nil && there == 0 {
			m, err = s.spending.Add(ctx, core.Spending{OrganizationID: m.OrganizationID, Month: m.Month, Used: m.Used})
		} else if err == nil {
			m, err = s.spending.Update(ctx, func(was *core.Spending) error { was.Used += m.Used; return nil }, sameSpending(m))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// SetSpending implements core.Budgets.
func (s *Store) SetSpending(ctx context.Context, sp core.Spending) error {
	_, err := s.spending.Update(ctx, func(was *core.Spending) error {
		was.Used, was.ToldNearly, was.ToldUp = sp.Used, sp.ToldNearly, sp.ToldUp
		return nil
	}, sameSpending(sp))
	return err
}
