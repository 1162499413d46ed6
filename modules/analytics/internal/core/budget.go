package core

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/modules/analytics"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Month is a calendar month of UTC, counted from year 0.
type Month int64

// MonthOf is the month of a moment.
func MonthOf(t time.Time) Month {
	t = t.UTC()
	return Month(int64(t.Year())*12 + int64(t.Month()) - 1)
}

// Start is the first moment of the month.
func (m Month) Start() time.Time {
	return time.Date(int(m/12), time.Month(m%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// String is the month as it is told, such as 2026-11.
func (m Month) String() string { return m.Start().Format("2006-01") }

// Budget is how many tokens an organization means to use in a month. It refuses
// nothing: it is told of.
type Budget struct {
	ID             int64
	OrganizationID int64
	Tokens         int64
	WarnAtPercent  int64
	Since          Month // the first that it is for
	audit.Audit
}

// The limits of a budget, and when it is warned of unless it says.
const (
	MaxBudget   = 1_000_000_000_000_000
	DefaultWarn = 80
)

// warnAt is the number of tokens at which the organization is warned.
func (b Budget) warnAt() int64 { return (b.Tokens*b.WarnAtPercent + 99) / 100 }

// Spending is what was counted of a budget in a month, and what was told.
type Spending struct {
	ID             int64
	OrganizationID int64
	Month          Month
	Used           int64
	ToldNearly     bool
	ToldUp         bool
}

// Used is a budget and what is used of it in the current month.
type Used struct {
	Budget
	Month Month
	Used  int64
}

// Budgets keeps budgets and what is counted of them.
type Budgets interface {
	// Budget answers that of an organization; ErrNoBudget without one.
	Budget(ctx context.Context, organizationID int64) (Budget, error)
	// AllBudgets answers those of all organizations.
	AllBudgets(ctx context.Context) ([]Budget, error)
	// SetBudget stores one, in the place of the organization's, and forgets what
	// was told of months from that one on.
	SetBudget(ctx context.Context, b Budget) (Budget, error)
	// DeleteBudget removes it with what was counted, and answers it; ErrNoBudget
	// without one.
	DeleteBudget(ctx context.Context, organizationID int64) (Budget, error)
	// Spend adds what was used to what is counted, in one statement, where the
	// organization has a budget for the month, and answers what is counted then.
	// Others who would count there wait for the end of the unit of ctx.
	Spend(ctx context.Context, more []Spending) ([]Spending, error)
	// SetSpending puts one in the place of what was counted.
	SetSpending(ctx context.Context, s Spending) error
}

func authorizeBudget(who actor.Actor) error {
	if !who.IsGlobalAdmin() {
		return ErrNotGlobal
	}
	return nil
}

// Budget answers the budget of the actor's organization, with what is used of it.
func (s *Service) Budget(ctx context.Context, who actor.Actor) (Used, error) {
	if err := authorizeBudget(who); err != nil {
		return Used{}, err
	}
	b, err := s.store.Budget(ctx, who.OrganizationID)
	if err != nil {
		return Used{}, err
	}
	return s.usedOf(ctx, b)
}

func (s *Service) usedOf(ctx context.Context, b Budget) (Used, error) {
	month := MonthOf(s.clock.Now())
	used, err := s.usedIn(ctx, b.OrganizationID, month)
	return Used{Budget: b, Month: month, Used: used}, err
}

// usedIn is what an organization used in a month, by its facts.
func (s *Service) usedIn(ctx context.Context, org int64, m Month) (int64, error) {
	rows, err := s.store.Ask(ctx, Question{Selection: Selection{Scope: Scope{OrganizationID: org, All: true}, From: m.Start(), Until: (m + 1).Start()}})
	if err != nil {
		return 0, fmt.Errorf("counting what organization %d used in %s: %w", org, m, err)
	}
	var used int64
	for _, r := range rows {
		used += r.PromptTokens + r.CompletionTokens
	}
	return used, nil
}

// SetBudget sets the budget of the actor's organization, from the current month
// on, and answers it with what is used. Another one than there was is told of
// again; the same changes nothing.
func (s *Service) SetBudget(ctx context.Context, who actor.Actor, tokens, warnAtPercent int64) (Used, error) {
	if err := authorizeBudget(who); err != nil {
		return Used{}, err
	}
	now := s.clock.Now()
	var b Budget
	err := s.unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		b, err = s.store.Budget(ctx, who.OrganizationID)
		switch {
		case errors.Is(err, ErrNoBudget):
			b = Budget{OrganizationID: who.OrganizationID, Audit: audit.New(who.Name(), now)}
		case err != nil:
			return err
		case b.Tokens == tokens && b.WarnAtPercent == warnAtPercent:
			return nil
		default:
			b.Touch(who.Name(), now)
		}
		b.Tokens, b.WarnAtPercent, b.Since = tokens, warnAtPercent, MonthOf(now)
		if b, err = s.store.SetBudget(ctx, b); err != nil {
			return err
		}
		tx.Publish(analytics.BudgetChanged{OrganizationID: b.OrganizationID, Tokens: tokens, WarnAtPercent: warnAtPercent, ChangedBy: who.UserID})
		return nil
	})
	if err != nil {
		return Used{}, err
	}
	return s.usedOf(ctx, b)
}

// RemoveBudget removes the budget of the actor's organization and answers it as
// it was.
func (s *Service) RemoveBudget(ctx context.Context, who actor.Actor) (Used, error) {
	if err := authorizeBudget(who); err != nil {
		return Used{}, err
	}
	var b Budget
	err := s.unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		if b, err = s.store.DeleteBudget(ctx, who.OrganizationID); err == nil {
			tx.Publish(analytics.BudgetChanged{OrganizationID: who.OrganizationID, ChangedBy: who.UserID})
		}
		return err
	})
	if err != nil {
		return Used{}, err
	}
	return s.usedOf(ctx, b)
}
