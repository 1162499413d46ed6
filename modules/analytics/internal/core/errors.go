package core

import "parley/platform/kernel/apperr"

// The errors of this module. Their codes are a promise to clients.
var (
	ErrPeriod    = apperr.New(apperr.Unprocessable, "analytics.invalid_period", "The period is not valid.")
	ErrNoBudget  = apperr.New(apperr.NotFound, "analytics.no_budget", "The organization has no token budget; PUT sets one.")
	ErrNotGlobal = apperr.New(apperr.Forbidden, "analytics.not_global_admin", "Only global admins see and set the token budget of their organization.")
	ErrNotAdmin  = apperr.New(apperr.Forbidden, "analytics.not_an_admin", "Only global admins and the admins of a team, a project or an agent can view figures.")
)
