package core

import (
	"context"
	"fmt"

	"parley/platform/kernel/uow"
)

// Spent is that the token budget of an organization has reached a threshold.
type Spent struct {
	OrganizationID int64
	Period         string // the month, such as 2026-11
	Tokens, Used   int64
	WarnAtPercent  int64 // 0 when the budget is used up
}

// BudgetReached tells the active global admins of an organization that its token
// budget is nearly used, or used up.
func (s *Service) BudgetReached(ctx context.Context, tx uow.Tx, cause string, b Spent) error {
	link := "/api/analytics/budget"
	n := Notification{
		Kind: KindBudget, Cause: cause, Link: &link, Title: "The token budget is used up",
		Message: fmt.Sprintf("%d of the %d tokens for %s (UTC) are used. Questions are still answered.", b.Used, b.Tokens, b.Period),
	}
	if b.WarnAtPercent > 0 {
		n.Title = "The token budget is nearly used"
		n.Message = fmt.Sprintf("%d of the %d tokens for %s (UTC) are used, which is %d %% or more.", b.Used, b.Tokens, b.Period, b.WarnAtPercent)
	}
	return s.tellAdmins(ctx, tx, b.OrganizationID, 0, n)
}
