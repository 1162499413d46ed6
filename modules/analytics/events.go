package analytics

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes.
func Events() []event.Event {
	return []event.Event{BudgetChanged{}, BudgetNearlyUsed{}, BudgetUsedUp{}}
}

// BudgetChanged tells that the token budget of an organization was set, changed
// or removed.
type BudgetChanged struct {
	OrganizationID int64 `json:"organization_id"`
	Tokens         int64 `json:"tokens"`          // in a calendar month of UTC; 0 when there is no budget any more
	WarnAtPercent  int64 `json:"warn_at_percent"` // of the tokens
	ChangedBy      int64 `json:"changed_by"`      // user id
}

// EventName implements event.Event.
func (BudgetChanged) EventName() string { return "analytics.budget_changed.v1" }

// AggregateKey implements event.Event.
func (e BudgetChanged) AggregateKey() string { return budgetKey(e.OrganizationID) }

// BudgetNearlyUsed tells, once a month, that the token budget is used up to the
// percentage at which the organization wants to be warned. After a change of
// the budget it is published again.
type BudgetNearlyUsed struct {
	OrganizationID int64  `json:"organization_id"`
	Period         string `json:"period"` // the month, such as 2026-11
	Tokens         int64  `json:"tokens"`
	WarnAtPercent  int64  `json:"warn_at_percent"`
	Used           int64  `json:"used"` // tokens, at this moment
}

// EventName implements event.Event.
func (BudgetNearlyUsed) EventName() string { return "analytics.budget_nearly_used.v1" }

// AggregateKey implements event.Event.
func (e BudgetNearlyUsed) AggregateKey() string { return budgetKey(e.OrganizationID) }

// BudgetUsedUp tells, once a month, that the token budget is used up. Questions
// are answered as before. After a change of the budget it is published again.
type BudgetUsedUp struct {
	OrganizationID int64  `json:"organization_id"`
	Period         string `json:"period"` // the month, such as 2026-11
	Tokens         int64  `json:"tokens"`
	Used           int64  `json:"used"` // tokens, at this moment
}

// EventName implements event.Event.
func (BudgetUsedUp) EventName() string { return "analytics.budget_used_up.v1" }

// AggregateKey implements event.Event.
func (e BudgetUsedUp) AggregateKey() string { return budgetKey(e.OrganizationID) }

func budgetKey(organizationID int64) string { return fmt.Sprintf("budget/%d", organizationID) }
