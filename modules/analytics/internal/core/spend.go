package core

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"parley/modules/analytics"
	"parley/platform/kernel/uow"
)

// knownBudgets are the budgets as the intake of this process knows them, so
// that facts of organizations without one cost nothing. They are read when they
// are needed for the first time, and forgotten when one changes.
type knownBudgets struct {
	mu      sync.Mutex
	read    bool
	changes int
	of      map[int64]Budget
}

// ForgetBudgets makes this process read the budgets anew. An event tells each
// process to do so when one changed.
func (s *Service) ForgetBudgets() {
	k := &s.budgets
	k.mu.Lock()
	defer k.mu.Unlock()
	k.read, k.of = false, nil
	k.changes++
}

func (s *Service) knownBudgets(ctx context.Context) (map[int64]Budget, error) {
	k := &s.budgets
	k.mu.Lock()
	read, of, changes := k.read, k.of, k.changes
	k.mu.Unlock()
	if read {
		return of, nil
	}
	all, err := s.store.AllBudgets(ctx)
	if err != nil {
		return nil, err
	}
	of = make(map[int64]Budget, len(all))
	for _, b := range all {
		of[b.OrganizationID] = b
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.changes == changes { // none changed meanwhile
		k.read, k.of = true, of
	}
	return of, nil
}

// Spent counts facts that were recorded in the unit of tx against the budgets of
// their organizations, and publishes that one is nearly used or used up. Without
// budgets it costs nothing; with one, a statement.
//
// What is counted is a hint, since a fact that is recorded twice would count
// twice: where it reaches a threshold, facts are counted, and decide.
func (s *Service) Spent(ctx context.Context, tx uow.Tx, facts []Fact) error {
	if len(facts) == 0 {
		return nil
	}
	of, err := s.knownBudgets(ctx)
	if err != nil || len(of) == 0 {
		return err
	}
	type part struct {
		org   int64
		month Month
	}
	used := map[part]int64{}
	for _, f := range facts {
		b, there := of[f.OrganizationID]
		if n, m := f.PromptTokens+f.CompletionTokens, MonthOf(f.OccurredOn); there && n > 0 && m >= b.Since {
			used[part{f.OrganizationID, m}] += n
		}
	}
	if len(used) == 0 {
		return nil
	}
	more := make([]Spending, 0, len(used))
	for p, n := range used {
		more = append(more, Spending{OrganizationID: p.org, Month: p.month, Used: n})
	}
	slices.SortFunc(more, func(a, b Spending) int { // so that nobody waits in a circle
		return cmp.Or(cmp.Compare(a.OrganizationID, b.OrganizationID), cmp.Compare(a.Month, b.Month))
	})
	counted, err := s.store.Spend(ctx, more)
	if err != nil {
		return err
	}
	for _, c := range counted {
		b := of[c.OrganizationID]
		if up, nearly := due(b, c); !up && !nearly {
			continue
		}
		if err := s.settle(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// BudgetSet counts from facts what an organization has used of a budget that was
// set or changed, and publishes at once what it has reached. It belongs to the
// consumer that records facts: what is recorded later is counted by Spent.
func (s *Service) BudgetSet(ctx context.Context, tx uow.Tx, organizationID int64) error {
	s.ForgetBudgets()
	counted, err := s.store.Spend(ctx, []Spending{{OrganizationID: organizationID, Month: MonthOf(s.clock.Now())}})
	if err != nil || len(counted) == 0 {
		return err
	}
	return s.settle(ctx, tx, counted[0])
}

// due is what has to be told of a budget.
func due(b Budget, c Spending) (up, nearly bool) {
	up = c.Used >= b.Tokens && !c.ToldUp
	return up, !up && c.Used >= b.warnAt() && !c.ToldNearly && !c.ToldUp
}

// settle counts what was used from facts, and tells what that has reached. Who
// has used a budget up at once is not told that it is nearly used. The budget is
// read anew, because this process may hear late that it changed; a process that changes
// it waits for the end of the unit that has counted.
func (s *Service) settle(ctx context.Context, tx uow.Tx, c Spending) error {
	b, err := s.store.Budget(ctx, c.OrganizationID)
	if errors.Is(err, ErrNoBudget) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Used, err = s.usedIn(ctx, c.OrganizationID, c.Month); err != nil {
		return err
	}
	up, nearly := due(b, c)
	c.ToldUp, c.ToldNearly = c.ToldUp || up, c.ToldNearly || up || nearly
	if err := s.store.SetSpending(ctx, c); err != nil {
		return err
	}
	switch {
	case up:
		tx.Publish(analytics.BudgetUsedUp{OrganizationID: b.OrganizationID, Period: c.Month.String(), Tokens: b.Tokens, Used: c.Used})
	case nearly:
		tx.Publish(
			analytics.BudgetNearlyUsed{OrganizationID: b.OrganizationID, Period: c.Month.String(), Tokens: b.Tokens, WarnAtPercent: b.WarnAtPercent, Used: c.Used},
		)
	}
	return nil
}
