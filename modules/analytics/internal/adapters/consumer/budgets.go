package consumer

import (
	"context"

	"parley/modules/analytics"
	"parley/modules/analytics/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// budgetSet is for the consumer that records facts, so that what was recorded
// before a budget was set is counted then, and what comes later by the intake.
func budgetSet(s *core.Service) bus.Handler {
	return bus.On(func(ctx context.Context, tx uow.Tx, e analytics.BudgetChanged, _ event.Envelope) error {
		return s.BudgetSet(ctx, tx, e.OrganizationID)
	})
}

// budgets makes each process forget the budgets that it knows.
func budgets(s *core.Service) bus.Consumer {
	return bus.Consumer{Name: "analytics.budgets", PerProcess: true, Handlers: []bus.Handler{
		bus.On(func(context.Context, uow.Tx, analytics.BudgetChanged, event.Envelope) error {
			s.ForgetBudgets()
			return nil
		}),
	}}
}
