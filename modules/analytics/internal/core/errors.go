package core

import "parley/platform/kernel/apperr"

// The errors of this module. Their codes are a promise to clients.
var (
	ErrPeriod   = apperr.New(apperr.Unprocessable, "analytics.invalid_period", "The period is not one that figures can be given for.")
	ErrNotAdmin = apperr.New(apperr.Forbidden, "analytics.not_an_admin", "Figures are for global admins and for the admins of a team, a project or an agent.")
)
